// What follows when somebody ticks runs, or sorts the table.

/** @import { TableAsked, TableColumn } from "./messages.d.ts" */

/** The newest ticks stand last.
 *  @param {readonly string[]} ticked @param {readonly string[]} ids @param {boolean} isTicked */
export function withTicks(ticked, ids, isTicked) {
  const others = ticked.filter((id) => !ids.includes(id));
  return isTicked ? [...others, ...ids] : others;
}

/** A second click on a column turns it, `isAdded` keeps the other keys.
 *  @param {TableAsked["sort"]} sort @param {TableColumn} column
 *  @param {{ isAdded: boolean }} options
 *  @returns {TableAsked["sort"]} */
export function sortWith(sort, column, { isAdded }) {
  const isSorted = sort.some(([id]) => id === column.id);
  const isTurned = column.sorted !== null && (isSorted || sort.length === 0);
  const descending = isTurned ? !column.sorted?.descending : column.descendingFirst;
  /** @type {[string, boolean]} */
  const key = [column.id, descending];
  if (!isAdded) return [key];
  return isSorted ? sort.map((each) => (each[0] === column.id ? key : each)) : [...sort, key];
}
