// The widths of the table's columns: by what is in them, by the page, by whoever drags an edge.

import { h } from "../../shared/page/dom.js";
import { afterPause } from "../../shared/page/pauses.js";
import { cutInTheMiddle, fittedWidths, NARROW, roomIn, TICK } from "./column_widths.js";

/** @import { Page, RunRow, TableColumn } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

const RESIZE_PAUSE = 250; // milliseconds
const PADDING = 18;
const ARROW = 16; // of the order, in a header
const STAR = 18;
const CURVE = 54;
const NAME_PARTS = 36; // caret and padding beside a name
const BADGE = 58;
const [FOLD, DIGIT] = [26, 7]; // the button over children, with how many they are
const STEP = 16; // of a child, to the right of its parent
const SHORTEST = 40;
const [NAME_LEAST, NAME_MOST, MOST] = [150, 320, 190];
const [DRAGGED_LEAST, DRAGGED_MOST] = [40, 900];
const STORED = "nbtrack.widths";
const FONT = "12.5px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif";

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
    this.dragged = readDragged();
    const resized = afterPause(RESIZE_PAUSE, () => this.resized());
    this.observer = new ResizeObserver(resized);
    this.observer.observe(scroller);
  }

  close() {
    this.observer.disconnect();
  }

  /** @param {Page} page */
  fit(page) {
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
    if (fixed) return { least: fixed, wanted: fixed };
    const before = this.wanted.get(column.id) ?? 0;
    const wanted = Math.max(before, wantedBy(page, column, n));
    this.wanted.set(column.id, wanted);
    const least = column.id === "run_name" ? NAME_LEAST : NARROW;
    return { least: Math.min(wanted, least), wanted };
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
    const taken = PADDING + (column.sorted ? ARROW : 0);
    return cutInTheMiddle(column.label, Math.max(24, this.widths[n] - taken), boldWidthOf);
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

/** @param {Page} page @param {TableColumn} column @param {number} n */
function wantedBy(page, column, n) {
  const rows = page.rows ?? [];
  const head = Math.ceil(boldWidthOf(column.label)) + ARROW + PADDING + 1;
  if (column.id === "run_name") {
    const names = rows.map(({ name, depth, children, pinned, baseline }) => {
      const more =
        STEP * depth + (children ? FOLD : 0) + BADGE * (Number(pinned) + Number(baseline));
      return widthOf(name) + NAME_PARTS + more;
    });
    return Math.min(NAME_MOST, Math.max(NAME_LEAST, ...names));
  }
  const cells = rows.map(
    (row) => widthOf(row.cells[n]) + (row.best.includes(column.id) ? STAR : 0),
  );
  const beside =
    PADDING + (column.group === "Metrics" ? CURVE : 0) + (column.id === "status" ? 14 : 0);
  return Math.min(MOST, Math.max(56, head, ...cells.map((cell) => cell + beside)));
}

/** @param {RunRow} row */
function besideName({ depth, parent, children, pinned, baseline }) {
  const fold = children ? FOLD + DIGIT * String(children).length : 0;
  const steps = parent ? Math.max(1, depth) : depth; // its mark takes as much
  return NAME_PARTS + STEP * steps + fold + BADGE * (Number(pinned) + Number(baseline));
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
