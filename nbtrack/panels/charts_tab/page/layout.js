// Which metrics share a chart, and in which order the charts stand: each change gives what is to
// be another in the layout. `groups` are the charts that are shown, the metric first that has each.

/** @import { Layout } from "./messages.d.ts" */

/** @type {Layout} */
export const USUAL = { x: "step", log: false, smoothing: 0, shown: null, together: [] };

const LEAST_WIDTH = 320; // pixels of a chart

/** @typedef {Pick<Layout, "shown" | "together">} Arranged */

/** @param {Layout} layout */
export function isUsual(layout) {
  return JSON.stringify({ ...USUAL, ...layout }) === JSON.stringify(USUAL);
}

/** How many charts side by side: no more than have room, and no line nearly empty.
 *  @param {number} charts @param {number} width in pixels */
export function balancedColumns(charts, width) {
  const most = Math.max(1, Math.floor(width / LEAST_WIDTH));
  const lines = Math.max(1, Math.ceil(charts / most));
  return Math.max(1, Math.ceil(charts / lines));
}

/** With `keys` on the chart of `head`, whatever chart they were on.
 *  @param {Layout} layout @param {string[][]} groups @param {string} head @param {string[]} keys
 *  @returns {Arranged} */
export function withMetrics(layout, groups, head, keys) {
  const own = groups.find(([first]) => first === head) ?? [head];
  const added = keys.filter((key) => !own.includes(key));
  const left = groups
    .filter((group) => group !== own && group.some((key) => added.includes(key)))
    .map((group) => ({ group, rest: without(group, added) }));
  const rests = left.map(({ rest }) => rest).filter((rest) => rest.length > 0);
  const renamed = new Map(left.map(({ group, rest }) => [group[0], rest[0]]));
  return {
    together: arranged(layout, [[...own, ...added], ...rests]),
    shown:
      layout.shown?.map((key) => (renamed.has(key) ? renamed.get(key) : key)).filter(isKey) ?? null,
  };
}

/** With `keys` on charts of their own, beside that of `head`.
 *  @param {Layout} layout @param {string[][]} groups @param {string} head @param {string[]} keys
 *  @returns {Arranged} */
export function takenOff(layout, groups, head, keys) {
  const own = groups.find(([first]) => first === head) ?? [head];
  return {
    together: arranged(layout, [without(own, keys), ...keys.map((key) => [key])]),
    shown: layout.shown?.flatMap((key) => (key === head ? [head, ...keys] : [key])) ?? null,
  };
}

/** With the chart of `head` so many places further on; those who stand still need not be told.
 *  @param {string[][]} groups @param {string} head @param {number} by @returns {Pick<Layout, "shown">} */
export function moved(groups, head, by) {
  const heads = groups.map(([first]) => first);
  const at = heads.indexOf(head);
  const to = Math.max(0, Math.min(at + by, heads.length - 1));
  return { shown: heads.toSpliced(at, 1).toSpliced(to, 0, head) };
}

/** What was together before, without the metrics that are told anew.
 *  @param {Layout} layout @param {string[][]} groups */
function arranged({ together }, groups) {
  const told = groups.flat();
  const before = together.map((group) => without(group, told)).filter((group) => group.length > 0);
  return [...before, ...groups];
}

/** @param {string[]} all @param {string[]} some */
function without(all, some) {
  return all.filter((each) => !some.includes(each));
}

/** @param {string | undefined} key @returns {key is string} */
function isKey(key) {
  return key !== undefined;
}
