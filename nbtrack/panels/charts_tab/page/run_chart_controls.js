// What is chosen above a chart of runs.

import { h } from "../../shared/page/dom.js";
import { columnGroups, ListChooser, nameOfColumn, withChosen } from "./chart_choosers.js";
import { labelledSelect } from "./chart_controls.js";
/** @import { Choice, ChoosingView } from "./chart_types.d.ts" */

/** @param {ChoosingView} view */
export function scatterControls(view) {
  const groups = columnGroups(view.state);
  /** @param {string} words @param {"x" | "y" | "colour"} key @param {readonly Choice[]} first */
  const select = (words, key, first) => {
    const value = view.chosen[key] ?? "";
    /** @param {string} next */
    const set = (next) => view.set({ [key]: next });
    const all = /** @type {const} */ ([["", first], ...withChosen(groups, value)]);
    return labelledSelect(words, all, value, set, `scatter ${key}`);
  };
  return [select("X", "x", []), select("Y", "y", []), select("Colour", "colour", [["", "by run"]])];
}

/** @param {ChoosingView} view */
export function parallelControls(view) {
  const chosen = () => view.chosen.axes ?? [];
  const menu = new ListChooser(`Axes ${chosen().length}`, {
    name: "Axes",
    all: () => columnGroups(view.state).flatMap(([, choices]) => choices.map(withKind)),
    chosen,
    onchange: (axes) => view.set({ axes }),
  });
  const words = chosen().map(nameOfColumn).join(" · ");
  return [menu.el, h("span", { class: "nbt-muted nbt-axes-words" }, words)];
}

/** @type {Record<string, string>} */
const KINDS = { params: "param", metrics: "metric" };

/** @param {Choice} choice @returns {Choice} */
function withKind([id, words]) {
  return [id, words, KINDS[id.split(".")[0]] ?? "run"];
}

/** @param {ChoosingView} view */
export function importanceControls(view) {
  const { metric = "" } = view.chosen;
  const groups = columnGroups(view.state, { params: false, duration: false });
  return labelledSelect(
    "Metric",
    withChosen(groups, metric),
    metric,
    (next) => view.set({ metric: next }),
    "importance metric",
  );
}
