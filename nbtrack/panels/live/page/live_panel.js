// The live panel: a progress line, small charts of the metrics, and the value of what has one point.

import "../../shared/page/panel.css";
import "../../charts_tab/page/chart.css";
import "./live_panel.css";
import { loadVega, offerVega } from "../../charts_tab/page/vega_loading.js";
import { h } from "../../shared/page/dom.js";
import { plural } from "../../shared/page/formats.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { ChartBox } from "./live_chart.js";
import { metricsOf } from "./live_lines.js";
import { withPart } from "./live_places.js";

/** @import { Opening, WidgetModel } from "../../shared/page/panel_types.d.ts" */
/** @import { LiveMetric } from "./live_lines.js" */
/** @import { LiveChart, LivePart, LiveRun, Points, Specs } from "./messages.d.ts" */

/** @type {Record<string, string>} */
const STATUS_WORDS = {
  RUNNING: "running",
  FINISHED: "finished",
  FAILED: "failed",
  KILLED: "stopped",
};

const PATIENCE = 2000; // milliseconds, for an answer to Stop
// Where ipykernel has no subshells, or the front end uses none.
const NOT_HEARD = "This kernel hears no button while it works: `nbtrack stop` in a terminal does.";

class LivePanel {
  /** @param {WidgetModel} model @param {HTMLElement} root */
  constructor(model, root) {
    this.root = root;
    root.classList.add("nbtrack");
    root.setAttribute("data-nbtrack", "live");
    /** By name.
     *  @type {Map<string, LiveMetric>} */
    this.metrics = new Map();
    /** By the metric that they are called after.
     *  @type {Map<string, ChartBox>} */
    this.charts = new Map();
    /** @type {LiveRun[]} */
    this.runs = [];
    /** @type {Specs} */
    this.specs = {};
    this.count = 0; // of the last message
    this.name = h("span", { class: "nbt-title" });
    this.state = h("span", { class: "nbt-live-state" });
    this.words = h("span", { class: "nbt-live-words", role: "status" });
    this.stop = stopButton(() => this.askToStop());
    this.bar = h("div", { class: "nbt-live-share" });
    this.track = progressTrack(this.bar);
    this.legend = h("div", { class: "nbt-live-legend" });
    this.grid = h("div", { class: "nbt-live-grid" });
    this.rest = h("div", { class: "nbt-live-rest nbt-muted" });
    this.told = h("div", { class: "nbt-live-rest nbt-muted", role: "status" });
    this.host = new PanelHost(model, root);
    root.append(
      h(
        "div",
        { class: "nbt-head" },
        this.state,
        this.name,
        this.words,
        this.stop,
        this.host.status,
      ),
      this.track,
      this.legend,
      this.grid,
      this.rest,
      this.told,
    );
    this.host.onPush("points", (news) => this.take(news));
    this.host.onPush("specs", (specs) => this.takeSpecs(specs));
    this.host.onPush("vega", (text) => offerVega(text));
    this.host.ready();
    this.askAll();
  }

  close() {
    for (const chart of this.charts.values()) chart.unmount();
    this.host.close();
  }

  async askAll() {
    const state = this.host.ask("state", {}); // first: the other answer may take a second
    loadVega(this.host).catch(() => {}); // each chart says what is wrong
    const { specs, points } = await state;
    this.takeSpecs(specs);
    this.take(points);
  }

  /** @param {Specs} specs */
  takeSpecs(specs) {
    if (!specs.step) return;
    this.specs = specs;
    this.draw(new Set());
  }

  /** What is new, or all of it. Whoever missed a message waits for the next whole one.
   *  @param {Points} news */
  take(news) {
    if (news.count <= this.count && !news.whole) return;
    const isTorn = news.count !== this.count + 1;
    this.sayProgress(news);
    if (isTorn && !news.whole) return;
    this.count = Math.max(news.count, this.count);
    this.takeRuns(news.runs);
    if (news.whole) this.metrics.clear();
    for (const series of news.series) this.takeSeries(series);
    this.takeCharts(news.charts);
    this.draw(new Set(news.series.map(({ key }) => key)));
  }

