// Parents and children among the rows of the table.

/** @import { RunRow, TableAsked } from "./messages.d.ts" */

export const PORTION = 100; // children that a click shows

/** With `count` children of one run below it; 0 folds them away.
 *  @param {TableAsked["unfolded"]} unfolded @param {string} runId @param {number} count */
export function withFold(unfolded, runId, count) {
  const { [runId]: _, ...others } = unfolded;
  return count > 0 ? { ...others, [runId]: count } : others;
}

/** After which row it has to be said that a parent has more children: by the id of that row, the
 *  parents, the innermost first.
 *  @param {readonly RunRow[]} rows @param {TableAsked["unfolded"]} unfolded */
export function parentsWithMore(rows, unfolded) {
  /** @type {Map<string, RunRow[]>} */
  const found = new Map();
  /** @type {RunRow[]} */
  let open = [];
  for (const [n, row] of rows.entries()) {
    open = [...open.filter(({ depth }) => depth < row.depth), row];
    const nextDepth = rows[n + 1]?.depth ?? 0;
    const ended = open.filter(({ depth }) => depth >= nextDepth);
    const cut = ended.filter(({ id, children }) => children > (unfolded[id] ?? children));
    if (cut.length) found.set(row.id, cut.reverse());
  }
  return found;
}

/** Ticked parents of whose children nothing was said yet.
 *  @param {readonly RunRow[]} rows @param {readonly string[]} ticked @param {Set<string>} asked */
export function parentsToOffer(rows, ticked, asked) {
  return rows.filter(({ id, children }) => children > 0 && ticked.includes(id) && !asked.has(id));
}
