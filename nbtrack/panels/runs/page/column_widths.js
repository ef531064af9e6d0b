// How wide the columns of the table are, and how many of them fit.

/** `isFixed`: it is never wider than it wants.
 *  @typedef {{ least: number, wanted: number, isFixed?: boolean }} Bounds */

export const TICK = 34;
const BESIDE = TICK + 150 + 66 + 80 + 74; // the ticks, a short name, status, age and duration
const USUAL = 92; // a metric or param with its header
export const NARROW = 84; // a metric or param of which all can be read

/** How many params and metrics are seen without scrolling; 0 where the width is not known.
 *  @param {number} width */
export function roomIn(width) {
  return width > 0 ? Math.max(1, Math.floor((width - BESIDE) / USUAL)) : 0;
}

/** One width for each: those that fit fill what is to be seen, whoever scrolls finds the others.
 *  @param {Bounds[]} columns @param {number} total */
export function fittedWidths(columns, total) {
  const room = total - TICK;
  const seen = columns.slice(0, fittingCount(columns, room));
  const hidden = columns.slice(seen.length);
  return [...filling(seen, room), ...hidden.map(({ wanted }) => wanted)];
}

/** @param {Bounds[]} columns @param {number} room */
function fittingCount(columns, room) {
  let left = room;
  const past = columns.findIndex(({ least }) => {
    left -= least;
    return left < 0;
  });
  return past < 0 ? columns.length : past;
}

/** Each gives way as far as it can, or those grow alike that may; the first has what is left over.
 *  @param {Bounds[]} columns @param {number} room */
function filling(columns, room) {
  const widths = shares(columns, room);
  return widths.map((width, n) => (n === 0 ? width + room - sum(widths) : width));
}

/** In whole pixels.
 *  @param {Bounds[]} columns @param {number} room */
function shares(columns, room) {
  const wanted = sum(columns.map((each) => each.wanted));
  const spare = room - wanted;
  if (spare >= 0) {
    const growth = spare / columns.filter(({ isFixed }) => !isFixed).length;
    return columns.map((each) => Math.floor(each.wanted + (each.isFixed ? 0 : growth)));
  }
  const give = sum(columns.map((each) => each.wanted - each.least));
  return columns.map(({ least, wanted: own }) =>
    Math.floor(own + (give && (spare * (own - least)) / give)),
  );
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Beginning and end of what is too long: runs are told apart by the ends of their names.
 *  @param {string} text @param {number} most @param {(text: string) => number} widthOf */
export function cutInTheMiddle(text, most, widthOf) {
  if (widthOf(text) <= most) return text;
  const letters = [...text];
  let [low, high] = [2, letters.length - 1]; // how many are left
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widthOf(endsOf(letters, middle)) <= most) low = middle;
    else high = middle - 1;
  }
  return endsOf(letters, low);
}

/** @param {string[]} letters @param {number} count */
function endsOf(letters, count) {
  const head = Math.ceil(count / 2);
  return `${letters.slice(0, head).join("")}…${letters.slice(letters.length - (count - head)).join("")}`;
}
