// The points of a live chart, thinned as they come.

/** @import { Row } from "../../charts_tab/page/chart_types.d.ts" */
/** @import { Spoken } from "../../shared/page/questions.d.ts" */
/** @import { LivePart } from "./messages.d.ts" */

/** One point, or neighbours that became one.
 *  @typedef {{ x: number, low: number | null, high: number | null, last: Spoken }} Place */

const MOST_PLACES = 600; // then two neighbours become one, as in series.py

/** What was there, and what is new.
 *  @param {Place[]} before @param {Omit<LivePart, "run" | "key" | "axis">} part @returns {Place[]} */
export function withPart(before, part) {
  const { x, low, high, last } = part;
  const news = x.map((each, n) => ({ x: each, low: low[n], high: high[n], last: last[n] }));
  const places = part.whole ? news : [...before, ...news];
  return places.length > MOST_PLACES ? halved(places) : places;
}

/** @param {Place[]} places */
function halved(places) {
  const firsts = places.filter((_, n) => n % 2 === 0);
  return firsts.map((first, n) => {
    const second = places[2 * n + 1] ?? first;
    const low = either(Math.min, first.low, second.low);
    return { ...second, low, high: either(Math.max, first.high, second.high) };
  });
}

/** @param {(a: number, b: number) => number} choose @param {number | null} a
 *  @param {number | null} b */
function either(choose, a, b) {
  if (a === null) return b;
  return b === null ? a : choose(a, b);
}

/** Of one run, as the spec of the chart reads them.
 *  @param {{ id: string, label: string }} run @param {Place[]} places @returns {Row[]} */
export function rowsOf({ id, label }, places) {
  return places.map(({ x, low, high, last }, n) => {
    const y = typeof last === "number" ? last : null;
    const band = low === high ? { low: y, high: y } : { low, high };
    return { id, run: label, x, y, raw: y, ...band, end: n === places.length - 1 ? 1 : 0 };
  });
}
