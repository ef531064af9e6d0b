// The runs panel: head, tabs, and the line to the kernel.

import "../../shared/page/panel.css";
import "./runs.css";
import "../../charts_tab/page/chart.css";
import "../../charts_tab/page/charts_tab.css";
import "../../compare/page/compare.css";
import "../../artifacts/page/artifacts.css";
import "../../registry/page/registry.css";
import { chartsTab } from "../../charts_tab/page/charts_tab.js";
import { compareTab } from "../../compare/page/compare_tab.js";
import { registryTab } from "../../registry/page/registry_tab.js";
import { append, grouped, h, plural } from "../../shared/page/dom.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { columnPicker, experimentChooser, groupChooser } from "./choosers.js";
import { queryBox } from "./query_box.js";
import { RunsState } from "./runs_state.js";
import { runsTab } from "./runs_tab.js";
import { Tabs } from "./tabs.js";

const TABS = [runsTab, chartsTab, compareTab, registryTab];

export function render({ model, el }) {
  const root = h("div", {
    class: "nbtrack",
    "data-nbtrack": "runs",
    role: "region",
    "aria-label": "nbtrack runs",
  });
  el.append(root);
  const host = new PanelHost(model, root);
  let tabs = null;
  host.ask("start").then(
    (start) => {
      const state = new RunsState(host, start);
      tabs = new Tabs(host, state, TABS);
      drawPanel(host, root, state, tabs);
      tabs.open("runs");
      return state.show().then(() => host.ready());
    },
    (error) => {
      root.append(h("div", { class: "nbt-error", role: "alert" }, error.message));
      host.ready();
    },
  );
  return () => {
    tabs?.close();
    host.close();
  };
}

function drawPanel(host, root, state, tabs) {
  const query = queryBox(state);
  const trouble = h("div", { class: "nbt-error nbt-trouble", role: "alert" });
  state.on("filter", query.set);
  state.on("trouble", (words) => (trouble.textContent = words));
  host.onPush("trouble", (words) => (trouble.textContent = words));
  const head = h(
    "div",
    { class: "nbt-head" },
    h("span", { class: "nbt-title" }, "nbtrack"),
    experimentChooser(state),
    query.el,
    groupChooser(state),
    columnPicker(state),
  );
  const live = h("span", { class: "nbt-live", title: "New runs appear by themselves" }, "live");
  const facts = h("div", { class: "nbt-facts" }, host.status, live, countWords(state));
  append(root, [
    head,
    query.error,
    trouble,
    h("div", { class: "nbt-tabline" }, tabs.line, facts),
    tabs.body,
  ]);
}

/** "1,204 of 100,000 runs", and how many columns are left out. */
function countWords(state) {
  const words = h("span", { class: "nbt-count", role: "status", "aria-live": "polite" });
  state.on("page", ({ matching, all }) => {
    const text =
      matching === all ? plural(all, "run") : `${grouped(matching)} of ${plural(all, "run")}`;
    if (words.textContent !== text) words.textContent = text; // said aloud once
  });
  return words;
}
