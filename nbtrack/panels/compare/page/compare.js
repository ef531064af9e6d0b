// Runs side by side: what differs between them, in one table with a column for each.

import { append, focusable, h, reconcile, redraw } from "../../shared/page/dom.js";
import { grouped, plural, wordsOf } from "../../shared/page/formats.js";
import { CompareCauses } from "./compare_causes.js";
import { CompareFiles } from "./compare_files.js";
import { compareHeads } from "./compare_head.js";
import { ComparePictures } from "./compare_pictures.js";
import { sectionParts, wideRow } from "./compare_table.js";

/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, RunHead, SharedFile, Unchanged } from "./messages.d.ts" */
/** @import { ColourOf, PairChoice, ShownSection } from "./compare_types.d.ts" */

const MOST_COMPARED = 20;
const OUTCOMES = ["errors", "metrics", "training"]; // sections: the others may explain them

export class CompareView {
  /** Draws into `el`. `colourOf(runId)` is null where a run has no colour yet.
   *  @param {PanelHost} host @param {HTMLElement} el @param {{ colourOf?: ColourOf }} [options] */
  constructor(host, el, { colourOf = () => null } = {}) {
    this.host = host;
    this.colourOf = colourOf;
    /** @type {Comparison | null} */
    this.content = null;
    /** @type {string[]} */
    this.runIds = [];
    this.baseline = "";
    /** Names of sections.
     *  @type {Set<string>} */
    this.closed = new Set();
    /** Names of sections that came folded: they stay as somebody left them.
     *  @type {Set<string>} */
    this.folded = new Set();
    /** By name of a section, what somebody chose.
     *  @type {Map<string, boolean>} */
    this.full = new Map();
    this.asked = "";
    this.stamp = "";
    this.remark = "";
    this.onlyDiffering = false;
    this.wasAsked = false; // by the box, not by the length of the comparison
    /** The run that somebody wants to see beside the baseline, in code, files and pictures alike. */
    this.chosen = "";
    this.askedFiles = "";
    this.pictures = new ComparePictures(host, this, { changed: () => this.draw() });
    this.files = new CompareFiles(host, this);
    this.causes = new CompareCauses(host, this);
    this.message = h("div", { class: "nbt-compare-message", role: "status" });
    this.bar = h("div", { class: "nbt-compare-bar" });
    this.thead = h("thead");
    this.tbody = h("tbody");
    const table = { class: "nbt-compare-table", "aria-label": "Runs side by side" };
    this.table = h("table", table, this.thead, this.tbody);
    const scroll = { class: "nbt-compare-scroll", role: "group", "aria-label": "Comparison" };
    this.scroll = focusable(h("div", { ...scroll, tabindex: "0" }, this.table));
    append(el, [this.message, this.bar, this.scroll]);
    this.say("");
  }

  /** Compare these; fewer than two are answered by what to do.
   *  @param {string[]} runIds @param {string | null} [baseline] */
  async show(runIds, baseline = this.baseline) {
    this.runIds = runIds.slice(0, MOST_COMPARED);
    this.baseline = baseline && this.runIds.includes(baseline) ? baseline : "";
    if (runIds.length < 2) this.say(tooFewWords(runIds.length));
    else await this.ask(cutWords(runIds.length));
  }

  /** @param {string} remark */
  async ask(remark) {
    const asked = { runs: this.runIds, baseline: this.baseline };
    const isSame = JSON.stringify(asked) === this.asked;
    this.asked = JSON.stringify(asked);
    this.remark = remark;
    const stamp = isSame ? this.stamp : "";
    try {
      this.take(await this.host.ask("compare", { ...asked, stamp }, { latest: "compare" }));
    } catch (error) {
      this.stamp = "";
      this.say(wordsOf(error), { isError: true });
    }
  }

  /** @param {string} words @param {{ isError?: boolean }} [options] */
  say(words, { isError = false } = {}) {
    this.message.textContent = words;
    this.message.classList.toggle("nbt-error", isError);
    this.message.hidden = !words;
    this.bar.hidden = true;
    this.scroll.hidden = true;
  }

  /** @param {Comparison | Unchanged} answer */
  take(answer) {
    this.stamp = answer.stamp;
    if ("sections" in answer) this.stand(answer);
    else if (this.content && this.scroll.hidden) this.stand(this.content);
  }

  /** @param {Comparison} content */
  stand(content) {
    this.content = content;
    this.foldNew(content);
    if (!this.wasAsked) this.onlyDiffering = !content.isShort;
    this.say("");
    this.message.textContent = this.remark;
    this.message.hidden = !this.remark;
    this.bar.hidden = false;
    this.scroll.hidden = false;
    this.draw();
    this.readFiles(content);
  }

  /** Which there are, asked once for the same state of the runs: one that goes on may log more.
   *  @param {Comparison} content */
  async readFiles(content) {
    const runs = content.runs.map((run) => run.run_id);
    const asked = JSON.stringify([runs, content.stamp]);
    if (asked === this.askedFiles) return;
    this.askedFiles = asked;
    /** @type {SharedFile[]} */
    let found = [];
    try {
      found = await this.host.ask("compare_files", { runs }, { latest: "files" });
    } catch {
      // the comparison itself says what is wrong
    }
    this.pictures.found = found.filter(({ kind }) => kind === "picture");
    this.files.found = found.filter(({ kind }) => kind === "text");
    this.draw();
  }

