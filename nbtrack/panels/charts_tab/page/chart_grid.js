// Small charts side by side, one card for each metric. A card keeps its chart while the spec stays
// the same, and only its rows are replaced.

import { h, redraw } from "../../shared/page/dom.js";
import { afterDrag } from "./chart_controls.js";
import { ChartHead } from "./chart_head.js";
import { MountedChart } from "./chart_host.js";
import { balancedColumns } from "./layout.js";
import { isEmpty } from "./rows.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { MetricChart } from "./messages.d.ts" */
/** @import { ChartActions, Range, Spec } from "./chart_types.d.ts" */

const SKELETONS = 6;

export class ChartGrid {
  /** @param {PanelHost} host
   *  @param {ChartActions} actions */
  constructor(host, actions) {
    this.host = host;
    this.actions = actions;
    /** By key.
     *  @type {Map<string, ChartCard>} */
    this.cards = new Map();
    /** The label of a run.
     *  @type {string | null} */
    this.highlighted = null;
    this.el = h("div", { class: "nbt-chart-grid", ondblclick: actions.onReset }, skeletons());
    this.observer = new ResizeObserver(() => this.balance());
    this.observer.observe(this.el);
  }

  balance() {
    const width = this.el.clientWidth;
    if (width === 0) return; // in a hidden tab
    const columns = balancedColumns(this.el.children.length, width);
    this.el.style.setProperty("--columns", String(columns));
  }

  /** False if a spec is missing here: then it has to be asked for.
   *  @param {MetricChart[]} charts */
  draw(charts) {
    const keys = charts.map(({ key }) => key);
    const at = [...this.el.children].findIndex((el) => el.contains(document.activeElement));
    for (const [key, card] of this.cards) if (!keys.includes(key)) this.drop(key, card);
    const cards = charts.map(({ key }) => this.card(key));
    const isWhole = charts.map((chart, n) => cards[n].show(chart)).every(Boolean);
    const wanted = cards.map(({ el }) => el);
    const { children } = this.el;
    if (children.length !== wanted.length || wanted.some((el, n) => children[n] !== el))
      redraw(this.el, wanted);
    if (at >= 0 && !this.el.contains(document.activeElement)) this.focusOn(at);
    this.balance();
    return isWhole;
  }

  /** The chart that stands where one was that had the focus.
   *  @param {number} at */
  focusOn(at) {
    const { children } = this.el;
    children[Math.min(at, children.length - 1)]?.querySelector("button")?.focus();
  }

  /** @param {string} key */
  card(key) {
    const card = this.cards.get(key) ?? new ChartCard(this, key);
    this.cards.set(key, card);
    return card;
  }

  /** @param {string} key @param {ChartCard} card */
  drop(key, card) {
    card.close();
    card.el.remove();
    this.cards.delete(key);
  }

  /** @param {string | null} label */
  highlight(label) {
    this.highlighted = label;
    for (const card of this.cards.values()) card.chart?.highlight(label);
  }

  clearBrushes() {
    for (const card of this.cards.values()) card.chart?.clear();
  }

  ready() {
    return Promise.all([...this.cards.values()].map((card) => card.drawn));
  }

  close() {
    this.observer.disconnect();
    for (const [key, card] of this.cards) this.drop(key, card);
  }
}

/** What stands there until it is known which charts there are. */
function skeletons() {
  const look = { class: "nbt-chart-card nbt-skeleton", "aria-hidden": "true" };
  return Array.from({ length: SKELETONS }, () => h("div", look, h("div", {}), h("div", {})));
}

class ChartCard {
  /** @param {ChartGrid} grid @param {string} key */
  constructor(grid, key) {
    this.grid = grid;
    /** Of the spec that is drawn.
     *  @type {string | null} */
    this.form = null;
    /** @type {MountedChart | null} */
    this.chart = null;
    /** @type {Promise<unknown>} */
    this.drawn = Promise.resolve();
    this.head = new ChartHead(key, grid.actions);
    this.body = h("div", { class: "nbt-card-body" });
    this.el = h(
      "section",
      { class: "nbt-chart-card", "data-metric": key, "aria-label": key },
      this.head.el,
      this.body,
    );
  }

  /** @param {MetricChart} chart */
  show(chart) {
    this.head.show(chart);
    this.el.dataset.kind = chart.kind;
    if (chart.kind === "none") {
      this.empty(chart.note);
      return true;
    }
    if (this.chart && chart.form === this.form) {
      this.drawn = this.chart.update(chart.rows);
      this.chart.describe(chart.description);
      return true;
    }
    if (!chart.spec) return false;
    this.mount(chart, chart.spec);
    return true;
  }

  /** The old chart stays until the new one is drawn: nothing blinks.
   *  @param {MetricChart} chart @param {Spec} spec */
  mount({ form, rows, description }, spec) {
    const before = this.chart;
    const old = [...this.body.children];
    const el = h("div", { class: before ? "nbt-card-next" : null });
    this.body.append(el);
    if (!before) for (const each of old) each.remove();
    /** @param {string} name @param {Range} range */
    const brushed = (name, range) => this.brushed(name, range);
    const chart = new MountedChart(this.grid.host, el, spec, rows, {
      onSignal: afterDrag(el, brushed),
    });
    chart.describe(description);
    this.chart = chart;
    this.form = form;
    this.drawn = chart.ready.then(() => {
      el.classList.remove("nbt-card-next");
      if (this.grid.highlighted !== null) chart.highlight(this.grid.highlighted);
      before?.destroy();
      if (before) for (const each of old) each.remove();
      this.el.dataset.drawn = "true";
    });
  }

  /** @param {string} name @param {Range} range */
  brushed(name, range) {
    if (name !== "zoom" || isEmpty(range)) return;
    const [low, high] = range.x.map(Number);
    this.grid.clearBrushes();
    if (low !== high) this.grid.actions.onZoom([low, high]);
  }

  /** @param {string} words */
  empty(words) {
    this.close();
    this.body.replaceChildren(h("div", { class: "nbt-card-empty nbt-muted" }, words));
  }

  close() {
    this.chart?.destroy();
    this.chart = null;
    this.form = null;
  }
}
