// The live panel: a progress line, one small chart per metric, and the value of what has one point.

import "../../shared/page/panel.css";
import "../../charts_tab/page/chart.css";
import "./live_panel.css";
import { MountedChart } from "../../charts_tab/page/chart_host.js";
import { loadVega, offerVega } from "../../charts_tab/page/vega_loading.js";
import { h } from "../../shared/page/dom.js";
import { plural, shortNumber } from "../../shared/page/formats.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { rowsOf, withPart } from "./live_places.js";

/** @import { Opening, WidgetModel } from "../../shared/page/panel_types.d.ts" */
/** @import { Spoken } from "../../shared/page/questions.d.ts" */
/** @import { LivePart, LiveRun, Points, Specs } from "./messages.d.ts" */
/** @import { Place } from "./live_places.js" */

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

/** @typedef {{
 *    key: string,
 *    box: HTMLElement,
 *    axis: LivePart["axis"] | null,
 *    runs: Map<string, Place[]>,
 *    chart: MountedChart | null,
 *  }} LiveMetric */

class LivePanel {
  /** @param {WidgetModel} model @param {HTMLElement} root */
  constructor(model, root) {
    this.root = root;
    root.classList.add("nbtrack");
    root.setAttribute("data-nbtrack", "live");
    /** By name.
     *  @type {Map<string, LiveMetric>} */
    this.metrics = new Map();
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
    for (const metric of this.metrics.values()) metric.chart?.destroy();
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
    this.draw(this.metrics.values());
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
    if (news.whole) this.forgetSeries();
    for (const series of news.series) this.takeSeries(series);
    this.draw(new Set(news.series.map(({ key }) => this.metric(key))));
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
    for (const metric of this.metrics.values()) this.unmount(metric); // their colours are in the spec
  }

  forgetSeries() {
    for (const metric of this.metrics.values()) metric.runs.clear();
  }

  /** @param {LivePart} series */
  takeSeries(series) {
    const metric = this.metric(series.key);
    if (series.axis === "step" || !metric.axis) {
      if (metric.axis && metric.axis !== series.axis) this.unmount(metric);
      metric.axis = series.axis;
    }
    metric.runs.set(series.run, withPart(metric.runs.get(series.run) ?? [], series));
  }

  /** @param {string} key */
  metric(key) {
    return this.metrics.get(key) ?? this.newMetric(key);
  }

  /** @param {string} key */
  newMetric(key) {
    const box = h("div", { class: "nbt-live-metric", "data-metric": key });
    this.grid.append(box);
    /** @type {LiveMetric} */
    const metric = { key, box, axis: null, runs: new Map(), chart: null };
    this.metrics.set(key, metric);
    return metric;
  }

  /** @param {Iterable<LiveMetric>} metrics */
  draw(metrics) {
    for (const metric of metrics) {
      const hasLine = [...metric.runs.values()].some((places) => places.length > 1);
      metric.box.classList.toggle("nbt-live-value", !hasLine);
      if (!hasLine) this.drawValue(metric);
      else if (metric.chart) metric.chart.update(this.rows(metric));
      else this.mount(metric);
    }
  }

  /** One point is no line.
   *  @param {LiveMetric} metric */
  drawValue(metric) {
    const begun = [...metric.runs].filter(([, places]) => places.length);
    const lines = begun.map(([run, places]) => {
      const name = `${this.label(run)} `;
      const value = places.map(({ last }) => h("b", {}, numberWords(last)));
      return h("div", {}, this.runs.length > 1 && h("span", { class: "nbt-muted" }, name), value);
    });
    const title = h("div", { class: "nbt-muted", title: metric.key }, metric.key);
    metric.box.replaceChildren(title, ...lines);
  }

  /** Where the spec has come.
   *  @param {LiveMetric} metric */
  mount(metric) {
    const template = this.specs[metric.axis ?? "step"];
    if (!template) return;
    const spec = structuredClone(template);
    spec.title = metric.key;
    spec.description = `${metric.key} as it goes, by ${metric.axis === "step" ? "step" : "time"}`;
    const colour = spec.encoding.color.scale;
    colour.domain = this.runs.map((run) => run.label);
    colour.range = this.runs.map((run) => run.colour);
    metric.box.replaceChildren();
    const stage = h("div", {});
    metric.box.append(stage);
    metric.chart = new MountedChart(this.host, stage, spec, this.rows(metric));
  }

  /** @param {LiveMetric} metric */
  unmount(metric) {
    metric.chart?.destroy();
    metric.chart = null;
  }

  /** @param {LiveMetric} metric */
  rows(metric) {
    return [...metric.runs].flatMap(([id, places]) =>
      rowsOf({ id, label: this.label(id) }, places),
    );
  }

  /** @param {string} id */
  label(id) {
    return this.runs.find((run) => run.id === id)?.label ?? id;
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

/** @param {Spoken} value */
function numberWords(value) {
  return typeof value === "number" ? shortNumber(value) : String(value);
}

/** @param {Opening} opening */
export function render({ model, el }) {
  const root = h("div", {});
  el.append(root);
  const panel = new LivePanel(model, root);
  return () => panel.close();
}
