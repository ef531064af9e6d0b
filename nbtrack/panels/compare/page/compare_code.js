// The cells of two runs line by line: side by side where there is room, else one below the other.

import { focusable, h, redraw } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, RunHead, Sign, SourceLines } from "./compare_messages.d.ts" */
/** @import { CodePiece, NumberedLine } from "./compare_types.d.ts" */

const SIDE_BY_SIDE = 900; // pixels
const CONTEXT = 3; // equal lines that stay around a change
const SIGN_WORDS = { "-": "removed", "+": "added" };

export class CompareCode {
  /** @param {PanelHost} host */
  constructor(host) {
    Object.assign(this, { host, asked: "", answer: null, unfolded: new Set(), chosen: null });
    this.el = h("div", { class: "nbt-diff-box" });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.el);
  }

  /** The runs whose cells can be seen beside the baseline's; null where there is nothing to see.
   *  @param {Comparison} content */
  choices({ runs, baseline }) {
    if (!runs[baseline].has_source) return [];
    return runs.filter((run, n) => n !== baseline && run.has_source);
  }

  /** @param {Comparison} content */
  async show(content) {
    const others = this.choices(content);
    this.content = content;
    if (others.length === 0) return this.draw();
    if (!others.some((run) => run.run_id === this.chosen))
      this.chosen = this.firstOther(content, others).run_id;
    const asked = { before: content.runs[content.baseline].run_id, after: this.chosen };
    if (JSON.stringify(asked) === this.asked) return this.draw();
    this.asked = JSON.stringify(asked);
    Object.assign(this, { answer: null, unfolded: new Set() });
    try {
      this.answer = await this.host.ask("compare_source", asked, { latest: "source" });
    } catch (error) {
      this.answer = { trouble: wordsOf(error) };
    }
    this.draw();
  }

  /** One whose cell is another.
   *  @param {Comparison} content @param {RunHead[]} others */
  firstOther(content, others) {
    const line = content.sections.find(({ name }) => name === "code")?.lines[0];
    return others.find((run) => line?.values[content.runs.indexOf(run)][3]) || others[0];
  }

  resized() {
    const isWide = this.el.clientWidth >= SIDE_BY_SIDE;
    if (isWide !== this.isWide) {
      this.isWide = isWide;
      this.draw();
    }
  }

  draw() {
    if (!this.content) return;
    const others = this.choices(this.content);
    const none = () =>
      h("span", { class: "nbt-muted" }, "There is no cell to see beside the baseline's.");
    if (others.length === 0) return redraw(this.el, none());
    redraw(this.el, this.chooser(others), this.lines());
  }

  /** @param {RunHead[]} others */
  chooser(others) {
    const base = this.content.runs[this.content.baseline];
    const select = h(
      "select",
      {
        class: "nbt-field nbt-select",
        "aria-label": "Run whose cell is compared with the baseline's",
        "data-key": "code of",
        onchange: () => this.choose(select.value),
      },
      others.map((run) =>
        h("option", { value: run.run_id, selected: run.run_id === this.chosen }, run.label),
      ),
    );
    const after = others.length > 1 ? select : h("bdi", {}, others[0].label);
    return h(
      "div",
      { class: "nbt-diff-head" },
      h("span", { class: "nbt-removed-sign" }, "−"),
      h("bdi", {}, base.label),
      h("span", { class: "nbt-muted" }, "baseline"),
      h("span", { class: "nbt-added-sign" }, "+"),
      after,
    );
  }

  /** @param {string} runId */
  choose(runId) {
    this.chosen = runId;
    this.show(this.content);
  }

  lines() {
    if (!this.answer) return h("span", { class: "nbt-muted" }, "reading…");
    if (this.answer.trouble) return h("div", { class: "nbt-error" }, this.answer.trouble);
    const { lines, isCut } = this.answer;
    if (lines.every(([sign]) => sign === "=")) {
      return h(
        "span",
        { class: "nbt-muted" },
        `The cells are the same (${plural(lines.length, "line")}).`,
      );
    }
    const cut =
      isCut &&
      h("p", { class: "nbt-muted" }, "Only the first lines are compared: the cells are very long.");
    return [this.table(lines), cut];
  }

  /** @param {SourceLines["lines"]} lines */
  table(lines) {
    const look = `nbt-diff ${this.isWide ? "nbt-diff-wide" : "nbt-diff-narrow"}`;
    const named = { class: look, "aria-label": "Differences line by line" };
    const table = h("table", named, this.columns(), h("tbody", {}, this.rows(numbered(lines))));
    const scroll = {
      class: "nbt-diff-scroll",
      tabindex: "0",
      role: "group",
      "aria-label": "Differences of the cells",
    };
    return focusable(h("div", scroll, table));
  }

  columns() {
    const widths = this.isWide ? [38, 20, null, 38, 20, null] : [38, 38, 20, null];
    return h(
      "colgroup",
      {},
      widths.map((width) => h("col", { style: width ? { width: `${width}px` } : {} })),
    );
  }

  /** @param {NumberedLine[]} lines */
  rows(lines) {
    return piecesOf(lines).map((piece, n) => {
      if (piece.isFolded && !this.unfolded.has(n)) return this.fold(piece, n);
      return this.isWide ? piece.lines.map(wideLine) : narrowLines(piece.lines);
    });
  }

  /** @param {CodePiece} piece @param {number} n */
  fold(piece, n) {
    const open = () => {
      this.unfolded.add(n);
      this.draw();
    };
    const words = `${plural(piece.lines.length, "line")} the same`;
    const named = { "data-key": `fold ${n}`, "aria-label": `Show ${words}` };
    const button = h(
      "button",
      { class: "nbt-quiet nbt-text-button", type: "button", onclick: open, ...named },
      `⋯ ${words}`,
    );
    return h("tr", { class: "nbt-diff-fold" }, h("td", { colspan: this.isWide ? 6 : 4 }, button));
  }

  close() {
    this.observer.disconnect();
  }
}

