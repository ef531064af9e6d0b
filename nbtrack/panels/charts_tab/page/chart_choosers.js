// Which metrics, and which columns, the charts are about.

import { append, h } from "../../shared/page/dom.js";
import { grouped } from "../../shared/page/formats.js";
import { choice, Popup } from "../../shared/page/popup.js";
import { SearchedList } from "../../shared/page/searched_list.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { Child } from "../../shared/page/dom_types.d.ts" */
/** @import { Choice, ChoiceGroup } from "./chart_types.d.ts" */

const MOST_CHOICES = 200; // in a list; the rest is found by typing

/** What is chosen from, in a list with a field to find it.
 *  @typedef {{
 *    name: string,
 *    all: () => Choice[],
 *    chosen: () => string[],
 *    onchange: (values: string[]) => unknown,
 *    extra?: () => Child,
 *  }} Choosing */

export class ListChooser {
  /** `chosen()` gives the values that are ticked, `onchange(values)` gets them in the order of the
   *  ticks; `extra()` stands above the list.
   *  @param {string} words @param {Choosing} choosing */
  constructor(words, choosing) {
    const { name } = choosing;
    this.choosing = choosing;
    this.search = new SearchedList({
      name: `Find in ${name}`,
      placeholder: "find",
      key: `find ${name}`,
      found: (typed) => this.boxes(typed),
    });
    const build = () => this.build();
    this.menu = new Popup(words, { name, key: `choose ${name}`, build });
    this.el = this.menu.el;
  }

  build() {
    const { field, list } = this.search.build();
    return [field, this.choosing.extra?.(), list];
  }

  /** @param {string} typed */
  boxes(typed) {
    const all = this.choosing.all();
    const found = all.filter(([, text]) => text.toLowerCase().includes(typed));
    const rest = found.length - MOST_CHOICES;
    const look = { class: "nbt-muted nbt-choice" };
    return [
      found.slice(0, MOST_CHOICES).map((each) => this.box(each)),
      found.length === 0 && h("div", look, "none found"),
      rest > 0 && h("div", look, `${grouped(rest)} more: type to find them`),
    ];
  }

  /** @param {Choice} choice */
  box([value, text, hint]) {
    const { name, chosen, onchange } = this.choosing;
    const label = choice(text, {
      checked: chosen().includes(value),
      key: `choice ${name} ${value}`,
      onchange: ({ target }) => {
        const others = chosen().filter((each) => each !== value);
        onchange(target.checked ? [...others, value] : others);
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
