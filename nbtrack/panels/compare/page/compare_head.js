// The heads of a comparison: one run over each column.

import { h } from "../../shared/page/dom.js";
import { statusDot } from "../../shared/page/status_dot.js";
/** @import { Comparison, RunHead } from "./messages.d.ts" */
/** @import { ColourOf } from "./compare_types.d.ts" */

/** `makeBaseline(runId)` is called by a head's button; `colourOf(runId)` may be null.
 *  @param {Comparison} content
 *  @param {{ colourOf: ColourOf, makeBaseline: (runId: string) => void }} options */
export function compareHeads(content, { colourOf, makeBaseline }) {
  /** @param {RunHead} run @param {number} n */
  const head = (run, n) => {
    const isBaseline = n === content.baseline;
    return compareHead(run, { isBaseline, colour: colourOf(run.run_id), makeBaseline });
  };
  return h("tr", {}, h("td", { class: "nbt-compare-key" }), content.runs.map(head));
}

/** @param {RunHead} run
 *  @param {{
 *    isBaseline: boolean,
 *    colour: string | null,
 *    makeBaseline: (runId: string) => void,
 *  }} options */
function compareHead(run, { isBaseline, colour, makeBaseline }) {
  return h(
    "th",
    {
      scope: "col",
      class: "nbt-compare-head",
      "data-run-id": run.run_id,
      "data-baseline": isBaseline,
    },
    h(
      "div",
      { class: "nbt-compare-name" },
      swatchOf(run, colour),
      h("bdi", { title: run.label }, run.label),
    ),
    h("div", { class: "nbt-compare-facts" }, headStatus(run)),
    h(
      "div",
      { class: "nbt-compare-facts nbt-muted", title: `run ${run.run_id}` },
      `${run.age} · ${run.duration}`,
    ),
    run.experiment &&
      h("div", { class: "nbt-compare-facts nbt-muted", title: run.experiment }, run.experiment),
    isBaseline
      ? h("span", { class: "nbt-badge nbt-badge-strong" }, "baseline")
      : baselineButton(run, makeBaseline),
  );
}

/** As in the table of runs; a ring where the colours have come round.
 *  @param {RunHead} run @param {string | null} colour */
export function swatchOf(run, colour) {
  const shown = colour || run.colour;
  /** @type {Record<string, string>} */
  const style =
    !colour && run.is_hollow ? { "box-shadow": `inset 0 0 0 2px ${shown}` } : { background: shown };
  return h("span", { class: "nbt-swatch nbt-compare-swatch", style, "aria-hidden": "true" });
}

/** @param {RunHead} run */
function headStatus(run) {
  return [
    h("span", {}, statusDot(run.status), run.status),
    run.is_deleted && h("span", { class: "nbt-badge" }, "deleted"),
  ];
}

/** @param {RunHead} run @param {(runId: string) => void} makeBaseline */
function baselineButton(run, makeBaseline) {
  return h(
    "button",
    {
      class: "nbt-quiet nbt-make-baseline",
      type: "button",
      "aria-label": `make baseline: ${run.label}`,
      title: "See the others from this run",
      "data-key": `make baseline ${run.run_id}`,
      onclick: () => makeBaseline(run.run_id),
    },
    "make baseline",
  );
}
