// All that a report knows of one run.

import { h } from "../../shared/page/dom.js";
import { shortNumber } from "../../shared/page/formats.js";

/** @import { Column, ReportRuns } from "./report_types.d.ts" */

const NOTE = "mlflow.note.content";

/** @param {ReportRuns} runs @param {number} place */
export function detailsOf(runs, place) {
  const note = runs.tags.get(NOTE)?.[place];
  const error = runs.errors[place];
  const tags = valuesOf(runs.tags, place).filter(([key]) => key !== NOTE);
  return h(
    "div",
    { class: "details" },
    error && h("p", { class: "s-failed" }, error),
    note && h("p", { class: "note" }, note),
    list("Metrics", valuesOf(runs.metrics, place).map(shortened)),
    list("Params", valuesOf(runs.params, place)),
    list("Tags", tags),
    h("p", { class: "quiet" }, "run ", h("code", {}, runs.ids[place])),
  );
}

/** @template T @param {Map<string, Column<T>>} columns @param {number} place
 *  @returns {Array<[string, T]>} */
function valuesOf(columns, place) {
  /** @type {Array<[string, T]>} */
  const found = [];
  for (const [key, column] of columns) {
    const value = column[place];
    if (value !== null) found.push([key, value]);
  }
  return found;
}

/** @param {[string, number]} value @returns {[string, string]} */
function shortened([key, value]) {
  return [key, Number.isFinite(value) ? shortNumber(value) : String(value)];
}

/** @param {string} title @param {Array<[string, string]>} values */
function list(title, values) {
  if (values.length === 0) return null;
  const lines = values.map(([key, text]) => h("div", {}, h("dt", {}, key), h("dd", {}, text)));
  return h("section", {}, h("h3", {}, title), h("dl", {}, lines));
}
