// The live panel: a progress line, one small chart per metric, and the value of what has one point.

import "../../shared/page/panel.css";
import "../../charts_tab/page/chart.css";
import "./live_panel.css";
import { loadVega, mountChart, offerVega } from "../../charts_tab/page/chart_host.js";
import { h } from "../../shared/page/dom.js";
import { plural, shortNumber } from "../../shared/page/formats.js";
import { PanelHost } from "../../shared/page/panel_host.js";
/** @import { Opening, WidgetModel } from "../../shared/page/panel_types.d.ts" */
/** @import { Spoken } from "../../shared/page/questions.d.ts" */
/** @import { LivePart, LiveRun, Points, Specs } from "./live_messages.d.ts" */

const MOST_PLACES = 600; // then two neighbours become one, as in panels/live_series.py
const STATUS_WORDS = {
  RUNNING: "running",
  FINISHED: "finished",
  FAILED: "failed",
  KILLED: "stopped",
};

class LivePanel {
  /** @param {WidgetModel} model @param {HTMLElement} root */
  constructor(model, root) {
    this.root = root;
    root.classList.add("nbtrack");
    root.setAttribute("data-nbtrack", "live");
    this.metrics = new Map(); // by name: {axis, runs: Map of places, chart, box}
    this.runs = [];
    this.count = 0; // of the last message
    this.name = h("span", { class: "nbt-title" });
    this.state = h("span", { class: "nbt-live-state" });
    this.words = h("span", { class: "nbt-live-words", role: "status" });
    this.bar = h("div", { class: "nbt-live-share" });
    this.track = h(
      "div",
      {
        class: "nbt-live-track",
        role: "progressbar",
        "aria-label": "progress",
        "aria-valuemin": "0",
        "aria-valuemax": "100",
        hidden: true,
      },
      this.bar,
    );
    this.legend = h("div", { class: "nbt-live-legend" });
    this.grid = h("div", { class: "nbt-live-grid" });
    this.rest = h("div", { class: "nbt-live-rest nbt-muted" });
    this.host = new PanelHost(model, root);
    root.append(
      h("div", { class: "nbt-head" }, this.state, this.name, this.words, this.host.status),
      this.track,
      this.legend,
      this.grid,
      this.rest,
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
    this.draw([...this.metrics.keys()]);
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
    this.draw([...new Set(news.series.map((series) => series.key))]);
  }

  /** @param {Points} news */
  sayProgress({ status, progress, runs, left_out }) {
    this.name.textContent = runs[0]?.label || "";
    this.name.title = this.name.textContent;
    this.state.textContent = STATUS_WORDS[status] || status.toLowerCase();
    this.state.dataset.status = status;
    this.words.textContent = progress.text;
    const percent = Math.round((progress.share || 0) * 100);
    this.track.hidden = progress.share === null || status !== "RUNNING";
    this.track.setAttribute("aria-valuenow", String(percent));
    this.bar.style.width = `${percent}%`;
    this.rest.textContent = left_out
      ? `${plural(left_out, "more metric")}: live(metrics=[…]) chooses.`
      : "";
  }

  /** @param {LiveRun[]} runs */
  takeRuns(runs) {
    const before = this.runs.map((run) => run.label).join("\n");
    this.runs = runs;
    this.labels = new Map(runs.map((run) => [run.id, run.label]));
    if (runs.map((run) => run.label).join("\n") === before) return;
    const keys = runs.map((run) =>
      h(
        "span",
        { class: "nbt-live-run" },
        h("span", { class: "nbt-tip-key", style: { background: run.colour } }),
        run.label,
      ),
    );
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
    let places = series.whole ? [] : metric.runs.get(series.run) || [];
    series.x.forEach((x, n) =>
      places.push({ x, low: series.low[n], high: series.high[n], last: series.last[n] }),
    );
    if (places.length > MOST_PLACES) places = halved(places);
    metric.runs.set(series.run, places);
  }

  /** @param {string} key */
  metric(key) {
    if (!this.metrics.has(key)) {
      const box = h("div", { class: "nbt-live-metric", "data-metric": key });
      this.grid.append(box);
      this.metrics.set(key, { key, box, runs: new Map() });
    }
    return this.metrics.get(key);
  }

  /** @param {string[]} keys */
  draw(keys) {
    for (const key of keys) {
      const metric = this.metrics.get(key);
      const hasLine = [...metric.runs.values()].some((places) => places.length > 1);
      metric.box.classList.toggle("nbt-live-value", !hasLine);
      if (!hasLine) this.drawValue(metric);
      else if (metric.chart) metric.chart.update(this.rows(metric));
      else if (this.specs) this.mount(metric);
    }
  }

  /** One point is no line.
   *  @param {LiveMetric} metric */
  drawValue(metric) {
    const lines = [...metric.runs]
      .filter(([, places]) => places.length)
      .map(([run, places]) =>
        h(
          "div",
          {},
          this.runs.length > 1 ? h("span", { class: "nbt-muted" }, `${this.labels.get(run)} `) : "",
          h("b", {}, numberWords(places[places.length - 1].last)),
        ),
      );
    metric.box.replaceChildren(
      h("div", { class: "nbt-muted", title: metric.key }, metric.key),
      ...lines,
    );
  }

  /** @param {LiveMetric} metric */
  mount(metric) {
    const spec = structuredClone(this.specs[metric.axis]);
    spec.title = metric.key;
    spec.description = `${metric.key} as it goes, by ${metric.axis === "step" ? "step" : "time"}`;
    const colour = spec.encoding.color.scale;
    colour.domain = this.runs.map((run) => run.label);
    colour.range = this.runs.map((run) => run.colour);
    metric.box.replaceChildren();
    const stage = h("div", {});
    metric.box.append(stage);
    metric.chart = mountChart(this.host, stage, spec, this.rows(metric));
  }

  /** @param {LiveMetric} metric */
  unmount(metric) {
    metric.chart?.destroy();
    metric.chart = null;
  }

  /** @param {LiveMetric} metric */
  rows(metric) {
    const rows = [];
    for (const [run, places] of metric.runs) {
      const label = this.labels.get(run) || run;
      places.forEach(({ x, low, high, last }, n) => {
        const y = typeof last === "number" ? last : null;
        const isBand = low !== high;
        rows.push({
          id: run,
          run: label,
          x,
          y,
          raw: y,
          low: isBand ? low : y,
          high: isBand ? high : y,
          end: n === places.length - 1 ? 1 : 0,
        });
      });
    }
    return rows;
  }
}

/** @param {Place[]} places */
function halved(places) {
  const joined = [];
  for (let n = 0; n < places.length; n += 2) {
    const [first, second] = [places[n], places[n + 1] || places[n]];
    joined.push({
      ...second,
      low: least(first.low, second.low),
      high: most(first.high, second.high),
    });
  }
  return joined;
}

const least = (a, b) => (a === null ? b : b === null ? a : Math.min(a, b));
const most = (a, b) => (a === null ? b : b === null ? a : Math.max(a, b));

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
