// Two texts line by line: side by side where there is room, else one below the other.

import { focusable, h, redraw } from "../../shared/page/dom.js";
import { plural } from "../../shared/page/formats.js";
import { numbered, piecesOf } from "./code_lines.js";
import { narrowRows, wideRows } from "./code_rows.js";

/** @import { SignedLine } from "./messages.d.ts" */
/** @import { CodePiece } from "./compare_types.d.ts" */

const SIDE_BY_SIDE = 900; // pixels

export class LineDiff {
  /** `name` is for who cannot see what is compared.
   *  @param {string} name */
  constructor(name) {
    this.name = name;
    /** @type {SignedLine[]} */
    this.lines = [];
    /** Places of pieces.
     *  @type {Set<number>} */
    this.unfolded = new Set();
    this.isWide = false;
    this.el = h("div", {});
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.el);
  }

  /** @param {SignedLine[]} lines */
  show(lines) {
    if (lines === this.lines) return;
    this.lines = lines;
    this.unfolded = new Set();
    this.draw();
  }

  resized() {
    const isWide = this.el.clientWidth >= SIDE_BY_SIDE;
    if (isWide === this.isWide) return;
    this.isWide = isWide;
    this.draw();
  }

  draw() {
    const look = `nbt-diff ${this.isWide ? "nbt-diff-wide" : "nbt-diff-narrow"}`;
    const named = { class: look, "aria-label": "Differences line by line" };
    const rows = piecesOf(numbered(this.lines)).map((piece, n) => this.rows(piece, n));
    const table = h("table", named, this.columns(), h("tbody", {}, rows));
    const scroll = { tabindex: "0", role: "group", "aria-label": `Differences of ${this.name}` };
    redraw(this.el, focusable(h("div", { class: "nbt-diff-scroll", ...scroll }, table)));
  }

  columns() {
    const widths = this.isWide ? [38, 20, null, 38, 20, null] : [38, 38, 20, null];
    const column = (/** @type {number | null} */ width) =>
      h("col", { style: width ? { width: `${width}px` } : {} });
    return h("colgroup", {}, widths.map(column));
  }

  /** @param {CodePiece} piece @param {number} n */
  rows(piece, n) {
    if (piece.isFolded && !this.unfolded.has(n)) return this.fold(piece, n);
    return this.isWide ? wideRows(piece.lines) : narrowRows(piece.lines);
  }

  /** @param {CodePiece} piece @param {number} n */
  fold(piece, n) {
    const words = `${plural(piece.lines.length, "line")} the same`;
    const look = {
      class: "nbt-quiet nbt-text-button",
      type: "button",
      "data-key": `fold ${n}`,
      "aria-label": `Show ${words}`,
    };
    const onclick = () => this.unfold(n);
    const button = h("button", { ...look, onclick }, `⋯ ${words}`);
    const cell = h("td", { colspan: this.isWide ? 6 : 4 }, button);
    return h("tr", { class: "nbt-diff-fold" }, cell);
  }

  /** @param {number} n */
  unfold(n) {
    this.unfolded.add(n);
    this.draw();
  }

  close() {
    this.observer.disconnect();
  }
}
