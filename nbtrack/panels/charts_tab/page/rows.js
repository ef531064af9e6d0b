// The rows that charts are drawn from.

/** @import { PackedRows } from "./messages.d.ts" */
/** @import { LineRow, Range, Row } from "./chart_types.d.ts" */

/** The other end of `packed` in charts/drawing.py.
 *  @param {PackedRows | Row[]} rows @returns {Row[]} */
export function unpackRows(rows) {
  if (Array.isArray(rows)) return rows;
  const names = Object.keys(rows.columns);
  const columns = names.map((name) => {
    const column = rows.columns[name];
    return Array.isArray(column) ? column : column.codes.map((code) => column.values[code]);
  });
  return Array.from({ length: rows.length }, (_, place) =>
    Object.fromEntries(names.map((name, n) => [name, columns[n][place]])),
  );
}

/** @param {Range | null | undefined} range */
export function isEmpty(range) {
  return !range || Object.keys(range).length === 0;
}

/** Runs with a row inside of `range`: by field two numbers, or the names of the categories.
 *  @param {Row[]} rows @param {Range} range @returns {string[]} */
export function idsWithin(rows, range) {
  const tests = Object.entries(range).map(([field, bounds]) => testOf(field, bounds));
  return [...new Set(rows.filter((row) => tests.every((test) => test(row))).map(({ id }) => id))];
}

/** @param {string} field @param {Range[string]} bounds
 *  @returns {(row: Row) => boolean} */
function testOf(field, bounds) {
  const [first, second] = bounds;
  if (bounds.length !== 2 || typeof first !== "number" || typeof second !== "number") {
    /** @type {Array<string | number>} */
    const names = bounds;
    return (row) => names.includes(row[field]);
  }
  const [low, high] = first <= second ? [first, second] : [second, first];
  return (row) => row[field] !== null && row[field] >= low && row[field] <= high;
}

/** Of a line chart, without the gaps in its lines.
 *  @param {Row[]} rows */
export function linesOf(rows) {
  /** @type {Map<string, LineRow[]>} */
  const lines = new Map();
  for (const row of /** @type {LineRow[]} */ (rows)) {
    if (row.y === null || row.y === undefined) continue;
    const line = lines.get(row.run);
    if (line) line.push(row);
    else lines.set(row.run, [row]);
  }
  return [...lines.values()];
}

/** The row nearest to `x` in a line, which goes by x; none behind the ends of the line.
 *  @param {LineRow[]} line @param {number} x @returns {LineRow | undefined} */
export function nearestRow(line, x) {
  let [low, high] = [0, line.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (line[middle].x <= x) low = middle;
    else high = middle;
  }
  const place = Math.abs(line[low].x - x) <= Math.abs(line[high].x - x) ? low : high;
  return Math.abs(line[place].x - x) <= stepOf(line) * 1.5 ? line[place] : undefined;
}

/** How far its rows are apart.
 *  @param {LineRow[]} line */
function stepOf(line) {
  const count = line.length;
  return count > 1 ? (line[count - 1].x - line[0].x) / (count - 1) : Infinity;
}