/** {sign, before, after, left, right}: with the number of the line in each of the cells.
 *  @param {SourceLines["lines"]} lines */
function numbered(lines) {
  let left = 0;
  let right = 0;
  return lines.map(([sign, before, after]) => ({
    sign,
    before,
    after,
    left: before === null ? "" : ++left,
    right: after === null ? "" : ++right,
  }));
}

/** Runs of lines; the equal ones that are far from any change are folded.
 *  @param {NumberedLine[]} lines */
function piecesOf(lines) {
  const isNear = lines.map((_, n) =>
    lines.slice(Math.max(0, n - CONTEXT), n + CONTEXT + 1).some(({ sign }) => sign !== "="),
  );
  const pieces = [];
  for (const [n, line] of lines.entries()) {
    const last = pieces[pieces.length - 1];
    if (last && last.isFolded === !isNear[n]) last.lines.push(line);
    else pieces.push({ isFolded: !isNear[n], lines: [line] });
  }
  return pieces.map((piece) => (piece.lines.length > 1 ? piece : { ...piece, isFolded: false }));
}

/** @param {NumberedLine} line */
function wideLine({ sign, before, after, left, right }) {
  const removed = sign === "~" || sign === "-";
  const added = sign === "~" || sign === "+";
  return h(
    "tr",
    {},
    diffSide(left, removed ? "-" : "=", before),
    diffSide(right, added ? "+" : "=", after),
  );
}

/** @param {number | ""} number @param {Sign} sign @param {string | null} text */
function diffSide(number, sign, text) {
  const look = text === null ? "nbt-diff-none" : DIFF_LOOKS[sign];
  const content = h("td", { class: `nbt-diff-text ${look}` }, text ?? "");
  return [
    h("td", { class: `nbt-diff-number ${look}` }, number),
    diffSign(text === null ? "=" : sign, look),
    content,
  ];
}

const DIFF_LOOKS = { "=": "nbt-diff-equal", "-": "nbt-diff-removed", "+": "nbt-diff-added" };

/** @param {Sign} sign @param {string} look */
function diffSign(sign, look) {
  const words =
    SIGN_WORDS[sign] && h("span", { class: "nbt-hidden-words" }, `${SIGN_WORDS[sign]} `);
  return h(
    "td",
    { class: `nbt-diff-sign ${look}` },
    words,
    h("span", { "aria-hidden": words ? "true" : null }, { "-": "−", "+": "+" }[sign] || ""),
  );
}

/** What went, then what came in its place.
 *  @param {NumberedLine[]} lines */
function narrowLines(lines) {
  const rows = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && lines[end].sign !== "=") end++;
    const changed = lines.slice(at, end);
    rows.push(
      ...changed
        .filter((line) => line.before !== null)
        .map((line) => narrowLine(line.left, "", "-", line.before)),
    );
    rows.push(
      ...changed
        .filter((line) => line.after !== null)
        .map((line) => narrowLine("", line.right, "+", line.after)),
    );
    if (end < lines.length)
      rows.push(narrowLine(lines[end].left, lines[end].right, "=", lines[end].before));
    at = end + 1;
  }
  return rows;
}

/** @param {number | ""} left @param {number | ""} right @param {Sign} sign
 *  @param {string | null} text */
function narrowLine(left, right, sign, text) {
  const look = DIFF_LOOKS[sign];
  const number = (n) => h("td", { class: `nbt-diff-number ${look}` }, n);
  return h(
    "tr",
    {},
    number(left),
    number(right),
    diffSign(sign, look),
    h("td", { class: `nbt-diff-text ${look}` }, text),
  );
}
