// Curves: one small chart per metric for the ticked runs, else the first ten of the view.

import { h } from "../../shared/page/dom.js";
import { duration, grouped, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { choice } from "../../shared/page/popup.js";
import { listChooser } from "./chart_choosers.js";
import { RunLegend, labelledSelect, slider, toggle } from "./chart_controls.js";
import { ChartGrid } from "./chart_grid.js";
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Charts, LinesAsked } from "./chart_messages.d.ts" */
/** @import { Say } from "./chart_types.d.ts" */

const X_AXES = [
  ["step", "step"],
  ["relative", "relative time"],
  ["time", "wall time"],
];
const SLIDER_PAUSE = 80; // milliseconds

export class LinesView {
  /** @param {PanelHost} host @param {RunsState} state @param {Say} status */
  constructor(host, state, status) {
    Object.assign(this, { host, state, status });
    this.settings = { x: "step", log: false, smoothing: 0, metrics: null, zoom: null };
    this.answer = null;
    this.legend = new RunLegend((label) => this.grid.highlight(label));
    this.grid = new ChartGrid(host, {
      onZoom: (zoom) => this.set({ zoom }),
      onRemove: (key) => this.set({ metrics: this.shownMetrics().filter((each) => each !== key) }),
      onReset: () => this.settings.zoom && this.set({ zoom: null }),
    });
    this.el = h("div", {}, this.legend.el, this.grid.el);
    this.controls = this.makeControls();
    host.onPush(
      "charts",
      (answer) => this.isOpen && answer.view === host.view && this.take(answer),
    );
    state.on("ticked", () => this.look());
    state.on("page", () => this.look());
  }

  open() {
    this.isOpen = true;
    if (!this.answer) this.status("drawing charts…");
    return this.ask();
  }

  hide() {
    if (this.isOpen) this.host.tell("charts_off");
    this.isOpen = false;
  }

  close() {
    this.grid.close();
  }

  // --- settings

  makeControls() {
    const smoothLater = afterPause(SLIDER_PAUSE, (smoothing) => this.set({ smoothing }));
    this.reset = h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        hidden: true,
        "data-key": "reset zoom",
        onclick: () => this.set({ zoom: null }),
      },
      "Reset zoom",
    );
    this.chooser = listChooser("Metrics", {
      name: "Metrics",
      all: () => this.metricChoices(),
      chosen: () => this.shownMetrics(),
      onchange: (metrics) => this.set({ metrics }),
      extra: () => this.defaultChoice(),
    });
    return [
      labelledSelect("X", [["", X_AXES]], "step", (x) => this.set({ x, zoom: null })),
      toggle("Log y", false, (log) => this.set({ log })),
      slider("Smoothing", { value: 0, most: 0.99, step: 0.01, onchange: smoothLater }),
      this.chooser,
      this.reset,
    ];
  }

  metricChoices() {
    return ((this.answer && this.answer.metrics) || []).map(({ key, curve }) => [
      key,
      key,
      curve ? "" : "one value",
    ]);
  }

  defaultChoice() {
    const onchange = (event) =>
      this.set({ metrics: event.target.checked ? null : this.shownMetrics() });
    return choice("the first that have curves", {
      checked: this.settings.metrics === null,
      key: "choice default metrics",
      onchange,
    });
  }

  shownMetrics() {
    return this.answer ? this.answer.charts.map(({ key }) => key) : [];
  }

  /** @param {Partial<Settings>} changes */
  set(changes) {
    this.settings = { ...this.settings, ...changes };
    const { zoom, x } = this.settings;
    const hadFocus = document.activeElement === this.reset;
    this.reset.hidden = zoom === null;
    if (zoom)
      this.reset.title = `Now shown: ${rangeWords(zoom, x)}. A double click goes back, too.`;
    else if (hadFocus) this.grid.el.closest("[role=tabpanel]")?.querySelector("input")?.focus();
    return this.ask();
  }

  // --- the kernel

  /** Other runs than those that are drawn are asked for; more points of the same ones come. */
  look() {
    if (this.isOpen && this.asked !== this.subject()) this.ask();
  }

  subject() {
    const { ticked, asked, page } = this.state;
    const { experiments, filter, quick, group } = asked;
    return JSON.stringify([
      ticked,
      ticked.length || (page && page.rows)
        ? this.state.chosenRuns()
        : [experiments, filter, quick, group],
    ]);
  }

  async ask() {
    if (!this.isOpen) return;
    this.asked = this.subject();
    const args = {
      ...this.settings,
      runs: this.state.ticked,
      places: Object.fromEntries(this.state.colours),
    };
    try {
      const answer = await this.host.ask("charts", args, { latest: "charts" });
      if (this.isOpen) await this.take(answer);
    } catch (error) {
      this.status(wordsOf(error), { isTrouble: true });
    }
  }

  /** @param {Charts} answer */
  async take(answer) {
    this.answer = answer;
    this.legend.draw(answer.charts.length ? answer.runs : []);
    this.chooser.say(`Metrics ${answer.charts.length} of ${answer.metrics.length}`);
    this.chooser.refresh();
    const isWhole = this.grid.draw(answer.charts);
    if (!isWhole) return this.ask();
    await this.grid.ready();
    this.status([answer.words || this.emptyWords(), answer.note].filter(Boolean).join(" "));
  }

  emptyWords() {
    return this.answer.charts.length ? "" : "No metric is chosen: choose some under Metrics.";
  }
}

/** "steps 100 to 2,000".
 *  @param {[number, number]} zoom @param {LinesAsked["x"]} x */
function rangeWords([low, high], x) {
  if (x === "time")
    return `${new Date(low).toLocaleString()} to ${new Date(high).toLocaleString()}`;
  if (x === "relative") return `${duration(low)} to ${duration(high)}`;
  return `steps ${grouped(Math.round(low))} to ${grouped(Math.round(high))}`;
}
