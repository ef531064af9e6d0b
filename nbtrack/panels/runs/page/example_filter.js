// A filter that somebody could type now: of a key that these runs have, near a value of theirs.

import { shortestWords } from "./completion.js";

/** @import { Keys, Page, TableColumn } from "./messages.d.ts" */

/** Null where no run has a metric or a param.
 *  @param {Keys} keys @param {Page} page */
export function exampleFilter(keys, { columns, rows = [] }) {
  for (const group of ["Metrics", "Params"]) {
    for (const [n, column] of columns.entries()) {
      const value = rows.map(({ cells }) => cells[n]).find((text) => text !== "–");
      if (column.group !== group || value === undefined) continue;
      const test = group === "Metrics" ? nearby(column, value) : `= ${inQuotes(value)}`;
      const word = shortestWords(keys).find(({ id }) => id === column.id)?.word;
      if (test && word) return { column: column.id, text: `${word} ${test}` };
    }
  }
  return null;
}

/** A round number that the value passes.
 *  @param {TableColumn} column @param {string} text */
function nearby({ better }, text) {
  const value = Number(text.replaceAll(",", ""));
  if (!Number.isFinite(value) || value === 0) return null;
  const unit = 10 ** Math.floor(Math.log10(Math.abs(value)));
  const isBelow = better === "lower";
  const steps = isBelow ? Math.ceil(value / unit) : Math.floor(value / unit);
  return `${isBelow ? "<" : ">"} ${Number((steps * unit).toPrecision(2))}`;
}

/** @param {string} text */
function inQuotes(text) {
  return /^[\w.+-]+$/.test(text) ? text : `"${text.replaceAll('"', "")}"`;
}
