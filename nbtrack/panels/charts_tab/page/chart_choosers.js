// Which metrics, and which columns, the charts are about.

import { append, h, redraw } from "../../shared/page/dom.js";
import { grouped } from "../../shared/page/formats.js";
import { choice, popup } from "../../shared/page/popup.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { Child } from "../../shared/page/dom_types.d.ts" */
/** @import { Choice, ChoiceGroup } from "./chart_types.d.ts" */

const MOST_CHOICES = 200; // in a list; the rest is found by typing

/** A list of boxes with a field to find them. `all()` gives [[value, words, hint]], `chosen()` the
 *  values that are ticked, `onchange(values)` gets them in the order of the ticks.
 *  @param {string} words
 *  @param {{ name: string, all: () => Choice[], chosen: () => string[], onchange: (values: string[]) => unknown, extra?: () => Child }} options */
export function listChooser(words, { name, all, chosen, onchange, extra = () => null }) {
  let search = "";
  const menu = popup(words, { name, key: `choose ${name}`, build });
  return menu;

  function build() {
    const list = h("div", {}, boxes());
    const field = h("input", {
      class: "nbt-field nbt-search",
      type: "search",
      placeholder: "find",
      "aria-label": `Find in ${name}`,
      "data-key": `find ${name}`,
      value: search,
      oninput: () => {
        search = field.value;
        redraw(list, boxes());
      },
    });
    return [field, extra(), list];
  }

  function boxes() {
    const typed = search.trim().toLowerCase();
    const found = all().filter(([, text]) => text.toLowerCase().includes(typed));
    const rest = found.length - MOST_CHOICES;
    return [
      found.slice(0, MOST_CHOICES).map(box),
      found.length === 0 && h("div", { class: "nbt-muted nbt-choice" }, "none found"),
      rest > 0 &&
        h("div", { class: "nbt-muted nbt-choice" }, `${grouped(rest)} more: type to find them`),
    ];
  }

  /** @param {Choice} choice */
  function box([value, text, hint]) {
    const label = choice(text, {
      checked: chosen().includes(value),
      key: `choice ${name} ${value}`,
      onchange: (event) => {
        const others = chosen().filter((each) => each !== value);
        onchange(event.target.checked ? [...others, value] : others);
      },
    });
    if (hint) append(label, [h("span", { class: "nbt-muted nbt-choice-hint" }, hint)]);
    return label;
  }
}

/** Params and metrics of the view as options; those that tell runs apart come first.
 *  @param {RunsState} state @param {{ params?: boolean, duration?: boolean }} [which]
 *  @returns {ChoiceGroup[]} */
export function columnGroups(state, { params = true, duration = true } = {}) {
  /** @param {"params" | "metrics"} kind @returns {Choice[]} */
  const options = (kind) =>
    [...state.keys[kind]]
      .sort((a, b) => Number(b.differs) - Number(a.differs))
      .map(({ key, differs }) => [`${kind}.${key}`, differs ? key : `${key} (all alike)`]);
  return [
    ["Metrics", options("metrics")],
    ["Params", params ? options("params") : []],
    ["Run", duration ? [["duration", "duration"]] : []],
  ];
}

/** The groups, with `chosen` in them even if the view has it no more.
 *  @param {ChoiceGroup[]} groups @param {string} chosen @returns {ChoiceGroup[]} */
export function withChosen(groups, chosen) {
  const isKnown = groups.some(([, options]) => options.some(([value]) => value === chosen));
  return !chosen || isKnown ? groups : [["", [[chosen, nameOfColumn(chosen)]]], ...groups];
}

/** params.lr is shown as lr.
 *  @param {string} column */
export function nameOfColumn(column) {
  const dot = column.indexOf(".");
  return dot < 0 ? column : column.slice(dot + 1);
}
