// Charts in which each run is one point or one line. A brush ticks the runs that it covers.

import { h } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { afterDrag } from "./chart_controls.js";
import { MountedChart } from "./chart_host.js";
import { isEmpty } from "./rows.js";
import { importanceControls, parallelControls, scatterControls } from "./run_chart_controls.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { BrushAsked, Importance, PackedRows, Parallel, Scatter } from "./messages.d.ts" */
/** @import { Chosen, Range, RunChartKind, Say, Spec } from "./chart_types.d.ts" */

const REFRESH_PAUSE = 1500; // milliseconds: these charts are about finished runs

/** @type {RunChartKind} */
export const SCATTER = {
  question: "scatter",
  controls: scatterControls,
  hint: "Drag over points to tick their runs.",
};

/** @type {RunChartKind} */
export const PARALLEL = {
  question: "parallel",
  controls: parallelControls,
  hint: "Drag over lines to tick their runs.",
};

/** @type {RunChartKind} */
export const IMPORTANCE = { question: "importance", controls: importanceControls, hint: "" };

export class RunChartView {
  /** @param {PanelHost} host @param {RunsState} state @param {Say} status
   *  @param {RunChartKind} kind */
  constructor(host, state, status, kind) {
    this.host = host;
    this.state = state;
    this.status = status;
    this.kind = kind;
    /** What the user chose.
     *  @type {Chosen} */
    this.wanted = {};
    /** What is drawn.
     *  @type {Chosen} */
    this.chosen = {};
    this.experiments = JSON.stringify(state.asked.experiments);
    this.isOpen = false;
    this.isBrushed = false;
    this.isTicking = false; // by the brush
    /** @type {MountedChart | undefined} */
    this.chart = undefined;
    this.form = ""; // of the spec that is drawn
    this.chooser = kind.controls(this);
    this.controls = [this.chooser.el];
    const skeleton = h("div", { class: "nbt-skeleton", "aria-hidden": "true" }, h("div", {}));
    const look = { class: `nbt-card-body nbt-wide-chart nbt-wide-${kind.question}` };
    this.stage = h("div", look, skeleton);
    this.words = h("span", {});
    this.unbrush = this.makeUnbrush();
    this.method = h("div", { class: "nbt-muted nbt-method" });
    this.el = h("div", {}, this.stage, this.brushLine(), this.method);
    this.refreshLater = afterPause(REFRESH_PAUSE, () => this.refresh());
    state.on("page", () => this.turned());
    state.on("ticked", (ids) => this.ticked(ids));
    state.on("keys", () => this.isOpen && this.chooser.draw());
  }

  open() {
    this.isOpen = true;
    if (!this.chart) this.status("drawing charts…");
    return this.ask();
  }

  hide() {
    this.isOpen = false;
  }

  close() {
    this.chart?.destroy();
  }

  /** @param {Chosen} changes */
  set(changes) {
    this.wanted = { ...this.wanted, ...changes };
    this.chosen = { ...this.chosen, ...changes };
    if (this.isBrushed) this.forgetBrush();
    return this.ask();
  }

  /** In another experiment other columns say something. */
  turned() {
    const experiments = JSON.stringify(this.state.asked.experiments);
    if (experiments !== this.experiments) Object.assign(this, { experiments, wanted: {} });
    if (this.isOpen) this.refreshLater();
  }

  // --- drawing

  makeUnbrush() {
    return h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        hidden: true,
        "data-key": `clear brush ${this.kind.question}`,
        onclick: () => this.clearBrush(),
      },
      "Clear brush",
    );
  }

  brushLine() {
    const look = { class: "nbt-brush-line nbt-muted", hidden: !this.kind.hint };
    return h("div", look, this.words, this.unbrush);
  }

  refresh() {
    if (this.isOpen && !this.isBrushed) this.ask();
  }

  async ask() {
    const { question } = this.kind;
    const args = { ...this.wanted, places: this.state.placesOf(this.state.ticked) };
    try {
      const answer = await this.host.ask(question, args, { latest: question });
      if (this.isOpen) await this.take(answer);
    } catch (error) {
      this.chooser.draw();
      this.status(wordsOf(error));
    }
  }

  /** @param {Scatter | Parallel | Importance} answer */
  async take(answer) {
    const { form, spec, rows, note, chosen } = answer;
    this.chosen = chosen;
    this.chooser.draw();
    this.method.textContent = "method" in answer ? answer.method : "";
    if (form === this.form && this.chart) await this.chart.update(rows);
    else await this.mount(form, spec, rows);
    if (this.state.ticked.length) this.chart?.choose(this.state.ticked);
    this.say();
    this.status(note);
  }

  /** @param {string} form @param {Spec} spec @param {PackedRows} rows */
  async mount(form, spec, rows) {
    this.chart?.destroy();
    const el = h("div", {});
    this.stage.replaceChildren(el);
    this.form = form;
    /** @param {string} name @param {Range} range */
    const brush = (name, range) => name === "picked" && this.brush(range);
    this.chart = new MountedChart(this.host, el, spec, rows, { onSignal: afterDrag(el, brush) });
    await this.chart.ready;
    this.stage.dataset.drawn = this.kind.question;
  }

  // --- the brush

  /** @param {Range} range */
  async brush(range) {
    if (isEmpty(range)) {
      if (this.isBrushed) this.clearBrush();
      return;
    }
    this.isBrushed = true;
    const { ids } = await this.host.ask("brush", this.brushed(range), { latest: "brush" });
    this.tick(ids);
    this.chart?.choose(ids);
    this.say(`${plural(ids.length, "run")} ticked.`);
  }

  /** @param {Range} range @returns {BrushAsked} */
  brushed({ x, y }) {
    const { chosen } = this;
    if (this.kind === PARALLEL) return { axes: chosen.axes, x, y };
    /** @type {BrushAsked["ranges"]} */
    const ranges = {};
    if (x && chosen.x) ranges[chosen.x] = x;
    if (y && chosen.y) ranges[chosen.y] = y;
    return { ranges };
  }

  /** @param {string[]} ids */
  tick(ids) {
    this.isTicking = true;
    this.state.setTicked(ids);
    this.state.tellTicked();
    this.isTicking = false;
  }

  clearBrush() {
    this.forgetBrush();
    this.tick([]);
  }

  /** Somebody ticked other runs: then the brush says nothing any more.
   *  @param {string[]} ids */
  ticked(ids) {
    if (this.isTicking || !this.chart) return;
    if (this.isBrushed) this.forgetBrush();
    this.chart.choose(ids.length ? ids : null);
    this.say();
    if (this.isOpen && this.chosen.colour === "") this.ask();
  }

  forgetBrush() {
    this.isBrushed = false;
    this.chart?.clear();
    this.chart?.choose(null);
    this.host.ask("brush", {}, { latest: "brush" }).catch(() => {});
    this.say();
  }

  say(words = this.hint()) {
    this.words.textContent = words;
    this.unbrush.hidden = !this.isBrushed;
  }

  hint() {
    const { hint } = this.kind;
    const { length } = this.state.ticked;
    return length && hint ? `${plural(length, "ticked run")} in the foreground. ${hint}` : hint;
  }
}
