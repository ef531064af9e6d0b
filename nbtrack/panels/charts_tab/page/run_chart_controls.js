// What is chosen above a chart of runs: made once, and drawn whenever something else is chosen.

import { h, redraw } from "../../shared/page/dom.js";
import { columnGroups, ListChooser, nameOfColumn, withChosen } from "./chart_choosers.js";
import { labelledSelect } from "./chart_controls.js";
/** @import { Child } from "../../shared/page/dom_types.d.ts" */
/** @import { Choice, ChoosingView, RunChartControls } from "./chart_types.d.ts" */

/** @param {ChoosingView} view */
export function scatterControls(view) {
  /** @param {string} words @param {"x" | "y" | "colour"} key @param {readonly Choice[]} first */
  const select = (words, key, first) => {
    const value = view.chosen[key] ?? "";
    /** @param {string} next */
    const set = (next) => view.set({ [key]: next });
    const groups = columnGroups(view.state);
    const all = /** @type {const} */ ([["", first], ...withChosen(groups, value)]);
    return labelledSelect(words, all, value, set, `scatter ${key}`);
  };
  const byRun = /** @type {const} */ ([["", "by run"]]);
  return drawnAnew(() => [
    select("X", "x", []),
    select("Y", "y", []),
    select("Colour", "colour", byRun),
  ]);
}

/** The menu stays open while one axis after the other is chosen.
 *  @param {ChoosingView} view @returns {RunChartControls} */
export function parallelControls(view) {
  const chosen = () => view.chosen.axes ?? [];
  const { menu } = new ListChooser("Axes", {
    name: "Axes",
    all: () => columnGroups(view.state).flatMap(([, choices]) => choices.map(withKind)),
    chosen,
    onchange: (axes) => view.set({ axes }),
  });
  const words = h("span", { class: "nbt-muted nbt-axes-words" });
  const draw = () => {
    menu.say(`Axes ${chosen().length}`);
    menu.refresh();
    words.textContent = chosen().map(nameOfColumn).join(" · ");
  };
  return { el: h("span", { class: "nbt-run-controls" }, menu.el, words), draw };
}

/** @type {Record<string, string>} */
const KINDS = { params: "param", metrics: "metric" };

/** @param {Choice} choice @returns {Choice} */
function withKind([id, words]) {
  return [id, words, KINDS[id.split(".")[0]] ?? "run"];
}

/** @param {ChoosingView} view */
export function importanceControls(view) {
  return drawnAnew(() => {
    const { metric = "" } = view.chosen;
    const groups = columnGroups(view.state, { params: false, duration: false });
    return labelledSelect(
      "Metric",
      withChosen(groups, metric),
      metric,
      (next) => view.set({ metric: next }),
      "importance metric",
    );
  });
}

/** @param {() => Child} make @returns {RunChartControls} */
function drawnAnew(make) {
  const el = h("span", { class: "nbt-run-controls" });
  return { el, draw: () => redraw(el, make()) };
}