  /** @param {Points} news */
  sayProgress({ status, progress, runs, left_out }) {
    this.name.textContent = runs[0]?.label || "";
    this.name.title = this.name.textContent;
    this.state.textContent = STATUS_WORDS[status] ?? status.toLowerCase();
    this.state.dataset.status = status;
    this.words.textContent = progress.text;
    this.stop.hidden = status !== "RUNNING";
    const percent = Math.round((progress.share || 0) * 100);
    this.track.hidden = progress.share === null || status !== "RUNNING";
    this.track.setAttribute("aria-valuenow", String(percent));
    this.bar.style.width = `${percent}%`;
    this.rest.textContent = left_out
      ? `${plural(left_out, "more metric")}: live(metrics=[…]) chooses.`
      : "";
  }

  /** The training ends when it comes to look: the status tells that it has. */
  async askToStop() {
    this.stop.disabled = true;
    this.stop.textContent = "Stopping …";
    const slow = setTimeout(() => this.told.replaceChildren(NOT_HEARD), PATIENCE);
    try {
      await this.host.ask("stop", {});
      this.told.replaceChildren();
    } catch (fault) {
      this.stop.disabled = false;
      this.stop.textContent = "Stop";
      this.told.textContent = /** @type {Error} */ (fault).message;
    } finally {
      clearTimeout(slow);
    }
  }

  /** @param {LiveRun[]} runs */
  takeRuns(runs) {
    const isSame = labelsOf(runs) === labelsOf(this.runs);
    this.runs = runs;
    if (isSame) return;
    const keys = runs.map(({ label, colour }) => {
      const key = h("span", { class: "nbt-tip-key", style: { background: colour } });
      return h("span", { class: "nbt-live-run" }, key, label);
    });
    this.legend.replaceChildren(...(runs.length > 1 ? keys : []));
    for (const chart of this.charts.values()) chart.unmount(); // their looks are in the spec
  }

  /** @param {LivePart} series */
  takeSeries({ run, key, axis, ...part }) {
    const metric = this.metrics.get(key) ?? { axis, runs: new Map() };
    this.metrics.set(key, metric);
    if (axis === "step") metric.axis = axis;
    metric.runs.set(run, withPart(metric.runs.get(run) ?? [], part));
  }

  /** In their order; what is drawn on another's chart has none any more.
   *  @param {LiveChart[]} charts */
  takeCharts(charts) {
    const drawn = charts.filter((each) => metricsOf(each).some(({ key }) => this.metrics.has(key)));
    const wanted = new Set(drawn.map(({ key }) => key));
    for (const [key, chart] of this.charts) if (!wanted.has(key)) this.removeChart(key, chart);
    for (const each of drawn) this.takeChart(each);
  }

  /** @param {string} key @param {ChartBox} chart */
  removeChart(key, chart) {
    chart.unmount();
    chart.el.remove();
    this.charts.delete(key);
  }

  /** @param {LiveChart} told */
  takeChart(told) {
    const chart = this.charts.get(told.key) ?? new ChartBox(this.host, told);
    if (!this.charts.has(told.key)) this.grid.append(chart.el);
    this.charts.set(told.key, chart);
    chart.take(told);
  }

  /** Where there is something new, or nothing yet.
   *  @param {Set<string>} news names of metrics */
  draw(news) {
    const isNew = (/** @type {ChartBox} */ { chart, told }) =>
      !chart || metricsOf(told).some(({ key }) => news.has(key));
    for (const chart of this.charts.values()) if (isNew(chart)) chart.draw(this);
  }
}

/** @param {() => void} onclick */
function stopButton(onclick) {
  const title = "End the training at its next iteration; its model is kept, and the code goes on";
  return h("button", { class: "nbt-button nbt-live-stop", type: "button", title, onclick }, "Stop");
}

/** @param {HTMLElement} bar */
function progressTrack(bar) {
  const ends = { "aria-valuemin": "0", "aria-valuemax": "100" };
  const named = { class: "nbt-live-track", role: "progressbar", "aria-label": "progress" };
  return h("div", { ...named, ...ends, hidden: true }, bar);
}

/** @param {LiveRun[]} runs */
function labelsOf(runs) {
  return runs.map(({ label }) => label).join("\n");
}

/** @param {Opening} opening */
export function render({ model, el }) {
  const root = h("div", {});
  el.append(root);
  const panel = new LivePanel(model, root);
  return () => panel.close();
}
