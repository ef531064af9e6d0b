// Curves: one small chart per metric for the ticked runs, else the first ten of the view.

import { h, redraw } from "../../shared/page/dom.js";
import { duration, grouped, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { choice } from "../../shared/page/popup.js";
import { ListChooser } from "./chart_choosers.js";
import { labelledSelect, RunLegend, slider, toggle } from "./chart_controls.js";
import { ChartGrid } from "./chart_grid.js";
import { isUsual, moved, takenOff, USUAL, withMetrics } from "./layout.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Charts, Layout, LinesAsked } from "./messages.d.ts" */
/** @import { ChartActions, Choice, Say } from "./chart_types.d.ts" */

/** @type {Array<[Layout["x"], string]>} */
const X_AXES = [
  ["step", "step"],
  ["relative", "relative time"],
  ["time", "wall time"],
];
const SLIDER_PAUSE = 80; // milliseconds
const KEEP_PAUSE = 400; // before the experiment is told what it is to remember

export class LinesView {
  /** @param {PanelHost} host @param {RunsState} state @param {Say} status */
  constructor(host, state, status) {
    this.host = host;
    this.state = state;
    this.status = status;
    this.isOpen = false;
    this.asked = ""; // about which runs
    this.experiments = JSON.stringify(state.asked.experiments);
    /** As it was changed here; null: as the experiment remembers it.
     *  @type {Layout | null} */
    this.layout = null;
    /** @type {LinesAsked["zoom"]} */
    this.zoom = null;
    this.only = ""; // the one metric to be seen now
    /** @type {Charts | null} */
    this.answer = null;
    this.legend = new RunLegend((label) => this.grid.highlight(label));
    this.grid = new ChartGrid(host, this.actions());
    this.el = h("div", {}, this.legend.el, this.grid.el);
    this.reset = wayBack("Reset zoom", "reset zoom", () => this.setZoom(null));
    this.all = wayBack("All charts", "all charts", () => this.showOnly(""));
    this.usual = wayBack("Reset layout", "reset layout", () => this.forget());
    this.usual.title = "Forget what was chosen for this experiment's charts";
    this.chooser = this.makeChooser();
    this.settings = h("span", { class: "nbt-chart-controls" });
    this.controls = [this.settings, this.chooser.el, this.all, this.usual, this.reset];
    this.drawSettings(USUAL);
    this.keepLater = afterPause(
      KEEP_PAUSE,
      (/** @type {string} */ id, /** @type {Layout} */ layout) => this.keep(id, layout),
    );
    host.onPush(
      "charts",
      (answer) => this.isOpen && answer.view === host.view && this.take(answer),
    );
    state.on("ticked", () => this.look());
    state.on("page", () => this.turned());
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

  // --- the layout

  /** @returns {ChartActions} */
  actions() {
    /** @param {Partial<Layout>} changes */
    const set = (changes) => this.set(changes);
    return {
      metrics: () => (this.answer?.metrics ?? []).map(({ key }) => key),
      onZoom: (zoom) => this.setZoom(zoom),
      onReset: () => this.zoom && this.setZoom(null),
      onRemove: (head) => set({ shown: this.shownMetrics().filter((each) => each !== head) }),
      onAdd: (head, keys) => set(withMetrics(this.now(), this.groups(), head, keys)),
      onTakeOff: (head, keys) => set(takenOff(this.now(), this.groups(), head, keys)),
      onMove: (head, by) => set(moved(this.groups(), head, by)),
    };
  }

  now() {
    return this.layout ?? this.answer?.layout ?? USUAL;
  }

  /** The charts that are shown, as layout.js has them. */
  groups() {
    const charts = this.answer?.charts ?? [];
    return charts.map(({ key, beside }) => [key, ...beside.map((each) => each.key)]);
  }

  /** The next click may come before the answer to one, and one chart may be seen alone. */
  shownMetrics() {
    return this.now().shown ?? (this.answer?.charts ?? []).map(({ key }) => key);
  }

  /** @param {Partial<Layout>} changes */
  set(changes) {
    this.layout = { ...this.now(), ...changes };
    if (changes.shown) this.only = "";
    const { experiments } = this.state.asked;
    const isKept = experiments?.length === 1 && this.state.page?.keepsChoices;
    if (isKept) this.keepLater(experiments[0], this.layout);
    return this.ask();
  }

  /** @param {string} experiment @param {Layout | null} layout */
  keep(experiment, layout) {
    const kept = this.host.ask("charts_layout", { experiment, layout });
    return kept.catch((error) => this.status(wordsOf(error), { isTrouble: true }));
  }

  forget() {
    this.only = "";
    this.set(USUAL);
    this.drawSettings(USUAL);
  }

  /** Its chart alone, "" for all: that is for now, and not remembered.
   *  @param {string} metric */
  showOnly(metric) {
    this.only = metric;
    return this.ask();
  }

  /** @param {LinesAsked["zoom"]} zoom */
  setZoom(zoom) {
    this.zoom = zoom;
    if (zoom)
      this.reset.title = `Now shown: ${rangeWords(zoom, this.now().x)}. A double click goes back, too.`;
    this.offerWaysBack();
    return this.ask();
  }

  /** Those that lead somewhere; who has used one goes on with the charts. */
  offerWaysBack() {
    const hadFocus = document.activeElement;
    this.usual.hidden = isUsual(this.now());
    this.all.hidden = !this.only;
    this.reset.hidden = this.zoom === null;
    const gone = [this.usual, this.all, this.reset].find(
      (each) => each === hadFocus && each.hidden,
    );
    if (gone) this.chooser.menu.button.focus();
  }

  // --- controls

  /** @param {Layout} layout */
  drawSettings({ x, log, smoothing }) {
    /** @param {string} next */
    const setX = (next) => {
      this.zoom = null;
      this.set({ x: /** @type {Layout["x"]} */ (next) });
    };
    const smoothLater = afterPause(SLIDER_PAUSE, (/** @type {number} */ weight) =>
      this.set({ smoothing: weight }),
    );
    redraw(
      this.settings,
      labelledSelect("X", [["", X_AXES]], x, setX),
      toggle("Log y", log, (isLog) => this.set({ log: isLog })),
      slider("Smoothing", { value: smoothing, most: 0.99, step: 0.01, onchange: smoothLater }),
    );
  }

  makeChooser() {
    return new ListChooser("Metrics", {
      name: "Metrics",
      all: () => this.metricChoices(),
      chosen: () => this.shownMetrics(),
      onchange: (shown) => this.set({ shown }),
      extra: () => this.defaultChoice(),
    });
  }

  /** @returns {Choice[]} */
  metricChoices() {
    const groups = this.groups();
    return (this.answer?.metrics ?? []).map(({ key, curve }) => {
      const group = groups.find((each) => each.indexOf(key) > 0);
      return [key, key, group ? `on ${group[0]}` : curve ? "" : "one value"];
    });
  }

  defaultChoice() {
    return choice("the first that have curves", {
      checked: this.now().shown === null,
      key: "choice default metrics",
      onchange: ({ target }) => this.set({ shown: target.checked ? null : this.shownMetrics() }),
    });
  }

  // --- the kernel

  /** Another experiment has charts of its own. */
  turned() {
    const experiments = JSON.stringify(this.state.asked.experiments);
    if (experiments !== this.experiments) {
      Object.assign(this, { experiments, layout: null, zoom: null, only: "" });
    }
    this.look();
  }

  /** Other runs than those that are drawn are asked for; more points of the same ones come. */
  look() {
    if (this.isOpen && this.asked !== this.subject()) this.ask();
  }

  subject() {
    const { ticked, asked, page } = this.state;
    const { experiments, filter, quick, group } = asked;
    const isKnown = ticked.length > 0 || page?.rows;
    const shown = isKnown ? this.state.chosenRuns() : [filter, quick, group];
    return JSON.stringify([experiments, ticked, shown]);
  }

  async ask() {
    if (!this.isOpen) return;
    this.asked = this.subject();
    const { layout, zoom, only, state } = this;
    const args = { layout, zoom, only, runs: state.ticked, places: state.placesOf() };
    try {
      const answer = await this.host.ask("charts", args, { latest: "charts" });
      if (this.isOpen) await this.take(answer);
    } catch (error) {
      this.status(wordsOf(error), { isTrouble: true });
    }
  }

  /** @param {Charts} answer @returns {Promise<void>} */
  async take(answer) {
    const isOther = JSON.stringify(this.answer?.layout) !== JSON.stringify(answer.layout);
    this.answer = answer;
    if (isOther && !this.layout) this.drawSettings(answer.layout);
    this.offerWaysBack();
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

/** A button to where one came from, hidden while one is there.
 *  @param {string} words @param {string} key @param {() => unknown} onclick */
function wayBack(words, key, onclick) {
  return h(
    "button",
    { class: "nbt-button", type: "button", hidden: true, "data-key": key, onclick },
    words,
  );
}

/** "steps 100 to 2,000".
 *  @param {[number, number]} zoom @param {Layout["x"]} x */
function rangeWords([low, high], x) {
  if (x === "time")
    return `${new Date(low).toLocaleString()} to ${new Date(high).toLocaleString()}`;
  if (x === "relative") return `${duration(low)} to ${duration(high)}`;
  return `steps ${grouped(Math.round(low))} to ${grouped(Math.round(high))}`;
}
