// The widths of the table's columns: by what is in them, by the page, by whoever drags an edge.

import { h } from "../../shared/page/dom.js";
import { afterPause } from "../../shared/page/pauses.js";
import { cutInTheMiddle, fittedWidths, NARROW, roomIn, TICK } from "./column_widths.js";
import { tailsMissing } from "./points.js";
import { badgesOf, statusWords } from "./row_words.js";

/** @import { Page, RunRow, TableColumn } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

const RESIZE_PAUSE = 250; // milliseconds
const PADDING = 18;
const ARROW = 13; // of the order, in a header
const PLACE = 7; // and which of several orders it is
const STAR = 18;
const CURVE = 54;
const DOT = 14;
const NAME_PARTS = 36; // caret and padding beside a name
const BADGE = 17; // beside its words
const [FOLD, DIGIT] = [26, 7]; // the button over children, with how many they are
const STEP = 16; // of a child, to the right of its parent
const SHORTEST = 40;
const [NAME_LEAST, NAME_MOST, MOST] = [150, 320, 190];
const HEAD_PADDING = 17;
const HALF_SEEN = 16; // a column of which so little is missing is seen
const HEAD_MOST = 150; // of what the table is sorted by: its name is read in full
const [DRAGGED_LEAST, DRAGGED_MOST] = [40, 900];
const STORED = "nbtrack.widths";
const FAMILY = "system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";
const FONT = `12.5px ${FAMILY}`;
const SMALL_FONT = `10px ${FAMILY}`;

export class TableLayout {
  /** @param {RunsState} state @param {{ scroller: HTMLElement, table: HTMLElement, redraw: () => void }} parts */
  constructor(state, { scroller, table, redraw }) {
    this.state = state;
    this.scroller = scroller;
    this.table = table;
    this.redraw = redraw;
    this.cols = h("colgroup");
    table.prepend(this.cols);
    /** What was wanted at most so far: live numbers do not make the columns tremble.
     *  @type {Map<string, number>} */
    this.wanted = new Map();
    /** @type {number[]} */
    this.widths = [];
    /** By run and column, how far a number stands from the edge, so that points meet.
     *  @type {Map<string, number[]>} */
    this.indents = new Map();
    this.dragged = readDragged();
    const resized = afterPause(RESIZE_PAUSE, () => state.host.whenReleased(() => this.resized()));
    this.observer = new ResizeObserver(resized);
    this.observer.observe(scroller);
  }

  close() {
    this.observer.disconnect();
  }

  /** @param {Page} page */
  fit(page) {
    this.indents = indentsOf(page);
    const bounds = page.columns.map((column, n) => this.boundsOf(page, column, n));
    this.widths = fittedWidths(bounds, visibleWidth(this.state, this.scroller));
    this.place();
  }

  place() {
    const widths = [TICK, ...this.widths];
    this.cols.replaceChildren(...widths.map((width) => h("col", { style: px({ width }) })));
    const width = widths.reduce((sum, each) => sum + each, 0);
    this.table.style.setProperty("width", `${width}px`);
    this.scroller.style.scrollPaddingLeft = `${TICK + this.widths[0]}px`; // under what stays
  }

  /** @param {Page} page @param {TableColumn} column @param {number} n */
  boundsOf(page, column, n) {
    const fixed = this.dragged[column.id];
    if (fixed) return { least: fixed, wanted: fixed, isFixed: true };
    const before = this.wanted.get(column.id) ?? 0;
    const wanted = Math.max(before, this.wantedBy(page, column, n));
    this.wanted.set(column.id, wanted);
    const isFixed = column.group === "Run" && column.id !== "run_name";
    return { least: Math.min(wanted, leastOf(column)), wanted, isFixed };
  }

  /** @param {Page} page @param {TableColumn} column @param {number} n */
  wantedBy(page, column, n) {
    const rows = page.rows ?? [];
    if (column.id === "run_name") {
      return Math.min(NAME_MOST, Math.max(NAME_LEAST, ...rows.map(nameWidth)));
    }
    const beside = PADDING + (this.hasCurves(column) ? CURVE : 0);
    const cells = rows.map((row) => beside + this.cellWidth(row, column, n));
    return Math.min(MOST, Math.max(SHORTEST, headWidth(column), ...cells));
  }

  /** @param {RunRow} row @param {TableColumn} column @param {number} n */
  cellWidth(row, column, n) {
    if (column.id === "status") return DOT + widthOf(statusWords(row));
    const indent = this.indents.get(row.id)?.[n] ?? 0;
    return widthOf(row.cells[n]) + indent + (row.best.includes(column.id) ? STAR : 0);
  }

  /** Small ones, in the cells of a metric that has a history.
   *  @param {TableColumn} column */
  hasCurves({ group, label }) {
    return group === "Metrics" && Object.values(this.state.sparks).some((each) => label in each);
  }

  /** How many columns stand out of sight, to the right. */
  countBehind() {
    const end = this.scroller.scrollLeft + this.scroller.clientWidth + HALF_SEEN;
    let at = TICK;
    return this.widths.filter((width) => {
      at += width;
      return at > end;
    }).length;
  }

  /** More or fewer columns fit, or they stand otherwise. */
  resized() {
    const { state } = this;
    const width = this.scroller.clientWidth;
    const { page } = state;
    if (!page?.rows || width === 0) return;
    this.fit(page);
    this.redraw();
    const room = roomIn(width);
    const isOther = room !== state.asked.room;
    state.asked.room = room;
    if (isOther && state.asked.columns === null) state.show();
  }

  /** The name of a run, as much as its column has room for.
   *  @param {RunRow} row */
  cutName(row) {
    const most = this.widths[0] - besideName(row);
    return cutInTheMiddle(row.name, Math.max(SHORTEST, most), widthOf);
  }

  /** @param {TableColumn} column @param {number} n */
  cutLabel(column, n) {
    const room = this.widths[n] - headWidth({ ...column, label: "" });
    return cutInTheMiddle(column.label, Math.max(24, room), boldWidthOf);
  }

  // --- the edges of headers

  /** @param {TableColumn} column @param {number} n */
  grip(column, n) {
    /** @param {PointerEvent} event */
    const onpointerdown = (event) => this.drag(event, column.id, n);
    return h("span", {
      class: "nbt-grip",
      title: "Drag: another width; double click: as it was",
      "data-grip": column.id,
      onpointerdown,
      ondblclick: () => this.forget(column.id),
    });
  }

  /** @param {PointerEvent} event @param {string} id @param {number} n */
  drag(event, id, n) {
    const grip = /** @type {HTMLElement} */ (event.target);
    const [from, width] = [event.clientX, this.widths[n]];
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    grip.onpointermove = ({ clientX }) => {
      const wanted = width + clientX - from;
      this.widths[n] = Math.min(DRAGGED_MOST, Math.max(DRAGGED_LEAST, wanted));
      this.dragged[id] = this.widths[n];
      this.place();
    };
    grip.onlostpointercapture = () => {
      grip.onpointermove = null;
      this.keep();
    };
  }

  /** @param {string} id */
  forget(id) {
    delete this.dragged[id];
    this.wanted.delete(id);
    this.keep();
  }

  keep() {
    keepDragged(this.dragged);
    if (this.state.page?.rows) this.fit(this.state.page);
    this.redraw();
  }
}

