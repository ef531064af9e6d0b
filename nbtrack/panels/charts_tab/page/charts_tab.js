// The Charts tab: curves, scatter, parallel coordinates, importance of params.

import { append, h } from "../../shared/page/dom.js";
import { segmented } from "./chart_controls.js";
import { RunChartView } from "./charts_by_run.js";
import { LinesView } from "./charts_lines.js";
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */

const CHART_VIEWS = [
  ["lines", "Lines"],
  ["scatter", "Scatter"],
  ["parallel", "Parallel"],
  ["importance", "Importance"],
];

// Altair and Vega take a second to be ready, and nobody who leaves the tab shut should pay for them.
const WARMED = new WeakSet();

export const chartsTab = {
  name: "charts",
  label: "Charts",
  mount: mountChartsTab,
  near: warmCharts,
};

/** @param {PanelHost} host */
function warmCharts(host) {
  if (WARMED.has(host)) return;
  WARMED.add(host);
  host.tell("charts_soon");
}

/** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
function mountChartsTab(host, el, state) {
  const words = h("div", { class: "nbt-charts-words nbt-muted", role: "status" });
  const say = (text, { isTrouble = false } = {}) => {
    if (words.textContent !== text) words.textContent = text;
    words.classList.toggle("nbt-error", isTrouble);
  };
  const statusOf = (name) => (text, options) => name === opened && say(text, options);
  const views = {};
  let opened = null;
  const controls = h("span", { class: "nbt-chart-controls" });
  const bar = h(
    "div",
    { class: "nbt-chart-bar" },
    segmented("Kind of chart", CHART_VIEWS, "lines", open),
    controls,
  );
  const body = h("div", { class: "nbt-charts" });
  append(el, [bar, words, body]);

  /** @param {ViewName} name */
  function viewOf(name) {
    const make = () =>
      name === "lines"
        ? new LinesView(host, state, statusOf(name))
        : new RunChartView(host, state, statusOf(name), name);
    return (views[name] ||= make());
  }

  /** @param {ViewName} name */
  function open(name) {
    if (opened) views[opened].hide();
    opened = name;
    say("");
    const view = viewOf(name);
    body.replaceChildren(view.el);
    controls.replaceChildren(...view.controls);
    body.dataset.view = name;
    view.open();
  }

  return {
    shown: () => open(opened || "lines"),
    hidden: () => opened && views[opened].hide(),
    close: () => Object.values(views).forEach((view) => view.close()),
  };
}
