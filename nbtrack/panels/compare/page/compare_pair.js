// The two runs of which one thing is looked at closely: the baseline, and one beside it.

import { h } from "../../shared/page/dom.js";
import { swatchOf } from "./compare_head.js";

/** @import { Comparison, RunHead } from "./messages.d.ts" */
/** @import { ColourOf, Pair, PairChoice } from "./compare_types.d.ts" */

/** Null where fewer than two of the runs have it. `owners` are those that do; `chosen` is the run
 *  that somebody wants beside the baseline.
 *  @param {Comparison} content @param {string[]} owners @param {string} chosen
 *  @returns {Pair | null} */
export function pairOf({ runs, baseline }, owners, chosen) {
  const having = runs.filter((run) => owners.includes(run.run_id));
  if (having.length < 2) return null;
  const before = having.find((run) => run === runs[baseline]) ?? having[0];
  const others = having.filter((run) => run !== before);
  const after = others.find((run) => run.run_id === chosen) ?? others[0];
  return { before, after, others };
}

/** "− baseline  + another", where the other can be chosen; `signs` stand before them.
 *  @param {Pair} pair @param {PairChoice} choice @param {[string, string]} [signs] */
export function pairHead({ before, after, others }, choice, signs = ["−", "+"]) {
  return h(
    "div",
    { class: "nbt-diff-head" },
    h("span", { class: "nbt-removed-sign" }, signs[0]),
    h("bdi", {}, before.label),
    choice.isBaseline(before) && h("span", { class: "nbt-muted" }, "baseline"),
    h("span", { class: "nbt-added-sign" }, signs[1]),
    afterName(after, others, choice),
  );
}

/** Over two pictures: what is seen on the left, and what on the right.
 *  @param {Pair} pair @param {PairChoice} choice @param {ColourOf} colourOf */
export function sidesHead({ before, after, others }, choice, colourOf) {
  return h(
    "div",
    { class: "nbt-swipe-head" },
    h("span", {}, swatchOf(before, colourOf(before.run_id)), h("bdi", {}, before.label)),
    h("span", {}, swatchOf(after, colourOf(after.run_id)), afterName(after, others, choice)),
  );
}

/** @param {RunHead} after @param {RunHead[]} others @param {PairChoice} choice */
function afterName(after, others, { key, name, choose }) {
  if (others.length === 1) return h("bdi", {}, after.label);
  const options = others.map((run) =>
    h("option", { value: run.run_id, selected: run === after }, run.label),
  );
  const named = { "aria-label": name, "data-key": key };
  return h(
    "select",
    { class: "nbt-field nbt-select", ...named, onchange: ({ target }) => choose(target.value) },
    options,
  );
}
