// Numbers of one column with their points under each other.

const DECIMAL = /^[-−]?[\d,]*\d(?<tail>\.\d+)?$/;
const LONGEST = 7; // with the point: past it the column would be mostly empty

/** Of each cell, what it lacks behind the point of what the longest number has there.
 *  @param {readonly string[]} cells */
export function tailsMissing(cells) {
  const found = cells.map((text) => text.match(DECIMAL));
  const tails = found.map((match) => match?.groups?.tail ?? "");
  const longest = tails.reduce((most, tail) => (tail.length > most.length ? tail : most), "");
  if (longest.length > LONGEST) return cells.map(() => "");
  return tails.map((tail, n) => (found[n] ? zeros(longest.slice(tail.length)) : ""));
}

/** Digits are all as wide as that one.
 *  @param {string} tail */
function zeros(tail) {
  return tail.replace(/\d/g, "0");
}
