// Tables and texts that several runs have logged under one path: what differs between two of them.

import { h, redraw } from "../../shared/page/dom.js";
import { grouped, plural, wordsOf } from "../../shared/page/formats.js";
import { pairHead, pairOf } from "./compare_pair.js";
import { wideRow } from "./compare_table.js";
import { LineDiff } from "./line_diff.js";
import { tableChanges } from "./table_changes.js";

/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, FileChanges, SharedFile } from "./messages.d.ts" */
/** @import { Pair, PairView } from "./compare_types.d.ts" */

const OPEN_AT_FIRST = 2; // files: of more, a click tells

export class CompareFiles {
  /** @param {PanelHost} host @param {PairView} view */
  constructor(host, view) {
    this.host = host;
    this.view = view;
    /** @type {SharedFile[]} */
    this.found = [];
    /** By path.
     *  @type {Map<string, CompareFile>} */
    this.files = new Map();
  }

  section() {
    const differing = this.differing.length;
    const words =
      differing === 0
        ? `${plural(this.found.length, "file")}, all the same`
        : `${grouped(differing)} of ${grouped(this.found.length)} differ`;
    const named = { name: "files", title: "Tables and texts" };
    return { ...named, lines: [], more: 0, isFolded: false, words };
  }

  get differing() {
    return this.found.filter(({ isSame }) => !isSame);
  }

  /** @param {Comparison} content @param {number} span @returns {Part[]} */
  parts(content, span) {
    const parts = this.differing.map((file, n) => this.part(content, file, { n, span }));
    const same = this.found.filter(({ isSame }) => isSame).map(({ path }) => path);
    return same.length > 0 ? [...parts, samePart(same, span)] : parts;
  }

  /** @param {Comparison} content @param {SharedFile} found
   *  @param {{ n: number, span: number }} place @returns {Part} */
  part(content, { path, runs }, { n, span }) {
    const known = this.files.get(path);
    const file = known ?? new CompareFile(this.host, this.view, path);
    if (!known) file.isOpen = n < OPEN_AT_FIRST;
    this.files.set(path, file);
    file.show(content, runs);
    const make = () => wideRow(span, "nbt-compare-file", file.el);
    return { key: `file ${path}`, looks: String(span), make };
  }

  close() {
    for (const file of this.files.values()) file.close();
  }
}

/** @param {string[]} paths @param {number} span @returns {Part} */
function samePart(paths, span) {
  const words = `The same in all that have them: ${paths.join(", ")}`;
  const make = () => wideRow(span, "nbt-compare-equal", h("span", { class: "nbt-muted" }, words));
  return { key: "same files", looks: JSON.stringify([words, span]), make };
}

class CompareFile {
  /** @param {PanelHost} host @param {PairView} view @param {string} path */
  constructor(host, view, path) {
    this.host = host;
    this.view = view;
    this.path = path;
    this.isOpen = false;
    this.asked = "";
    /** @type {FileChanges | { trouble: string } | null} */
    this.answer = null;
    /** @type {Pair | null} */
    this.pair = null;
    this.stamp = "";
    this.diff = new LineDiff(path);
    this.el = h("div", { class: "nbt-diff-box", "data-file": path });
  }

  /** @param {Comparison} content @param {string[]} owners */
  show(content, owners) {
    this.pair = pairOf(content, owners, this.view.chosen);
    this.stamp = content.stamp;
    this.draw();
    if (this.isOpen) this.ask();
  }

  async ask() {
    if (!this.pair) return;
    const runs = { before: this.pair.before.run_id, after: this.pair.after.run_id };
    const asked = JSON.stringify([runs, this.stamp]);
    if (asked === this.asked) return;
    this.asked = asked;
    try {
      const question = { path: this.path, ...runs };
      this.answer = await this.host.ask("compare_file", question, { latest: `file ${this.path}` });
    } catch (error) {
      this.answer = { trouble: wordsOf(error) };
    }
    this.draw();
  }

  turn() {
    this.isOpen = !this.isOpen;
    this.draw();
    if (this.isOpen) this.ask();
  }

  draw() {
    redraw(this.el, this.head(), this.isOpen && this.pair && this.body(this.pair));
  }

  head() {
    const look = {
      class: "nbt-quiet nbt-section-button nbt-file-button",
      type: "button",
      "aria-expanded": String(this.isOpen),
      "data-key": `file ${this.path}`,
      onclick: () => this.turn(),
    };
    const caret = h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›");
    return h("button", look, caret, h("bdi", {}, this.path));
  }

  /** @param {Pair} pair */
  body(pair) {
    const name = `Run whose ${this.path} is compared`;
    return [pairHead(pair, this.view.choice(`file of ${this.path}`, name)), this.changes()];
  }

  changes() {
    const { answer } = this;
    if (!answer) return h("span", { class: "nbt-muted" }, "reading…");
    if ("trouble" in answer) return h("div", { class: "nbt-error" }, answer.trouble);
    const words = h("p", { class: "nbt-muted nbt-change-words", role: "status" }, answer.words);
    if (answer.kind === "table") return [words, tableChanges(answer, this.path)];
    if (answer.kind === "none" || answer.lines.every(([sign]) => sign === "=")) return words;
    this.diff.show(answer.lines);
    return [words, this.diff.el];
  }

  close() {
    this.diff.close();
  }
}