/** Before the panel is shown the table has no width, but its place on the page has one.
 *  @param {RunsState} state @param {HTMLElement} scroller */
function visibleWidth({ host }, scroller) {
  return scroller.clientWidth || (host.root.parentElement?.clientWidth ?? 0) - 2 || 900;
}

/** @param {TableColumn} column */
function leastOf(column) {
  if (column.id === "run_name") return NAME_LEAST;
  return column.sorted ? Math.max(NARROW, Math.min(HEAD_MOST, headWidth(column))) : NARROW;
}

/** @param {TableColumn} column */
function headWidth({ label, sorted }) {
  const arrow = sorted ? ARROW + (sorted.place > 0 ? PLACE : 0) : 0;
  return Math.ceil(boldWidthOf(label)) + arrow + HEAD_PADDING;
}

/** @param {RunRow} row */
function nameWidth(row) {
  return widthOf(row.name) + besideName(row);
}

/** @param {RunRow} row */
function besideName(row) {
  const { depth, parent, children } = row;
  const fold = children ? FOLD + DIGIT * String(children).length : 0;
  const steps = parent ? Math.max(1, depth) : depth; // its mark takes as much
  const badges = badgesOf(row).map(({ words }) => BADGE + badgeWidthOf(words));
  return NAME_PARTS + STEP * steps + fold + badges.reduce((sum, each) => sum + each, 0);
}

/** @param {Page} page */
function indentsOf({ rows = [], columns }) {
  const lacking = columns.map(({ isNumber }, n) => {
    const tails = isNumber ? tailsMissing(rows.map(({ cells }) => cells[n])) : [];
    return tails.map((tail) => tail && Math.round(widthOf(tail)));
  });
  return new Map(rows.map(({ id }, at) => [id, lacking.map((each) => Number(each[at] ?? 0))]));
}

/** @type {Map<string, CanvasRenderingContext2D | null>} */
const pens = new Map();

/** @param {string} text */
function widthOf(text) {
  return measured(text, FONT);
}

/** @param {string} text */
function boldWidthOf(text) {
  return measured(text, `600 ${FONT}`);
}

/** @param {string} text */
function badgeWidthOf(text) {
  return measured(text, SMALL_FONT);
}

/** @param {string} text @param {string} font */
function measured(text, font) {
  if (!pens.has(font)) {
    const pen = document.createElement("canvas").getContext("2d");
    if (pen) pen.font = font;
    pens.set(font, pen);
  }
  return pens.get(font)?.measureText(text).width ?? 7 * text.length;
}

/** @param {Record<string, number>} sizes */
function px(sizes) {
  return Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, `${size}px`]));
}

/** Widths are of a screen, not of an experiment: the browser keeps them.
 *  @returns {Record<string, number>} */
function readDragged() {
  try {
    return JSON.parse(localStorage.getItem(STORED) ?? "{}");
  } catch {
    return {}; // no storage here, or not ours
  }
}

/** @param {Record<string, number>} widths */
function keepDragged(widths) {
  try {
    localStorage.setItem(STORED, JSON.stringify(widths));
  } catch {
    // they hold as long as the panel does
  }
}
