// The Charts tab: curves, scatter, parallel coordinates, importance of params.

import { append, h } from "../../shared/page/dom.js";
import { segmented } from "./chart_controls.js";
import { IMPORTANCE, PARALLEL, RunChartView, SCATTER } from "./charts_by_run.js";
import { LinesView } from "./charts_lines.js";
import { loadVega } from "./vega_loading.js";

/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { ChartsView, RunChartKind, Say } from "./chart_types.d.ts" */

/** By name: null are curves.
 *  @type {Array<[name: string, words: string, kind: RunChartKind | null]>} */
const CHART_VIEWS = [
  ["lines", "Lines", null],
  ["scatter", "Scatter", SCATTER],
  ["parallel", "Parallel", PARALLEL],
  ["importance", "Importance", IMPORTANCE],
];

export const chartsTab = {
  name: "charts",
  label: "Charts",
  mount: mountChartsTab,
  // Altair and Vega take a second to be ready: the kernel begins when the panel stands. What the
  // page has to load waits until the pointer comes near: who leaves the tab shut does not pay.
  warm: (/** @type {PanelHost} */ host) => host.tell("charts_soon"),
  near: fetchVega,
};

/** @param {PanelHost} host */
function fetchVega(host) {
  loadVega(host).catch(() => {}); // who draws asks again, and says what is wrong
}

/** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
function mountChartsTab(host, el, state) {
  fetchVega(host); // before the charts are asked for: the page reads it while they are made
  const charts = new ChartsTab(host, el, state);
  return {
    shown: () => charts.open(charts.opened),
    hidden: () => charts.view?.hide(),
    chart: (/** @type {string} */ metric) => charts.showMetric(metric),
    close: () => charts.close(),
  };
}

class ChartsTab {
  /** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
  constructor(host, el, state) {
    this.host = host;
    this.state = state;
    /** By name, of those that were opened once.
     *  @type {Map<string, ChartsView>} */
    this.views = new Map();
    /** The one that is open.
     *  @type {ChartsView | undefined} */
    this.view = undefined;
    this.opened = CHART_VIEWS[0][0];
    this.words = h("div", { class: "nbt-charts-words nbt-muted", role: "status" });
    this.controls = h("span", { class: "nbt-chart-controls" });
    this.body = h("div", { class: "nbt-charts" });
    const names = CHART_VIEWS.map(([name, words]) => /** @type {const} */ ([name, words]));
    this.kinds = segmented("Kind of chart", names, this.opened, (name) => this.open(name));
    const bar = h("div", { class: "nbt-chart-bar" }, this.kinds, this.controls);
    append(el, [bar, this.words, this.body]);
  }

  /** @param {string} name */
  open(name) {
    this.view?.hide();
    this.opened = name;
    this.say("");
    const view = this.views.get(name) ?? this.make(name);
    this.views.set(name, view);
    this.view = view;
    this.body.replaceChildren(view.el);
    this.controls.replaceChildren(...view.controls);
    this.body.dataset.view = name;
    view.open();
  }

  /** Its curve or bars, and no others.
   *  @param {string} metric */
  showMetric(metric) {
    const [lines] = CHART_VIEWS[0];
    if (this.opened !== lines) this.kinds.querySelector("input")?.click();
    if (this.view instanceof LinesView) this.view.showOnly(metric);
  }

  /** @param {string} name @returns {ChartsView} */
  make(name) {
    /** @type {Say} */
    const status = (words, options) => {
      if (name === this.opened) this.say(words, options);
    };
    const kind = CHART_VIEWS.find(([each]) => each === name)?.[2];
    if (!kind) return new LinesView(this.host, this.state, status);
    return new RunChartView(this.host, this.state, status, kind);
  }

  /** @param {string} text @param {{ isTrouble?: boolean }} [options] */
  say(text, { isTrouble = false } = {}) {
    if (this.words.textContent !== text) this.words.textContent = text;
    this.words.classList.toggle("nbt-error", isTrouble);
  }

  close() {
    for (const view of this.views.values()) view.close();
  }
}
