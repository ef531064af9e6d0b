// The table of runs: one row for each, and below an opened one its details.

import { h, reconcile } from "../../shared/page/dom.js";
import { ageWords } from "../../shared/page/formats.js";
import { bringTo, topOf } from "../../shared/page/stay_put.js";
import { parentsWithMore } from "./families.js";
import { GridKeys } from "./grid_keys.js";
import { detailsRow } from "./run_details.js";
import { foldRun, moreRow, runRow } from "./run_row.js";
import { TableEdge } from "./table_edge.js";
import { TableHead } from "./table_head.js";
import { TableLayout } from "./table_layout.js";

/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { Page, RunRow } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

const AGING = 5000; // milliseconds

export class RunsTable {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    this.head = new TableHead(state);
    this.tbody = h("tbody");
    const named = { class: "nbt-table", "aria-label": "Runs, ? for keys" };
    const table = h("table", named, this.head.el, this.tbody);
    const inside = [this.head.wrongWords, table];
    this.scroller = h("div", { class: "nbt-scroll", tabindex: "-1" }, inside);
    this.edge = new TableEdge(this.scroller, () => this.layout.countBehind());
    this.el = h("div", { class: "nbt-table-frame" }, this.scroller, this.edge.el);
    this.keys = new GridKeys(state, { table, fold: (id, isOpen) => foldRun(state, id, isOpen) });
    const redraw = () => state.page && this.drawParts(state.page);
    this.layout = new TableLayout(state, { scroller: this.scroller, table, redraw });
    this.opened = ""; // ids of the rows that were open when they were drawn last
    /** A row that stays where it is on the screen; `left` is where we left it.
     *  @type {{ id: string, top: number, left: number } | null} */
    this.held = null;
    this.ticking = setInterval(() => state.host.whenReleased(() => this.age()), AGING);
    state.on("page", (page) => this.draw(page));
    state.on("rows", () => state.page && this.draw(state.page));
    state.on("ticked", () => this.drawRows());
  }

  /** @param {Page} page */
  draw(page) {
    if (page.rows) this.layout.fit(page);
    this.drawParts(page);
  }

  /** @param {Page} page */
  drawParts(page) {
    if (page.rows) this.head.draw(page.columns, this.layout);
    this.drawRows();
    this.edge.draw();
  }

  close() {
    this.layout.close();
    clearInterval(this.ticking);
  }

  /** Runs grow older while nothing else happens. */
  age() {
    const { page, clock } = this.state;
    if (!page?.rows) return;
    const at = page.columns.findIndex(({ id }) => id === "start_time");
    if (at < 0) return;
    for (const row of page.rows) {
      row.cells[at] = ageWords((Date.now() + clock - row.started) / 1000);
    }
    this.drawRows();
  }

  /** The table is as high as it needs to be while a row is open: what was clicked stays there. */
  drawRows() {
    const opened = [...this.state.opened].join();
    if (opened !== this.opened) this.held = this.rowInHand();
    else if (this.isScrolled()) this.held = null;
    this.opened = opened;
    this.drawAll();
    this.hold();
  }

  /** The one that has the focus. */
  rowInHand() {
    const row = document.activeElement?.closest("tr[data-run-id]");
    const id = row?.getAttribute("data-run-id");
    if (!row || !id || !this.tbody.contains(row)) return null;
    return { id, top: topOf(row), left: topOf(row) };
  }

  /** By the user, since it was drawn last: who goes on reading is not brought back. */
  isScrolled() {
    const row = this.held && this.rowOf(this.held.id);
    return row && topOf(row) !== this.held?.left;
  }

  /** @param {string} id */
  rowOf(id) {
    return this.tbody.querySelector(`[data-run-id="${CSS.escape(id)}"]`);
  }

  /** Until what it shows has come: only then there may be room to scroll to. */
  hold() {
    if (!this.held) return;
    const { id, top } = this.held;
    const row = this.rowOf(id);
    if (row) {
      bringTo(row, top, this.scroller);
      this.held.left = topOf(row);
    }
    if (!this.state.opened.has(id) || this.state.details.has(id)) this.held = null;
  }

  drawAll() {
    const { page } = this.state;
    if (!page?.rows) return;
    const cut = parentsWithMore(page.rows, this.state.asked.unfolded);
    const parts = page.rows.flatMap((row) => [
      ...this.parts(page, row),
      ...(cut.get(row.id) ?? []).map((parent) => this.morePart(page, parent)),
    ]);
    reconcile(this.tbody, parts.length ? parts : [emptyPart(page, this.state)]);
    this.head.markAllBox(page.rows.map(({ id }) => id));
    this.keys.refresh();
  }

  /** @param {Page} page @param {RunRow} row @returns {Part[]} */
  parts(page, row) {
    const { state } = this;
    const isOpen = state.opened.has(row.id);
    const looks = JSON.stringify([
      row,
      isOpen,
      state.ticked.includes(row.id),
      state.colourOf(row.id),
      state.sparks[row.id],
      this.layout.indents.get(row.id),
      row.id in state.asked.unfolded,
      this.head.looks,
    ]);
    const part = { key: row.id, looks, make: () => runRow(state, page, row, this.layout) };
    return isOpen ? [part, this.detailsPart(page, row)] : [part];
  }

  /** @param {Page} page @param {RunRow} parent @returns {Part} */
  morePart(page, parent) {
    const span = page.columns.length + 1;
    const looks = JSON.stringify([parent.children, this.state.asked.unfolded[parent.id], span]);
    return { key: `more ${parent.id}`, looks, make: () => moreRow(this.state, parent, span) };
  }

  /** Remade when an edit begins or ends in it, not while somebody types.
   *  @param {Page} page @param {RunRow} row @returns {Part} */
  detailsPart(page, row) {
    const { state } = this;
    const drafts = [...state.drafts.keys()].filter((key) => key.endsWith(` ${row.id}`));
    const span = page.columns.length + 1;
    const looks = JSON.stringify([state.details.get(row.id), drafts, span]);
    return { key: `details ${row.id}`, looks, make: () => detailsRow(state, row, span) };
  }
}

/** @param {Page} page @param {RunsState} state @returns {Part} */
function emptyPart(page, { asked }) {
  const none = asked.deleted ? "Nothing was deleted." : "No runs yet.";
  const words = page.all ? `No run matches. ${page.whyNothing}`.trimEnd() : none;
  const span = page.columns.length + 1;
  const said = h("span", { class: "nbt-muted" }, words);
  const make = () => h("tr", { class: "nbt-empty" }, h("td", { colspan: span }, said));
  return { key: "empty", looks: `${words} ${span}`, make };
}
