// What stands above a chart of metrics: its name, which opens a menu, and the others that are on it.

import { h, redraw } from "../../shared/page/dom.js";
import { menuItem, Popup } from "../../shared/page/popup.js";
import { SearchedList } from "../../shared/page/searched_list.js";
import { dashSwatch } from "./line_swatch.js";
import { dropOnto } from "./title_drag.js";

/** @import { Beside, MetricChart } from "./messages.d.ts" */
/** @import { ChartActions } from "./chart_types.d.ts" */

const MOST_OFFERED = 100;

export class ChartHead {
  /** @param {string} key @param {ChartActions} actions */
  constructor(key, actions) {
    this.key = key;
    this.actions = actions;
    /** @type {Beside[]} */
    this.beside = [];
    this.search = new SearchedList({
      name: `Add a metric to ${key}`,
      placeholder: "add a metric…",
      key: `add to ${key}`,
      found: (typed) => this.offered(typed),
    });
    this.menu = new Popup(key, {
      name: `${key}: what to do with its chart`,
      key: `chart menu ${key}`,
      build: () => this.build(),
    });
    this.menu.button.title = `${key}: a menu. Dragged onto another chart, it is drawn there.`;
    this.menu.label.classList.add("nbt-card-title");
    this.chips = h("span", { class: "nbt-besides" });
    this.note = h("span", { class: "nbt-card-note nbt-muted" });
    this.el = h(
      "div",
      { class: "nbt-card-head" },
      this.menu.el,
      this.chips,
      this.note,
      this.remove(),
    );
    dropOnto(this.menu.button, (other) => actions.onAdd(other, this.keys()));
  }

  /** @param {MetricChart} chart */
  show({ note, beside }) {
    this.beside = beside;
    this.note.textContent = note;
    this.note.title = note;
    const hadFocus = this.chips.contains(document.activeElement);
    redraw(
      this.chips,
      beside.map((each) => this.chip(each)),
    );
    if (hadFocus && !this.chips.contains(document.activeElement)) this.menu.button.focus();
    this.menu.refresh();
  }

  keys() {
    return [this.key, ...this.others()];
  }

  others() {
    return this.beside.map(({ key }) => key);
  }

  /** @param {Beside} other */
  chip({ key, dash }) {
    const off = h(
      "button",
      {
        class: "nbt-quiet",
        type: "button",
        "aria-label": `Take ${key} off this chart`,
        title: `Take ${key} off this chart`,
        "data-key": `off ${this.key} ${key}`,
        onclick: () => this.actions.onTakeOff(this.key, [key]),
      },
      "×",
    );
    const name = h("bdi", { class: "nbt-beside-name" }, key);
    const swatch = dash.length ? dashSwatch(dash) : null;
    return h("span", { class: "nbt-beside", title: key, "data-beside": key }, swatch, name, off);
  }

  remove() {
    return h(
      "button",
      {
        class: "nbt-quiet nbt-card-remove",
        type: "button",
        "aria-label": `Remove the chart of ${this.key}`,
        title: "Remove this chart",
        "data-key": `remove ${this.key}`,
        onclick: () => this.actions.onRemove(this.key),
      },
      "×",
    );
  }

  // --- the menu

  build() {
    const { field, list } = this.search.build();
    list.classList.add("nbt-offered");
    return [field, list, h("div", { class: "nbt-menu-items" }, this.items())];
  }

  items() {
    const { key, actions } = this;
    const others = this.others();
    const words = others.length > 1 ? "Take all apart" : `Take ${others[0]} off`;
    return [
      others.length > 0 && this.item(words, "apart", () => actions.onTakeOff(key, others)),
      this.item("Move forward", "forward", () => actions.onMove(key, -1)),
      this.item("Move back", "back", () => actions.onMove(key, 1)),
      this.item("Remove this chart", "remove", () => actions.onRemove(key)),
    ];
  }

  /** @param {string} typed */
  offered(typed) {
    const own = this.keys();
    const found = this.actions
      .metrics()
      .filter((key) => !own.includes(key) && key.toLowerCase().includes(typed));
    if (found.length === 0) return h("div", { class: "nbt-muted nbt-choice" }, "no other metric");
    return found
      .slice(0, MOST_OFFERED)
      .map((key) => this.item(key, `add ${key}`, () => this.actions.onAdd(this.key, [key])));
  }

  /** @param {string} words @param {string} name @param {() => unknown} act */
  item(words, name, act) {
    const onclick = () => {
      this.menu.close();
      act();
    };
    return menuItem(words, onclick, { title: words, "data-key": `${this.key}: ${name}` });
  }
}
