// Runs side by side: what differs between them, in one table with a column for each.

import { append, focusable, h, reconcile, redraw } from "../../shared/page/dom.js";
import { grouped, plural, wordsOf } from "../../shared/page/formats.js";
import { CompareCode } from "./compare_code.js";
import { compareHeads } from "./compare_head.js";
import { ComparePictures } from "./compare_pictures.js";
import { sectionParts, wideRow } from "./compare_table.js";
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, Unchanged } from "./compare_messages.d.ts" */
/** @import { ShownSection } from "./compare_types.d.ts" */

const MOST_COMPARED = 20;

export class CompareView {
  /** Draws into `el`. `colourOf(runId)` is null where a run has no colour yet.
   *  @param {PanelHost} host @param {HTMLElement} el @param {{ colourOf?: ColourOf }} [options] */
  constructor(host, el, { colourOf = () => null } = {}) {
    Object.assign(this, {
      host,
      el,
      colourOf,
      content: null,
      runIds: [],
      baseline: "",
      closed: new Set(),
      full: new Map(),
    });
    Object.assign(this, { asked: "", stamp: "", remark: "" });
    this.onlyDiffering = null; // until there is something to judge by
    this.wasAsked = false; // by the box, not by the length of the comparison
    this.pictures = new ComparePictures(host, { changed: () => this.draw() });
    this.code = new CompareCode(host);
    this.message = h("div", { class: "nbt-compare-message", role: "status" });
    this.bar = h("div", { class: "nbt-compare-bar" });
    this.thead = h("thead");
    this.tbody = h("tbody");
    this.table = h(
      "table",
      { class: "nbt-compare-table", "aria-label": "Runs side by side" },
      this.thead,
      this.tbody,
    );
    this.scroll = focusable(
      h(
        "div",
        { class: "nbt-compare-scroll", tabindex: "0", role: "group", "aria-label": "Comparison" },
        this.table,
      ),
    );
    append(el, [this.message, this.bar, this.scroll]);
    this.say("");
  }

  /** Compare these; fewer than two are answered by what to do.
   *  @param {string[]} runIds @param {string | null} [baseline] */
  async show(runIds, baseline = this.baseline) {
    this.runIds = runIds.slice(0, MOST_COMPARED);
    this.baseline = this.runIds.includes(baseline) ? baseline : "";
    if (runIds.length < 2) return this.say(tooFewWords(runIds.length));
    const asked = { runs: this.runIds, baseline: this.baseline };
    const isSame = JSON.stringify(asked) === this.asked;
    this.asked = JSON.stringify(asked);
    this.remark =
      runIds.length > MOST_COMPARED
        ? `The first ${MOST_COMPARED} of ${grouped(runIds.length)} runs.`
        : "";
    try {
      this.take(
        await this.host.ask(
          "compare",
          { ...asked, stamp: isSame ? this.stamp : "" },
          { latest: "compare" },
        ),
      );
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
    this.bar.hidden = this.scroll.hidden = true;
  }

  /** Without sections it says that nothing has changed.
   *  @param {Comparison | Unchanged} content */
  take(content) {
    this.stamp = content.stamp;
    if (!content.sections && !this.scroll.hidden) return;
    if (content.sections) this.content = content;
    this.stand();
  }

  stand() {
    const { content } = this;
    if (!this.wasAsked) this.onlyDiffering = !content.isShort;
    this.say("");
    this.message.textContent = this.remark;
    this.message.hidden = !this.remark;
    this.bar.hidden = this.scroll.hidden = false;
    this.draw();
    this.code.show(content);
    this.pictures.read(content.runs.map((run) => run.run_id));
  }

  // --- what is shown

  /** Packages are many: the equal ones only for who asks.
   *  @param {ShownSection} section */
  isFull(section) {
    if (this.full.has(section.name)) return this.full.get(section.name);
    return !this.onlyDiffering && (this.wasAsked || section.name !== "environment");
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
    Object.assign(this, { onlyDiffering: isOnly, wasAsked: true });
    this.full.clear();
    this.draw();
  }

  /** @param {string} runId */
  makeBaseline(runId) {
    this.baseline = runId;
    this.show(this.runIds, runId);
  }

  // --- drawing

  draw() {
    if (!this.content) return;
    this.drawBar();
    const columns = this.content.runs.length;
    this.table.style.setProperty("--columns", columns);
    this.table.classList.toggle("nbt-large-pictures", this.pictures.isLarge);
    const heads = compareHeads(this.content, {
      colourOf: this.colourOf,
      makeBaseline: (runId) => this.makeBaseline(runId),
    });
    redraw(this.thead, heads);
    reconcile(this.tbody, this.parts());
  }

  drawBar() {
    const isOnly = this.onlyDiffering;
    const box = h("input", {
      type: "checkbox",
      checked: isOnly,
      "data-key": "only differences",
      onchange: (event) => this.showOnlyDiffering(event.target.checked),
    });
    const differing = this.content.sections.flatMap(({ lines }) =>
      lines.filter((line) => line.differs),
    ).length;
    const words = `${plural(this.content.runs.length, "run")} · ${differing ? plural(differing, "difference") : "no differences"}`;
    redraw(
      this.bar,
      h("label", { class: "nbt-compare-only" }, box, "only differences"),
      h("span", { class: "nbt-muted", role: "status" }, words),
    );
  }

  parts() {
    const parts = [];
    for (const section of this.content.sections) {
      parts.push(...sectionParts(this, section));
      if (section.name === "code" && !this.closed.has("code")) parts.push(this.codePart());
    }
    return [...parts, ...this.pictureParts()];
  }

  codePart() {
    const span = this.content.runs.length + 1;
    return {
      key: "code lines",
      looks: String(span),
      make: () => wideRow(span, "nbt-compare-code", this.code.el),
    };
  }

  pictureParts() {
    if (this.pictures.found.length === 0) return [];
    const head = sectionParts(this, this.pictures.section());
    return this.closed.has("pictures")
      ? head
      : [...head, ...this.pictures.parts(this.content.runs)];
  }

  close() {
    this.code.close();
  }
}

/** @param {number} count */
function tooFewWords(count) {
  if (count === 1)
    return "One run is ticked. Tick at least one more in the Runs tab to see them side by side.";
  return `Tick 2 to ${MOST_COMPARED} runs in the Runs tab to see them side by side.`;
}
