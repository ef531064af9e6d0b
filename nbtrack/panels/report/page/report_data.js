// The runs of a report, as they stand in its page.

/** @import { Column, ReportRuns, WrittenColumn, WrittenRuns } from "./report_types.d.ts" */

/** @param {string} text @returns {ReportRuns} */
export function runsIn(text) {
  const told = /** @type {WrittenRuns} */ (JSON.parse(text));
  return {
    ids: told.ids,
    names: columnOf(told.names),
    statuses: columnOf(told.statuses).map(String),
    users: columnOf(told.users),
    seconds: told.seconds,
    started: told.started,
    errors: columnOf(told.errors),
    experiments: columnOf(told.experiments),
    metrics: new Map(told.metrics.map(([key, values]) => [key, values.map(spoken)])),
    params: new Map(told.params.map(([key, values]) => [key, columnOf(values)])),
    tags: new Map(told.tags.map(([key, values]) => [key, columnOf(values)])),
  };
}

/** @param {WrittenColumn} written */
function columnOf(written) {
  return Array.isArray(written) ? written : written.at.map((place) => written.all[place]);
}

/** JSON has no other numbers than the finite ones.
 *  @param {number | string | null} value */
function spoken(value) {
  return value === null ? null : Number(value);
}

/** Places of the runs in the order of a column: what is missing comes last, whichever way.
 *  @param {Column<number | string>} values @param {{ isDown: boolean }} order */
export function placesBy(values, { isDown }) {
  const known = values.map((value, place) => ({ place, value: sortable(value) }));
  known.sort((a, b) => {
    if (a.value === null || b.value === null)
      return Number(a.value === null) - Number(b.value === null);
    return isDown ? compared(b.value, a.value) : compared(a.value, b.value);
  });
  return known.map(({ place }) => place);
}

/** Text that is a number is one.
 *  @param {number | string | null} value */
function sortable(value) {
  if (value === null || value === "" || Number.isNaN(value)) return null;
  if (typeof value === "number") return value;
  const number = Number(value.replace(/^([+-]?)inf$/i, "$1Infinity"));
  return value.trim() === "" || Number.isNaN(number) ? value : number;
}

/** @param {number | string} a @param {number | string} b */
function compared(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b || 0;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
