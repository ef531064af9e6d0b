// The page of a report: its table sorts, a typed filter leaves some of its rows, and a name opens
// all that a run has. Without script, the table stands there as it is.

import { h } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { placesBy, runsIn } from "./report_data.js";
import { detailsOf } from "./report_details.js";
import { filterOf } from "./report_filter.js";

/** @import { Column } from "./report_types.d.ts" */

const PAUSE = 150; // milliseconds in which nothing is typed
const ERROR_PAUSE = 900; // half a filter is no mistake yet

class ReportTable {
  /** @param {HTMLTableElement} table @param {string} data */
  constructor(table, data) {
    this.runs = runsIn(data);
    this.body = table.tBodies[0];
    this.rows = [...this.body.rows]; // by the places of their runs
    const [head] = table.tHead?.rows ?? [];
    this.heads = [...(head?.cells ?? [])];
    /** Rows with all of a run, by its place.
     *  @type {Map<number, HTMLTableRowElement>} */
    this.opened = new Map();
    for (const head of this.heads)
      head.querySelector("button")?.addEventListener("click", () => this.sortBy(head));
    for (const [place, row] of this.rows.entries()) {
      this.addButton(row, place);
      row.addEventListener("pointerover", ({ target }) => this.tellWhole(target, place));
    }
    this.keepWidths(table);
  }

  /** Columns stay as wide as they are, whichever rows are seen; and to lay out many again takes
   *  the browser long.
   *  @param {HTMLTableElement} table */
  keepWidths(table) {
    const widths = this.heads.map((head) => head.getBoundingClientRect().width);
    const all = widths.reduce((sum, width) => sum + width, 0);
    for (const [n, head] of this.heads.entries()) head.style.width = `${widths[n]}px`;
    table.style.minWidth = `${all}px`;
    table.style.tableLayout = "fixed";
  }

  /** What a number is that is rounded in its cell.
   *  @param {EventTarget | null} target @param {number} place */
  tellWhole(target, place) {
    if (!(target instanceof HTMLTableCellElement) || target.title) return;
    const head = this.heads[target.cellIndex];
    if (!head.hasAttribute("data-at")) return;
    const value = String(this.columnOf(head)[place] ?? "");
    if (value !== target.textContent) target.title = value;
  }

  // --- order

  /** A second click on a header turns it around.
   *  @param {Element} head */
  sortBy(head) {
    const before = head.getAttribute("aria-sort");
    const isNumber = head.classList.contains("number");
    const isDown = before === null ? isNumber : before === "ascending";
    const places = placesBy(this.columnOf(head), { isDown });
    this.body.append(...places.flatMap((place) => this.rowsOf(place)));
    for (const each of this.heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
  }

  /** @param {Element} head @returns {Column<number | string>} */
  columnOf(head) {
    const [kind, at] = [head.getAttribute("data-kind"), Number(head.getAttribute("data-at"))];
    const { names, ids, experiments, statuses, started, seconds, metrics, params } = this.runs;
    if (kind === "metrics") return [...metrics.values()][at];
    if (kind === "params") return [...params.values()][at];
    const facts = { experiments, statuses, started, seconds };
    const column = Object.entries(facts).find(([name]) => name === kind)?.[1];
    return column ?? names.map((name, place) => name || ids[place]);
  }

  /** @param {number} place */
  rowsOf(place) {
    const more = this.opened.get(place);
    return more ? [this.rows[place], more] : [this.rows[place]];
  }

  // --- one run

  /** @param {HTMLTableRowElement} row @param {number} place */
  addButton(row, place) {
    const [cell] = row.cells;
    const button = h("button", { class: "name", type: "button", "aria-expanded": "false" });
    button.append(...cell.childNodes);
    button.addEventListener("click", () => this.turn(place, button));
    cell.append(button);
  }

  /** @param {number} place @param {HTMLElement} button */
  turn(place, button) {
    const more = this.opened.get(place);
    button.setAttribute("aria-expanded", String(!more));
    if (more) {
      this.opened.delete(place);
      more.remove();
      return;
    }
    const cell = h("td", { colspan: this.heads.length }, detailsOf(this.runs, place));
    const row = h("tr", { class: "more" }, cell);
    this.opened.set(place, row);
    this.rows[place].after(row);
  }

  // --- filter

  /** Only runs that it means are seen; how many. Throws what `filterOf` throws.
   *  @param {string} filter */
  showOnly(filter) {
    const isMeant = filterOf(filter, this.runs);
    const meant = this.rows.map((_, place) => isMeant(place));
    for (const [place, is] of meant.entries())
      for (const row of this.rowsOf(place)) row.hidden = !is;
    return meant.filter(Boolean).length;
  }
}

/** The field, how many runs are seen, and what is wrong with what is typed.
 *  @param {ReportTable} table @param {HTMLElement} el */
function mountFilter(table, el) {
  const error = h("div", { class: "wrong", role: "alert", id: "filter-error" });
  const count = h("span", { class: "quiet", role: "status" });
  const input = h("input", {
    type: "search",
    "aria-label": "Filter runs",
    "aria-describedby": "filter-error",
    placeholder: el.dataset.example ? `filter: ${el.dataset.example}` : "filter",
    autocomplete: "off",
    spellcheck: "false",
  });
  const all = table.rows.length;
  let wrong = "";
  const complain = () => {
    error.textContent = wrong;
    input.setAttribute("aria-invalid", String(wrong !== ""));
  };
  const complainLater = afterPause(ERROR_PAUSE, complain);
  const apply = () => {
    wrong = "";
    try {
      const seen = table.showOnly(input.value);
      count.textContent = seen === all ? plural(all, "run") : `${seen} of ${plural(all, "run")}`;
    } catch (fault) {
      wrong = wordsOf(fault);
    }
    if (wrong) complainLater();
    else complain();
  };
  const applyLater = afterPause(PAUSE, apply);
  input.addEventListener("input", () => applyLater());
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    apply();
    complain();
  });
  el.append(input, count, error);
  apply();
}

function begin() {
  const table = /** @type {HTMLTableElement | null} */ (document.querySelector("table.runs"));
  const data = document.getElementById("runs-data")?.textContent;
  const place = document.getElementById("filter");
  if (table && data && place) mountFilter(new ReportTable(table, data), place);
}

begin();
