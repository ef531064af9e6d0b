// Which columns the table has, and in which order: the Columns menu.

import { h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { choice, Popup } from "../../shared/page/popup.js";
import { SearchedList } from "../../shared/page/searched_list.js";
import {
  allColumns,
  columnGroups,
  hiddenOfThose,
  movedTo,
  onlyMine,
  withColumns,
} from "./column_groups.js";
import { dragHandle } from "./drag_handle.js";

/** @import { Group, Offered } from "./column_groups.js" */
/** @import { RunsState } from "./runs_state.js" */

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
    this.menu.list.classList.add("nbt-column-list");
    state.on("keys", () => this.menu.refresh());
    state.on("page", () => this.sayHidden());
  }

  /** How many of those that matter the table does not have. */
  sayHidden() {
    const count = hiddenOfThose(this.state.keys, this.shown()).length;
    this.menu.say(count ? `Columns +${grouped(count)}` : "Columns");
    this.menu.button.title = count ? `${plural(count, "more column")} to choose` : "Columns";
  }

  build() {
    const { field, list } = this.search.build();
    const { state } = this;
    const ways = h(
      "div",
      { class: "nbt-buttons nbt-column-ways" },
      this.way("Only mine", "what you wrote down", () => this.set(onlyMine(state.keys))),
      this.way("All", "every column", () => this.set(allColumns(state.keys))),
      this.way("Reset", "what matters, as many as fit; nothing pinned", () =>
        this.set(null, { pinned: [] }),
      ),
    );
    return [field, ways, list];
  }

  /** @param {string} words @param {string} title @param {() => unknown} onclick */
  way(words, title, onclick) {
    const look = { class: "nbt-quiet nbt-text-button", type: "button" };
    return h("button", { ...look, title, onclick, "data-key": `columns ${words}` }, words);
  }

  /** @param {string} typed */
  lists(typed) {
    const groups = columnGroups(this.state.keys);
    return [typed ? null : this.order(), groups.map((group) => this.group(group, typed))];
  }

  // --- the order

  order() {
    const lines = this.shown().map((id) => this.line(id));
    const head = h("div", { class: "nbt-choices-head" }, "In the table, in this order");
    return [head, h("div", { class: "nbt-column-order" }, lines)];
  }

  /** @param {string} id */
  line(id) {
    const { label } = (this.state.page?.columns ?? []).find((each) => each.id === id) ?? {
      label: id,
    };
    const move = (/** @type {number} */ to) => this.set(movedTo(this.shown(), id, to));
    const handle = id === "run_name" ? null : dragHandle(label, { key: `move ${id}`, move });
    const box = choice(label, {
      checked: true,
      onchange: () => this.set(withColumns(this.shown(), [id], false)),
      key: `shown ${id}`,
    });
    return h("div", { class: "nbt-column-line", "data-line": id }, box, handle);
  }

  // --- the groups

  /** @param {Group} group @param {string} typed */
  group({ name, title, columns }, typed) {
    const found = columns.filter(({ label }) => label.toLowerCase().includes(typed));
    if (found.length === 0) return null;
    const rest = found.length - MOST_LISTED;
    return [
      h("div", { class: "nbt-choices-head" }, this.groupBox(name, title, found)),
      found.slice(0, MOST_LISTED).map((column) => this.box(column)),
      rest > 0 &&
        h("div", { class: "nbt-muted nbt-choice" }, `${grouped(rest)} more: search for them`),
    ];
  }

  /** @param {string} name @param {string} title @param {Offered[]} columns */
  groupBox(name, title, columns) {
    const ids = columns.map(({ id }) => id);
    const shown = ids.filter((id) => this.shown().includes(id)).length;
    const box = choice(`${title} ${grouped(ids.length)}`, {
      checked: shown === ids.length,
      onchange: ({ target }) => this.set(withColumns(this.shown(), ids, target.checked)),
      key: `group ${name}`,
    });
    const input = box.querySelector("input");
    if (input) input.indeterminate = shown > 0 && shown < ids.length;
    return box;
  }

  /** @param {Offered} column */
  box({ id, label }) {
    return choice(label, {
      checked: this.shown().includes(id),
      onchange: ({ target }) => this.set(withColumns(this.shown(), [id], target.checked)),
      key: `column ${id}`,
    });
  }

  /** Those that the table has now. */
  shown() {
    return (this.state.page?.columns ?? []).map(({ id }) => id);
  }

  /** @param {string[] | null} columns @param {{ pinned?: string[] }} [more] */
  set(columns, more = {}) {
    this.state.chooseColumns({ columns, ...more }).then(() => this.menu.refresh());
  }
}
