// Where a key leads in a grid: the grid pattern of the ARIA Authoring Practices Guide.

/** @typedef {{ row: number, column: number }} Place */

const LEAP = 10; // rows

/** @type {Record<string, [rows: number, columns: number]>} */
const STEPS = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  PageDown: [LEAP, 0],
  PageUp: [-LEAP, 0],
};

/** `widths` are how many cells each row has; null for a key that leads nowhere.
 *  @param {Place} from @param {{ key: string, ctrlKey?: boolean, metaKey?: boolean }} pressed
 *  @param {readonly number[]} widths @returns {Place | null} */
export function placeAfter(from, { key, ctrlKey = false, metaKey = false }, widths) {
  const isFar = ctrlKey || metaKey;
  if (key === "Home") return within({ row: isFar ? 0 : from.row, column: 0 }, widths);
  if (key === "End") {
    const row = isFar ? widths.length - 1 : from.row;
    return within({ row, column: Number.POSITIVE_INFINITY }, widths);
  }
  const step = isFar ? undefined : STEPS[key];
  return step ? within({ row: from.row + step[0], column: from.column + step[1] }, widths) : null;
}

/** @param {Place} place @param {readonly number[]} widths */
function within({ row, column }, widths) {
  const inside = Math.max(0, Math.min(row, widths.length - 1));
  return { row: inside, column: Math.max(0, Math.min(column, widths[inside] - 1)) };
}
