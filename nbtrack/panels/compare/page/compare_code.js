// The cells of two runs line by line: side by side where there is room, else one below the other.

import { focusable, h, redraw } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { numbered, piecesOf } from "./code_lines.js";
import { narrowRows, wideRows } from "./code_rows.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, RunHead, SourceLines } from "./messages.d.ts" */
/** @import { CodePiece, NumberedLine } from "./compare_types.d.ts" */

const SIDE_BY_SIDE = 900; // pixels

export class CompareCode {
  /** @param {PanelHost} host */
  constructor(host) {
    this.host = host;
    this.asked = "";
    /** @type {SourceLines | { trouble: string } | null} */
    this.answer = null;
    /** Places of pieces.
     *  @type {Set<number>} */
    this.unfolded = new Set();
    /** The run beside the baseline.
     *  @type {string | null} */
    this.chosen = null;
    /** @type {Comparison | null} */
    this.content = null;
    this.isWide = false;
    this.el = h("div", { class: "nbt-diff-box" });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.el);
  }

  /** @param {Comparison} content */
  async show(content) {
    const others = choices(content);
    this.content = content;
    if (others.length === 0) return this.draw();
    if (!others.some((run) => run.run_id === this.chosen)) {
      this.chosen = firstOther(content, others).run_id;
    }
    const asked = { before: baselineOf(content).run_id, after: this.chosen ?? "" };
    if (JSON.stringify(asked) === this.asked) return this.draw();
    this.asked = JSON.stringify(asked);
    this.answer = null;
    this.unfolded = new Set();
    try {
      this.answer = await this.host.ask("compare_source", asked, { latest: "source" });
    } catch (error) {
      this.answer = { trouble: wordsOf(error) };
    }
    return this.draw();
  }

  resized() {
    const isWide = this.el.clientWidth >= SIDE_BY_SIDE;
    if (isWide === this.isWide) return;
    this.isWide = isWide;
    this.draw();
  }

  draw() {
    const { content } = this;
    if (!content) return;
    const others = choices(content);
    const none = "There is no cell to see beside the baseline's.";
    if (others.length === 0) redraw(this.el, h("span", { class: "nbt-muted" }, none));
    else redraw(this.el, this.head(content, others), this.lines());
  }

  /** @param {Comparison} content @param {RunHead[]} others */
  head(content, others) {
    return h(
      "div",
      { class: "nbt-diff-head" },
      h("span", { class: "nbt-removed-sign" }, "−"),
      h("bdi", {}, baselineOf(content).label),
      h("span", { class: "nbt-muted" }, "baseline"),
      h("span", { class: "nbt-added-sign" }, "+"),
      others.length > 1 ? this.chooser(content, others) : h("bdi", {}, others[0].label),
    );
  }

  /** @param {Comparison} content @param {RunHead[]} others */
  chooser(content, others) {
    const options = others.map((run) =>
      h("option", { value: run.run_id, selected: run.run_id === this.chosen }, run.label),
    );
    const named = {
      "aria-label": "Run whose cell is compared with the baseline's",
      "data-key": "code of",
    };
    return h(
      "select",
      {
        class: "nbt-field nbt-select",
        ...named,
        onchange: ({ target }) => {
          this.chosen = target.value;
          this.show(content);
        },
      },
      options,
    );
  }

  // --- the lines

  lines() {
    const { answer } = this;
    if (!answer) return h("span", { class: "nbt-muted" }, "reading…");
    if ("trouble" in answer) return h("div", { class: "nbt-error" }, answer.trouble);
    const { lines, isCut } = answer;
    if (lines.every(([sign]) => sign === "=")) {
      const words = `The cells are the same (${plural(lines.length, "line")}).`;
      return h("span", { class: "nbt-muted" }, words);
    }
    const cut = "Only the first lines are compared: the cells are very long.";
    return [this.table(numbered(lines)), isCut && h("p", { class: "nbt-muted" }, cut)];
  }

  /** @param {NumberedLine[]} lines */
  table(lines) {
    const look = `nbt-diff ${this.isWide ? "nbt-diff-wide" : "nbt-diff-narrow"}`;
    const named = { class: look, "aria-label": "Differences line by line" };
    const rows = piecesOf(lines).map((piece, n) => this.rows(piece, n));
    const table = h("table", named, this.columns(), h("tbody", {}, rows));
    const scroll = { tabindex: "0", role: "group", "aria-label": "Differences of the cells" };
    return focusable(h("div", { class: "nbt-diff-scroll", ...scroll }, table));
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
    const button = h(
      "button",
      {
        class: "nbt-quiet nbt-text-button",
        type: "button",
        "data-key": `fold ${n}`,
        "aria-label": `Show ${words}`,
        onclick: () => {
          this.unfolded.add(n);
          this.draw();
        },
      },
      `⋯ ${words}`,
    );
    const cell = h("td", { colspan: this.isWide ? 6 : 4 }, button);
    return h("tr", { class: "nbt-diff-fold" }, cell);
  }

  close() {
    this.observer.disconnect();
  }
}

/** @param {Comparison} content */
function baselineOf({ runs, baseline }) {
  return runs[baseline];
}

/** The runs whose cells can be seen beside the baseline's.
 *  @param {Comparison} content */
function choices({ runs, baseline }) {
  if (!runs[baseline].has_source) return [];
  return runs.filter((run, n) => n !== baseline && run.has_source);
}

/** One whose cell is another.
 *  @param {Comparison} content @param {RunHead[]} others */
function firstOther(content, others) {
  const line = content.sections.find(({ name }) => name === "code")?.lines[0];
  return others.find((run) => line?.values[content.runs.indexOf(run)][3]) ?? others[0];
}
