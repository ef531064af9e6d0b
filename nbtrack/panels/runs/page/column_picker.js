// Which columns the table has.

import { h } from "../../shared/page/dom.js";
import { grouped } from "../../shared/page/formats.js";
import { choice, Popup } from "../../shared/page/popup.js";
import { SearchedList } from "../../shared/page/searched_list.js";

/** @import { RunsState } from "./runs_state.js" */

/** @typedef {[id: string, label: string]} Named */

/** @type {Named[]} */
const RUN_COLUMNS = [
  ["run_name", "name"],
  ["status", "status"],
  ["start_time", "started"],
  ["duration", "duration"],
  ["experiment_id", "experiment"],
  ["end_time", "ended"],
  ["user_id", "user"],
  ["run_id", "id"],
];
const MOST_LISTED = 300;

export class ColumnPicker {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    this.search = new SearchedList({
      name: "Find a column",
      placeholder: "find a column",
      key: "column search",
      found: (typed) => this.lists(typed),
    });
    const build = () => this.build();
    this.menu = new Popup("Columns", { name: "Columns", key: "columns", build, toLeft: true });
    this.el = this.menu.el;
    state.on("keys", () => this.menu.refresh());
  }

  build() {
    const { field, list } = this.search.build();
    const differing = choice("only columns that differ", {
      checked: this.state.asked.columns === null,
      onchange: ({ target }) => this.set(target.checked ? null : this.shown()),
      key: "column differing",
    });
    return [field, differing, list];
  }

  /** @param {string} typed */
  lists(typed) {
    return [
      this.part("Run", RUN_COLUMNS, typed),
      this.part("Params", this.keyed("params"), typed),
      this.part("Metrics", this.keyed("metrics"), typed),
      this.part("Tags", this.keyed("tags"), typed),
    ];
  }

  /** @param {"params" | "metrics" | "tags"} kind @returns {Named[]} */
  keyed(kind) {
    return this.state.keys[kind].map(({ key }) => [`${kind}.${key}`, key]);
  }

  /** @param {string} title @param {Named[]} columns @param {string} typed */
  part(title, columns, typed) {
    const found = columns.filter(([, label]) => label.toLowerCase().includes(typed));
    if (found.length === 0) return null;
    const rest = found.length - MOST_LISTED;
    return [
      h("div", { class: "nbt-choices-head" }, title),
      found.slice(0, MOST_LISTED).map((column) => this.box(column)),
      rest > 0 &&
        h("div", { class: "nbt-muted nbt-choice" }, `${grouped(rest)} more: search for them`),
    ];
  }

  /** @param {Named} column */
  box([id, label]) {
    const shown = this.shown();
    const isShown = shown.includes(id);
    const next = isShown ? shown.filter((each) => each !== id) : [...shown, id];
    const onchange = () => this.set(next);
    return choice(label, { checked: isShown, onchange, key: `column ${id}` });
  }

  /** Those that the table has now. */
  shown() {
    return (this.state.page?.columns ?? []).map(({ id }) => id);
  }

  /** @param {string[] | null} columns */
  set(columns) {
    this.state.show({ columns }).then(() => this.menu.refresh());
  }
}
