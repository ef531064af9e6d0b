// The tooltip of a chart: text nodes only, and nothing that could load a picture.

import { h } from "../../shared/page/dom.js";
import { duration, grouped, plural, shortNumber } from "../../shared/page/formats.js";
import { linesOf, nearestRow } from "./rows.js";

/** @import { LineRow, Row, VegaView } from "./chart_types.d.ts" */

const MOST_IN_TIP = 10;
const GAP = 14; // pixels between the pointer and the tip

export class ChartTip {
  /** @param {HTMLElement} element of the chart @param {string} axis what x is */
  constructor(element, axis) {
    this.element = element;
    this.axis = axis;
    /** @type {Row[]} */
    this.rows = [];
    /** The lines of these rows, once they are asked for.
     *  @type {LineRow[][] | null} */
    this.lines = null;
    this.el = h("div", { class: "nbt-tip", hidden: true, "aria-hidden": "true" });
    this.rule = h("div", { class: "nbt-tip-rule", hidden: true });
  }

  /** Of these it tells.
   *  @param {Row[]} rows */
  take(rows) {
    this.rows = rows;
    this.lines = null;
  }

  /** What Vega has for the thing under the pointer.
   *  @param {MouseEvent} event @param {unknown} value */
  showValue(event, value) {
    if (value === null || value === undefined || value === "") return this.hide();
    /** @type {Array<[string, unknown]>} */
    const pairs = typeof value === "object" ? Object.entries(value) : [["", value]];
    this.el.replaceChildren(...pairs.map(([name, text]) => tipLine({ name, text })));
    const box = this.element.getBoundingClientRect();
    this.place(event.clientX - box.left, event.clientY - box.top);
  }

  /** Of line charts: every run's value at the place of the pointer, the nearest line in bold.
   *  @param {PointerEvent} event @param {VegaView} view @param {HTMLElement} stage */
  showLines(event, view, stage) {
    const origin = plotOrigin(view, stage);
    const [plotX, plotY] = [event.clientX - origin.x, event.clientY - origin.y];
    const isInside =
      plotX >= -4 && plotX <= origin.width + 4 && plotY >= 0 && plotY <= origin.height;
    const found = isInside && !event.buttons ? this.nearest(view.scale("x").invert(plotX)) : [];
    if (found.length === 0) return this.hide();
    const yScale = view.scale("y");
    const byDistance = sortedBy(found, (row) => Math.abs(yScale(row.y) - plotY));
    this.drawLines(byDistance, view);
    const box = this.element.getBoundingClientRect();
    this.drawRule(origin.x - box.left + view.scale("x")(byDistance[0].x), origin.y - box.top);
    this.rule.style.height = `${origin.height}px`;
    return this.place(event.clientX - box.left, event.clientY - box.top);
  }

  /** Of each run the row nearest to `x`, if the run has come that far.
   *  @param {unknown} x */
  nearest(x) {
    this.lines ??= linesOf(this.rows);
    const found = this.lines.map((line) => nearestRow(line, Number(x)));
    return found.filter((row) => row !== undefined);
  }

  /** @param {LineRow[]} rows the nearest one first @param {VegaView} view */
  drawLines(rows, view) {
    const colour = view.scale("color");
    const shown = sortedBy(rows.slice(0, MOST_IN_TIP), (row) => -row.y);
    const lines = shown.map((row) =>
      tipLine({
        colour: colour(row.run),
        name: row.run,
        text: shortNumber(row.y),
        isBold: row === rows[0],
      }),
    );
    const head = h("div", { class: "nbt-tip-head" }, this.placeName(rows[0].x));
    const rest = rows.length - shown.length;
    this.el.replaceChildren(head, ...lines, rest ? h("div", {}, `and ${plural(rest, "run")}`) : "");
  }

  /** @param {number} left @param {number} top */
  drawRule(left, top) {
    this.rule.hidden = false;
    this.rule.style.left = `${left}px`;
    this.rule.style.top = `${top}px`;
  }

  /** @param {number} x */
  placeName(x) {
    if (this.axis === "time") return new Date(x).toLocaleString();
    if (this.axis === "relative") return duration(x);
    return `step ${grouped(Math.round(x))}`;
  }

  /** @param {number} x @param {number} y */
  place(x, y) {
    this.el.hidden = false;
    const [width, height] = [this.el.offsetWidth, this.el.offsetHeight];
    const isRoomRight = x + GAP + width <= this.element.clientWidth;
    const lowest = this.element.clientHeight - height;
    this.el.style.left = `${Math.max(0, isRoomRight ? x + GAP : x - GAP - width)}px`;
    this.el.style.top = `${Math.max(0, Math.min(y - height / 2, lowest))}px`;
  }

  hide() {
    this.el.hidden = true;
    this.rule.hidden = true;
  }
}

/** @param {LineRow[]} rows @param {(row: LineRow) => number} place */
function sortedBy(rows, place) {
  return [...rows].sort((a, b) => place(a) - place(b));
}

/** Where the inner rectangle of the plot is, in pixels of the window.
 *  @param {VegaView} view @param {HTMLElement} stage */
function plotOrigin(view, stage) {
  const svg = (stage.querySelector("svg") ?? stage).getBoundingClientRect();
  const [left, top] = view.origin();
  const padding = view.padding();
  const [width, height] = [view.scale("x").range()[1], view.scale("y").range()[0]];
  return { x: svg.left + left + padding.left, y: svg.top + top + padding.top, width, height };
}

/** @param {{ colour?: string, name: string, text: unknown, isBold?: boolean }} line */
function tipLine({ colour, name, text, isBold = false }) {
  const key = colour && h("span", { class: "nbt-tip-key", style: { background: colour } });
  return h(
    "div",
    { class: isBold ? "nbt-tip-line nbt-tip-near" : "nbt-tip-line" },
    key,
    h("span", { class: "nbt-tip-name" }, name),
    h("span", { class: "nbt-tip-value" }, String(text)),
  );
}
