// One chart of the live panel: metrics that are drawn together, or the value of what has one point.

import { MountedChart } from "../../charts_tab/page/chart_host.js";
import { lineSwatch } from "../../charts_tab/page/line_swatch.js";
import { shownText } from "../../charts_tab/page/shown_text.js";
import { h } from "../../shared/page/dom.js";
import { shortNumber } from "../../shared/page/formats.js";
import { linesOf, metricsOf, rowsOfLines } from "./live_lines.js";

/** @import { Spec } from "../../charts_tab/page/chart_types.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Spoken } from "../../shared/page/questions.d.ts" */
/** @import { Line, LiveMetric } from "./live_lines.js" */
/** @import { LiveChart, LiveRun, Specs } from "./messages.d.ts" */

/** What is drawn, by metric; of these runs; as the specs have it.
 *  @typedef {{ metrics: Map<string, LiveMetric>, runs: LiveRun[], specs: Specs }} Drawn */

export class ChartBox {
  /** @param {PanelHost} host @param {LiveChart} told */
  constructor(host, told) {
    this.host = host;
    this.told = told;
    this.el = h("div", { class: "nbt-live-metric", "data-metric": told.key });
    /** @type {MountedChart | null} */
    this.chart = null;
    this.axis = ""; // of what is mounted
  }

  /** @param {LiveChart} told */
  take(told) {
    if (JSON.stringify(told) !== JSON.stringify(this.told)) this.unmount();
    this.told = told;
  }

  /** @param {Drawn} drawn */
  draw({ metrics, runs, specs }) {
    const found = metricsOf(this.told).flatMap(({ key }) => metrics.get(key) ?? []);
    const places = found.flatMap((metric) => [...metric.runs.values()]);
    const hasLine = places.some((each) => each.length > 1);
    this.el.classList.toggle("nbt-live-value", !hasLine);
    if (!hasLine) return this.drawValue(found[0], runs);
    const axis = found.some((metric) => metric.axis === "step") ? "step" : "relative";
    const lines = linesOf(this.told, runs);
    const rows = rowsOfLines(lines, metrics);
    if (this.chart && this.axis === axis) return this.chart.update(rows);
    const template = specs[axis];
    if (!template) return undefined; // it has not come yet
    this.unmount();
    this.axis = axis;
    return this.mount(this.spec(template, axis, lines), rows, runs);
  }

  unmount() {
    this.chart?.destroy();
    this.chart = null;
  }

  /** One point is no line.
   *  @param {LiveMetric | undefined} metric @param {LiveRun[]} runs */
  drawValue(metric, runs) {
    this.unmount();
    const { key } = this.told;
    const lines = runs.flatMap(({ id, label }) => {
      const name = runs.length > 1 && h("span", { class: "nbt-muted" }, `${label} `);
      const places = metric?.runs.get(id) ?? [];
      return places.map(({ last }) => h("div", {}, name, h("b", {}, numberWords(last))));
    });
    const title = h("div", { class: "nbt-muted", title: key }, key);
    this.el.replaceChildren(title, ...lines);
  }

  /** @param {Spec} spec @param {ReturnType<typeof rowsOfLines>} rows @param {LiveRun[]} runs */
  mount(spec, rows, runs) {
    const stage = h("div", {});
    this.el.replaceChildren(...(this.told.beside.length ? [this.legend(runs)] : []), stage);
    this.chart = new MountedChart(this.host, stage, spec, rows);
  }

  /** @param {Spec} template @param {string} axis @param {Line[]} lines @returns {Spec} */
  spec(template, axis, lines) {
    const { key, beside } = this.told;
    const spec = structuredClone(template);
    const names = [key, ...beside.map((each) => each.key)].join(" and ");
    spec.description = `${names} as it goes, by ${axis === "step" ? "step" : "time"}`;
    if (beside.length)
      delete spec.title; // the legend stands in its place
    else spec.title = shownText(key);
    const domain = lines.map(({ label }) => label);
    Object.assign(spec.encoding.color.scale, { domain, range: lines.map(({ colour }) => colour) });
    const range = lines.map(({ dash }) => (dash.length ? dash : [1, 0]));
    for (const { encoding } of spec.layer)
      if (encoding.strokeDash) encoding.strokeDash.scale = { domain, range };
    return spec;
  }

  /** Which metric is which line, where one chart has several.
   *  @param {LiveRun[]} runs */
  legend(runs) {
    const colour = runs.length === 1 ? runs[0].colour : "currentColor";
    const keys = metricsOf(this.told).map(({ key, dash }) =>
      h(
        "span",
        { class: "nbt-live-key", title: key },
        lineSwatch({ colour, dash }),
        h("bdi", {}, key),
      ),
    );
    return h("div", { class: "nbt-live-keys" }, keys);
  }
}

/** @param {Spoken} value */
function numberWords(value) {
  return typeof value === "number" ? shortNumber(value) : String(value);
}
