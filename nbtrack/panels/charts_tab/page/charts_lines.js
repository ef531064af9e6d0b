// Curves: one small chart per metric for the ticked runs, else the first ten of the view.

import { h } from "../../shared/page/dom.js";
import { duration, grouped, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { choice } from "../../shared/page/popup.js";
import { ListChooser } from "./chart_choosers.js";
import { labelledSelect, RunLegend, slider, toggle } from "./chart_controls.js";
import { ChartGrid } from "./chart_grid.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Charts, LinesAsked } from "./messages.d.ts" */
/** @import { Choice, Say } from "./chart_types.d.ts" */

/** @type {Array<[LinesAsked["x"], string]>} */
const X_AXES = [
  ["step", "step"],
  ["relative", "relative time"],
  ["time", "wall time"],
];
const SLIDER_PAUSE = 80; // milliseconds

/** @typedef {Omit<LinesAsked, "runs" | "places">} Settings */

export class LinesView {
  /** @param {PanelHost} host @param {RunsState} state @param {Say} status */
  constructor(host, state, status) {
    this.host = host;
    this.state = state;
    this.status = status;
    this.isOpen = false;
    this.asked = ""; // about which runs
    /** @type {Settings} */
    this.settings = { x: "step", log: false, smoothing: 0, metrics: null, zoom: null };
    /** @type {Charts | null} */
    this.answer = null;
    this.legend = new RunLegend((label) => this.grid.highlight(label));
    this.grid = new ChartGrid(host, {
      onZoom: (zoom) => this.set({ zoom }),
      onRemove: (key) => this.set({ metrics: this.shownMetrics().filter((each) => each !== key) }),
      onReset: () => this.settings.zoom && this.set({ zoom: null }),
    });
    this.el = h("div", {}, this.legend.el, this.grid.el);
    this.reset = this.makeReset();
    this.chooser = this.makeChooser();
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
    /** @param {number} smoothing */
    const smooth = (smoothing) => this.set({ smoothing });
    const smoothLater = afterPause(SLIDER_PAUSE, smooth);
    /** @param {string} x */
    const setX = (x) => this.set({ x: /** @type {LinesAsked["x"]} */ (x), zoom: null });
    return [
      labelledSelect("X", [["", X_AXES]], "step", setX),
      toggle("Log y", false, (log) => this.set({ log })),
      slider("Smoothing", { value: 0, most: 0.99, step: 0.01, onchange: smoothLater }),
      this.chooser.el,
      this.reset,
    ];
  }

  makeReset() {
    return h(
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
  }

  makeChooser() {
    return new ListChooser("Metrics", {
      name: "Metrics",
      all: () => this.metricChoices(),
      chosen: () => this.shownMetrics(),
      onchange: (metrics) => this.set({ metrics }),
      extra: () => this.defaultChoice(),
    });
  }

  /** @returns {Choice[]} */
  metricChoices() {
    const metrics = this.answer?.metrics ?? [];
    return metrics.map(({ key, curve }) => [key, key, curve ? "" : "one value"]);
  }

  defaultChoice() {
    return choice("the first that have curves", {
      checked: this.settings.metrics === null,
      key: "choice default metrics",
      onchange: ({ target }) => this.set({ metrics: target.checked ? null : this.shownMetrics() }),
    });
  }

  shownMetrics() {
    return (this.answer?.charts ?? []).map(({ key }) => key);
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
    const isKnown = ticked.length > 0 || page?.rows;
    const shown = isKnown ? this.state.chosenRuns() : [experiments, filter, quick, group];
    return JSON.stringify([ticked, shown]);
  }

  async ask() {
    if (!this.isOpen) return;
    this.asked = this.subject();
    const args = { ...this.settings, runs: this.state.ticked, places: this.state.placesOf() };
    try {
      const answer = await this.host.ask("charts", args, { latest: "charts" });
      if (this.isOpen) await this.take(answer);
    } catch (error) {
      this.status(wordsOf(error), { isTrouble: true });
    }
  }

  /** @param {Charts} answer @returns {Promise<void>} */
  async take(answer) {
    this.answer = answer;
    this.legend.draw(answer.charts.length ? answer.runs : []);
    this.chooser.menu.say(`Metrics ${answer.charts.length} of ${answer.metrics.length}`);
    this.chooser.menu.refresh();
    const isWhole = this.grid.draw(answer.charts);
    if (!isWhole) return this.ask();
    await this.grid.ready();
    const nothing = answer.charts.length ? "" : "No metric is chosen: choose some under Metrics.";
    this.status([answer.words || nothing, answer.note].filter(Boolean).join(" "));
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