  /** @param {Comparison} content */
  foldNew({ sections }) {
    for (const { name, isFolded } of sections) {
      if (isFolded && !this.folded.has(name)) this.closed.add(name);
      if (isFolded) this.folded.add(name);
    }
  }

  // --- what is shown

  /** Packages are many: the equal ones only for who asks.
   *  @param {ShownSection} section */
  isFull(section) {
    if (section.isFolded) return this.full.get(section.name) ?? true;
    const isUsual = !this.onlyDiffering && (this.wasAsked || section.name !== "environment");
    return this.full.get(section.name) ?? isUsual;
  }

  /** @param {ShownSection} section */
  toggleFull(section) {
    this.full.set(section.name, !this.isFull(section));
    this.draw();
  }

  /** @param {string} name */
  fold(name) {
    if (!this.closed.delete(name)) this.closed.add(name);
    this.draw();
  }

  /** @param {boolean} isOnly */
  showOnlyDiffering(isOnly) {
    this.onlyDiffering = isOnly;
    this.wasAsked = true;
    this.full.clear();
    this.draw();
  }

  /** @param {string} runId */
  makeBaseline(runId) {
    this.baseline = runId;
    this.show(this.runIds, runId);
  }

  /** @param {string} key @param {string} name @returns {PairChoice} */
  choice(key, name) {
    const isBaseline = (/** @type {RunHead} */ run) => {
      const { content } = this;
      return content !== null && run === content.runs[content.baseline];
    };
    return { key, name, isBaseline, choose: (runId) => this.choose(runId) };
  }

  /** @param {string} runId */
  choose(runId) {
    this.chosen = runId;
    this.draw();
  }

  // --- drawing

  draw() {
    const { content } = this;
    if (!content) return;
    this.drawBar(content);
    this.table.style.setProperty("--columns", String(content.runs.length));
    this.table.classList.toggle("nbt-large-pictures", this.pictures.isLarge);
    const heads = compareHeads(content, {
      colourOf: this.colourOf,
      makeBaseline: (runId) => this.makeBaseline(runId),
    });
    redraw(this.thead, heads);
    reconcile(this.tbody, this.parts(content));
    this.causes.show(content, () => this.draw());
  }

  /** @param {Comparison} content */
  drawBar({ runs, sections }) {
    const isOnly = this.onlyDiffering;
    const box = h("input", {
      type: "checkbox",
      checked: isOnly,
      "data-key": "only differences",
      onchange: (event) => this.showOnlyDiffering(event.target.checked),
    });
    const all = sections.flatMap(({ lines, isFolded }) => (isFolded ? [] : lines));
    const count = all.filter((line) => line.differs).length;
    const found = count ? plural(count, "difference") : "no differences";
    const words = `${plural(runs.length, "run")} · ${found}`;
    redraw(
      this.bar,
      h("label", { class: "nbt-compare-only" }, box, "only differences"),
      h("span", { class: "nbt-muted", role: "status" }, words),
    );
  }

  /** @param {Comparison} content */
  parts(content) {
    const span = content.runs.length + 1;
    const isOutcome = (/** @type {ShownSection} */ { name }) => OUTCOMES.includes(name);
    const outcomes = content.sections.filter(isOutcome);
    const others = content.sections.filter((section) => !isOutcome(section));
    return [
      ...outcomes.flatMap((section) => sectionParts(this, section, span)),
      ...this.causeParts(span),
      ...others.flatMap((section) => sectionParts(this, section, span)),
      ...this.pictureParts(content, span),
      ...this.fileParts(content, span),
    ];
  }

  /** @param {number} span @returns {Part[]} */
  causeParts(span) {
    const head = sectionParts(this, this.causes.section(), span);
    if (this.closed.has("causes")) return head;
    const make = () => wideRow(span, "nbt-compare-causes", this.causes.el);
    return [...head, { key: "causes", looks: String(span), make }];
  }

  /** @param {Comparison} content @param {number} span */
  pictureParts(content, span) {
    if (this.pictures.found.length === 0) return [];
    const head = sectionParts(this, this.pictures.section(), span);
    return this.closed.has("pictures") ? head : [...head, ...this.pictures.parts(content)];
  }

  /** @param {Comparison} content @param {number} span */
  fileParts(content, span) {
    if (this.files.found.length === 0) return [];
    const head = sectionParts(this, this.files.section(), span);
    return this.closed.has("files") ? head : [...head, ...this.files.parts(content, span)];
  }

  close() {
    this.files.close();
    this.causes.close();
  }
}

/** @param {number} count */
function cutWords(count) {
  const isCut = count > MOST_COMPARED;
  return isCut ? `The first ${MOST_COMPARED} of ${grouped(count)} runs.` : "";
}

/** @param {number} count */
function tooFewWords(count) {
  if (count === 1)
    return "One run is ticked. Tick at least one more in the Runs tab to see them side by side.";
  return `Tick 2 to ${MOST_COMPARED} runs in the Runs tab to see them side by side.`;
}
