// What explains that a run is different from the baseline: causes, the likeliest first.

import { breakable } from "../../shared/page/breakable.js";
import { h, redraw } from "../../shared/page/dom.js";
import { grouped, wordsOf } from "../../shared/page/formats.js";
import { pairHead, pairOf } from "./compare_pair.js";
import { LineDiff } from "./line_diff.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Cause, CauseChange, Causes, Comparison } from "./messages.d.ts" */
/** @import { Pair, PairView } from "./compare_types.d.ts" */

const OPEN_AT_FIRST = 3; // texts that changed: of more, a click tells
const WORDS = { "~": "", "+": " added", "-": " removed", "=": "" };

export class CompareCauses {
  /** @param {PanelHost} host @param {PairView} view */
  constructor(host, view) {
    this.host = host;
    this.view = view;
    this.asked = "";
    /** @type {Causes | { trouble: string } | null} */
    this.answer = null;
    /** By the cause and the place of the change in it.
     *  @type {Map<string, LineDiff>} */
    this.diffs = new Map();
    /** Those that are not as they were at first.
     *  @type {Set<string>} */
    this.turned = new Set();
    /** @type {Pair | null} */
    this.pair = null;
    this.el = h("div", { class: "nbt-diff-box nbt-causes" });
  }

  section() {
    const named = { name: "causes", title: "What explains it" };
    return { ...named, lines: [], more: 0, isFolded: false, words: this.words() };
  }

  words() {
    const { answer } = this;
    if (!answer || "trouble" in answer) return " ";
    const count = answer.causes.length;
    if (count === 0) return "no difference was recorded";
    return count === 1 ? "1 cause was recorded" : `${count} causes, the likeliest first`;
  }

  /** @param {Comparison} content @param {() => void} changed */
  async show(content, changed) {
    const ids = content.runs.map((run) => run.run_id);
    const pair = pairOf(content, ids, this.view.chosen);
    this.pair = pair;
    if (!pair) return;
    const runs = { before: pair.before.run_id, after: pair.after.run_id };
    const asked = JSON.stringify([runs, content.stamp]);
    if (asked === this.asked) return this.draw(pair);
    this.asked = asked;
    try {
      this.take(await this.host.ask("compare_causes", runs, { latest: "causes" }));
    } catch (error) {
      this.answer = { trouble: wordsOf(error) };
    }
    changed();
  }

  /** @param {Causes} answer */
  take(answer) {
    this.close();
    this.answer = answer;
    this.diffs = new Map();
    this.turned = new Set();
    for (const cause of [...answer.causes, ...answer.harmless]) this.takeLines(cause);
  }

  /** @param {Cause} cause */
  takeLines({ part, title, changes }) {
    for (const [n, { key, lines }] of changes.entries()) {
      if (lines.length === 0) continue;
      const diff = new LineDiff(key || title);
      diff.show(lines);
      this.diffs.set(`${part} ${n}`, diff);
    }
  }

  // --- drawing

  /** @param {Pair} pair */
  draw(pair) {
    const name = "Run that is compared with the baseline";
    const head = pairHead(pair, this.view.choice("causes of", name), ["− A", "+ B"]);
    redraw(this.el, head, this.body());
  }

  body() {
    const { answer } = this;
    if (!answer) return h("span", { class: "nbt-muted" }, "reading…");
    if ("trouble" in answer) return h("div", { class: "nbt-error" }, answer.trouble);
    const { causes, harmless, doubts, gaps, same } = answer;
    const none = h("p", { class: "nbt-no-cause" }, "No difference was recorded.");
    return [
      causes.length > 0 ? h("ol", { class: "nbt-cause-list" }, causes.map(this.cause, this)) : none,
      harmless.length > 0 && remark("Cannot have moved a number", harmless.map(this.cause, this)),
      doubts.length > 0 && remark("Not proven the same", doubts),
      gaps.length > 0 && remark("Not captured", gaps),
      same.length > 0 && remark("The same", [same.join(", ")]),
    ];
  }

  /** @param {Cause} cause */
  cause({ part, title, changes, more }) {
    const shown = changes.map((change, n) => this.change(change, `${part} ${n}`));
    const rest = more > 0 && h("div", { class: "nbt-muted" }, `and ${grouped(more)} more`);
    const head = h("div", { class: "nbt-cause-title" }, title);
    return h("li", { "data-cause": part }, head, shown, rest);
  }

  /** @param {CauseChange} change @param {string} place */
  change(change, place) {
    const diff = this.diffs.get(place);
    if (!diff) return h("div", { class: "nbt-cause-change" }, plainWords(change));
    const first = [...this.diffs.keys()].indexOf(place) < OPEN_AT_FIRST;
    const isOpen = first !== this.turned.has(place);
    const cut = "Only the first lines are shown: the text is very long.";
    return h(
      "div",
      { class: "nbt-cause-change" },
      this.button(change, place, isOpen),
      isOpen && diff.el,
      isOpen && change.isCut && h("p", { class: "nbt-muted" }, cut),
    );
  }

  /** @param {CauseChange} change @param {string} place @param {boolean} isOpen */
  button({ sign, key, note }, place, isOpen) {
    const look = {
      class: "nbt-quiet nbt-section-button nbt-file-button",
      type: "button",
      "aria-expanded": String(isOpen),
      "data-key": `cause ${place}`,
      onclick: () => this.turn(place),
    };
    const caret = h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›");
    const named = key && h("bdi", {}, `${key}${WORDS[sign]}`);
    return h("button", look, caret, named, h("span", { class: "nbt-muted" }, note));
  }

  /** @param {string} place */
  turn(place) {
    if (!this.turned.delete(place)) this.turned.add(place);
    if (this.pair) this.draw(this.pair);
  }

  close() {
    for (const diff of this.diffs.values()) diff.close();
  }
}

/** max_depth  2 → 8
 *  @param {CauseChange} change */
function plainWords({ sign, key, before, after, note }) {
  const named = h("bdi", { class: "nbt-cause-key" }, breakable(key));
  const muted = note && h("span", { class: "nbt-muted" }, note);
  if (!before && !after && note) return [named, WORDS[sign], " ", muted];
  const was = h("span", { class: "nbt-cause-was" }, sign === "+" ? "–" : before);
  const is = h("b", {}, sign === "-" ? "–" : after);
  return [named, was, h("span", { class: "nbt-muted" }, "→"), is, muted];
}

/** @param {string} title @param {(string | HTMLElement)[]} lines */
function remark(title, lines) {
  const shown = lines.map((line) => h("div", {}, line));
  return h("div", { class: "nbt-cause-remark" }, h("div", { class: "nbt-muted" }, title), shown);
}
