// Numbers and times as the panels write them.

/** 1,204
 *  @param {number} count */
export function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} value */
export function shortNumber(value) {
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e10) return grouped(value);
  return size < 1e-4 || size >= 1e7 ? value.toExponential(3) : String(Number(value.toPrecision(4)));
}

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** @type {Array<[limit: number, unit: number, name: string]>} */
const AGES = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [1209600, 86400, "d"],
  [31557600, 604800, "w"],
];

/** As `format_age` writes it in Python.
 *  @param {number} seconds */
export function ageWords(seconds) {
  if (seconds < 5) return "just now";
  const [, unit, name] = AGES.find(([limit]) => seconds < limit) ?? [0, 31557600, "y"];
  return `${Math.floor(seconds / unit)} ${name} ago`;
}

/** What was thrown, in words.
 *  @param {unknown} error */
export function wordsOf(error) {
  return error instanceof Error ? error.message : String(error);
}
