// Runs by a param, a tag, experiment, cell or status: mean and spread of each metric.

import { h, redraw } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
/** @import { GroupRow, Page, Spread } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

export class GroupTable {
  /** @param {RunsState} state @param {{ filterTo: (condition: string) => void }} options */
  constructor(state, { filterTo }) {
    this.state = state;
    this.filterTo = filterTo;
    this.table = h("table", { class: "nbt-table nbt-group-table", "aria-label": "Groups of runs" });
    this.el = h("div", { class: "nbt-scroll", tabindex: "-1" }, this.table);
    state.on("page", (page) => this.draw(page));
  }

  /** @param {Page} page */
  draw(page) {
    if (!page.groups) return;
    const rows = page.groups.map((group, n) => this.row(group, n));
    redraw(this.table, h("thead", {}, this.head(page)), h("tbody", {}, rows));
  }

  /** @param {Page} page */
  head(page) {
    const by = this.state.asked.group.replace(/^(params|tags)\./, "");
    const shown = page.groupColumns ?? [];
    const metrics = page.columns.filter(({ id }) => shown.includes(id));
    /** @param {string} words @param {string} [look] */
    const left = (words, look = "") =>
      h("th", { class: look, scope: "col" }, h("span", { class: "nbt-label" }, words));
    return h(
      "tr",
      { class: "nbt-labels" },
      left(by, "nbt-name"),
      left("runs", "nbt-number"),
      left("newest", "nbt-number"),
      metrics.map(({ label }) => left(label, "nbt-number nbt-first")),
    );
  }

  /** @param {GroupRow} group @param {number} n */
  row(group, n) {
    const { condition } = group;
    const words = group.label ?? "none";
    const open = h(
      "button",
      {
        class: "nbt-quiet nbt-name-button",
        type: "button",
        disabled: condition === null,
        title: condition === null ? words : `Show these runs: ${condition}`,
        "data-key": `group ${n}`,
        onclick: () => condition !== null && this.filterTo(condition),
      },
      h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›"),
      h("bdi", { class: group.label === null ? "nbt-label nbt-muted" : "nbt-label" }, words),
    );
    return h(
      "tr",
      { class: "nbt-run", "data-group": words },
      h("th", { class: "nbt-name", scope: "row" }, h("div", { class: "nbt-name-line" }, open)),
      h("td", { class: "nbt-number" }, grouped(group.runs)),
      h("td", { class: "nbt-number nbt-muted" }, group.newest),
      group.cells.map((cell) => h("td", { class: "nbt-number nbt-first" }, spread(cell))),
    );
  }
}

/** 0.91 ± 0.02, with the number of values behind it in the title.
 *  @param {Spread | null} cell */
function spread(cell) {
  if (!cell) return h("span", { class: "nbt-muted" }, "–");
  const around = cell.std === null ? null : h("span", { class: "nbt-muted" }, ` ± ${cell.std}`);
  return h("span", { title: `mean of ${plural(cell.count, "run")}` }, cell.mean, around);
}
