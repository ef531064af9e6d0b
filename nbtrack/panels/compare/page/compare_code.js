// The cells of two runs line by line.

import { h, redraw } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { pairHead, pairOf } from "./compare_pair.js";
import { LineDiff } from "./line_diff.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, RunHead, SourceLines } from "./messages.d.ts" */
/** @import { Pair, PairView } from "./compare_types.d.ts" */

export class CompareCode {
  /** @param {PanelHost} host @param {PairView} view */
  constructor(host, view) {
    this.host = host;
    this.view = view;
    this.asked = "";
    /** @type {SourceLines | { trouble: string } | null} */
    this.answer = null;
    this.diff = new LineDiff("the cells");
    this.el = h("div", { class: "nbt-diff-box" });
  }

  /** @param {Comparison} content */
  async show(content) {
    const pair = sourcePair(content, this.view.chosen);
    if (!pair) return this.drawNone();
    const asked = { before: pair.before.run_id, after: pair.after.run_id };
    if (JSON.stringify(asked) === this.asked) return this.draw(pair);
    this.asked = JSON.stringify(asked);
    this.answer = null;
    try {
      this.answer = await this.host.ask("compare_source", asked, { latest: "source" });
    } catch (error) {
      this.answer = { trouble: wordsOf(error) };
    }
    return this.draw(pair);
  }

  drawNone() {
    const words = "There is no cell to see beside the baseline's.";
    redraw(this.el, h("span", { class: "nbt-muted" }, words));
  }

  /** @param {Pair} pair */
  draw(pair) {
    const name = "Run whose cell is compared with the baseline's";
    redraw(this.el, pairHead(pair, this.view.choice("code of", name)), this.lines());
  }

  lines() {
    const { answer } = this;
    if (!answer) return h("span", { class: "nbt-muted" }, "reading…");
    if ("trouble" in answer) return h("div", { class: "nbt-error" }, answer.trouble);
    const { lines, isCut } = answer;
    if (lines.every(([sign]) => sign === "=")) {
      const words = `The cells are the same (${plural(lines.length, "line")}).`;
      return h("span", { class: "nbt-muted" }, words);
    }
    this.diff.show(lines);
    const cut = "Only the first lines are compared: the cells are very long.";
    return [this.diff.el, isCut && h("p", { class: "nbt-muted" }, cut)];
  }

  close() {
    this.diff.close();
  }
}

/** Unless somebody chose, beside the baseline one whose cell is another.
 *  @param {Comparison} content @param {string} chosen */
function sourcePair(content, chosen) {
  const { runs, baseline } = content;
  if (!runs[baseline].has_source) return null;
  const owners = runs.filter((run) => run.has_source).map((run) => run.run_id);
  const pair = pairOf(content, owners, chosen);
  if (!pair || pair.after.run_id === chosen) return pair;
  return { ...pair, after: firstOther(content, pair.others) };
}

/** @param {Comparison} content @param {RunHead[]} others */
function firstOther(content, others) {
  const line = content.sections.find(({ name }) => name === "code")?.lines[0];
  return others.find((run) => line?.values[content.runs.indexOf(run)][3]) ?? others[0];
}
