// The table of runs by keyboard: one tab stop, and arrows from cell to cell.

import { placeAfter } from "./grid_moves.js";
import { showKeys } from "./keys_help.js";

/** @import { Place } from "./grid_moves.js" */
/** @import { RunsState } from "./runs_state.js" */

const ROWS = ".nbt-labels, [data-run-id], .nbt-more";
const CONTROL = "button, input";
const TYPED = "input:not([type=checkbox]), textarea, select";

export class GridKeys {
  /** @param {RunsState} state
   *  @param {{ table: HTMLElement, fold: (runId: string, isUnfolded: boolean) => unknown }} parts */
  constructor(state, { table, fold }) {
    this.state = state;
    this.table = table;
    this.fold = fold;
    /** The place that Tab comes to, by row and cell: rows come and go.
     *  @type {{ row: string, column: number } | null} */
    this.current = null;
    table.setAttribute("role", "grid");
    table.setAttribute("aria-multiselectable", "true");
    table.addEventListener("keydown", (event) => this.onKey(event));
    table.addEventListener("keyup", (event) => this.onKeyUp(event));
    table.addEventListener("focusin", ({ target }) => this.follow(target));
    table.addEventListener("focusout", ({ relatedTarget }) => this.closeQuick(relatedTarget));
    state.host.root.addEventListener("keydown", (event) => this.onPanelKey(event));
  }

  // --- one tab stop

  /** After each draw: nothing in the table is a tab stop but the current cell. */
  refresh() {
    const rows = this.rows();
    const { row, column } = this.placeNow(rows);
    for (const [n, each] of rows.entries()) {
      for (const cell of each.cells) {
        for (const control of cell.querySelectorAll(CONTROL)) setStop(control, false);
        setStop(targetOf(cell), n === row && cell.cellIndex === column);
      }
    }
    for (const field of this.quickFields()) setStop(field, field === document.activeElement);
  }

  rows() {
    return /** @type {HTMLTableRowElement[]} */ ([...this.table.querySelectorAll(ROWS)]);
  }

  /** The name of the first run, if nobody went elsewhere.
   *  @param {HTMLTableRowElement[]} rows @returns {Place} */
  placeNow(rows) {
    const row = rows.findIndex((each) => keyOf(each) === this.current?.row);
    if (row >= 0 && this.current) {
      return { row, column: Math.min(this.current.column, rows[row].cells.length - 1) };
    }
    return { row: rows.length > 1 ? 1 : 0, column: 1 };
  }

  /** @param {EventTarget | null} target */
  follow(target) {
    const cell = cellOf(target);
    if (!cell) return;
    const row = /** @type {HTMLTableRowElement} */ (cell.parentElement);
    this.current = { row: keyOf(row), column: cell.cellIndex };
    this.refresh();
  }

  // --- keys

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { target, key } = event;
    if (this.isQuick(target) && key === "Escape") return this.take(event, () => this.leaveQuick());
    const cell = cellOf(target);
    if (!cell || event.altKey) return undefined;
    const rows = this.rows();
    const widths = rows.map(({ cells }) => cells.length);
    const next = placeAfter(this.placeNow(rows), event, widths);
    if (next) return this.take(event, () => focusOn(rows[next.row].cells[next.column]));
    const runId = cell.closest("tr")?.dataset.runId;
    return runId ? this.onRunKey(event, runId) : undefined;
  }

  /** @param {KeyboardEvent} event @param {string} runId */
  onRunKey(event, runId) {
    const { state } = this;
    const isTicked = state.ticked.includes(runId);
    if (isTick(event)) return this.take(event, () => state.tick(runId, !isTicked));
    if (event.key === "Enter") return this.take(event, () => state.open(runId));
    if (event.key === "+") return this.take(event, () => this.fold(runId, true));
    if (event.key === "-") return this.take(event, () => this.fold(runId, false));
    return undefined;
  }

  /** Buttons are pressed when the space bar comes up.
   *  @param {KeyboardEvent} event */
  onKeyUp(event) {
    if (isTick(event) && cellOf(event.target)?.closest("[data-run-id]")) event.preventDefault();
  }

  /** Wherever one is in the panel, if it is not in a text.
   *  @param {KeyboardEvent} event */
  onPanelKey(event) {
    const { key, target } = event;
    const isText = target instanceof Element && target.matches(TYPED);
    if (isText || event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "/") this.take(event, () => this.query()?.focus());
    else if (key === "?") this.take(event, () => showKeys(this.state.host.root));
    else if (key === "f" && this.table.contains(/** @type {Node} */ (target)))
      this.take(event, () => this.openQuick());
  }

  /** @param {Event} event @param {() => unknown} act */
  take(event, act) {
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  focus() {
    const rows = this.rows();
    const { row, column } = this.placeNow(rows);
    focusOn(rows[row].cells[column]);
  }

  query() {
    return /** @type {HTMLElement | null} */ (this.state.host.root.querySelector(".nbt-query"));
  }

  // --- the fields under the headers: in the tab order only while one is in them

  openQuick() {
    if (!this.state.hasQuicks) this.state.turnQuicks(true);
    const fields = this.quickFields();
    for (const field of fields) setStop(field, true);
    const column = this.placeNow(this.rows()).column;
    const near = fields.find((field) => field.closest("td")?.cellIndex === column);
    (near ?? fields[0])?.focus();
  }

  /** Empty ones are not left behind. */
  leaveQuick() {
    this.focus();
    const { asked } = this.state;
    if (Object.keys(asked.quick).length === 0) this.state.turnQuicks(false);
  }

  /** @param {EventTarget | null} next what has the focus now */
  closeQuick(next) {
    if (this.isQuick(next)) return;
    for (const field of this.quickFields()) setStop(field, false);
  }

  quickFields() {
    return /** @type {HTMLElement[]} */ ([...this.table.querySelectorAll("[data-quick]")]);
  }

  /** @param {EventTarget | null} target */
  isQuick(target) {
    return target instanceof Element && target.matches("[data-quick]");
  }
}

/** The space bar ticks, but for a box, which it ticks by itself.
 *  @param {KeyboardEvent} event */
function isTick({ key, target }) {
  return key === " " && !(target instanceof HTMLInputElement);
}

/** Of a run; of a row of the head, or with more children, what its button does.
 *  @param {HTMLTableRowElement} row */
function keyOf(row) {
  return row.dataset.runId ?? row.querySelector("button")?.dataset.key ?? "";
}

/** The cell of the grid that something is in; not those of opened rows, or of quick filters.
 *  @param {EventTarget | null} target @returns {HTMLTableCellElement | null} */
function cellOf(target) {
  if (!(target instanceof Element)) return null;
  const cell = /** @type {HTMLTableCellElement | null} */ (target.closest("td, th"));
  return cell?.parentElement?.matches(ROWS) ? cell : null;
}

/** What has the focus when a cell has it.
 *  @param {HTMLTableCellElement} cell @returns {HTMLElement} */
function targetOf(cell) {
  return /** @type {HTMLElement | null} */ (cell.querySelector(CONTROL)) ?? cell;
}

/** @param {HTMLTableCellElement} cell */
function focusOn(cell) {
  const target = targetOf(cell);
  setStop(target, true); // only what may have the focus can get it
  target.focus({ preventScroll: true });
  target.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** @param {Element} el @param {boolean} isStop */
function setStop(el, isStop) {
  el.setAttribute("tabindex", isStop ? "0" : "-1");
}
