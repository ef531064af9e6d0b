// The runs panel: head, tabs, and the line to the kernel.

import "../../shared/page/panel.css";
import "./runs_table.css";
import "./runs.css";
import "../../charts_tab/page/chart.css";
import "../../charts_tab/page/charts_tab.css";
import "../../compare/page/compare.css";
import "../../artifacts/page/artifacts.css";
import "../../registry/page/registry.css";
import { chartsTab } from "../../charts_tab/page/charts_tab.js";
import { compareTab } from "../../compare/page/compare_tab.js";
import { registryTab } from "../../registry/page/registry_tab.js";
import { append, h } from "../../shared/page/dom.js";
import { grouped, plural, wordsOf } from "../../shared/page/formats.js";
import { PanelHost, panelRoot } from "../../shared/page/panel_host.js";
import { binSwitch, ExperimentChooser, groupChooser, treeSwitch } from "./choosers.js";
import { ColumnPicker } from "./column_picker.js";
import { roomIn } from "./column_widths.js";
import { QueryBox } from "./query_box.js";
import { RunsState } from "./runs_state.js";
import { runsTab } from "./runs_tab.js";
import { Tabs } from "./tabs.js";

/** @import { Opening } from "../../shared/page/panel_types.d.ts" */
/** @import { RunsStart } from "./messages.d.ts" */
/** @import { FollowedPlace } from "./runs_types.d.ts" */

const TABS = [runsTab, chartsTab, compareTab, registryTab];

/** `place` is where it begins, where the page has an address that says so.
 *  @param {Opening & { place?: FollowedPlace }} opening */
export function render({ model, el, place }) {
  const root = panelRoot(el, "runs", "nbtrack runs");
  const host = new PanelHost(model, root);
  /** @type {Tabs | undefined} */
  let tabs;
  askStart(host).then(
    (start) => {
      const state = new RunsState(host, place ? begunAt(start, place) : start);
      state.asked.room = roomIn(el.clientWidth);
      tabs = new Tabs(host, state, TABS);
      drawPanel(host, root, state, tabs);
      tabs.open("runs");
      if (place) follow(place, state, tabs);
      return state.show().then(() => {
        host.ready();
        tabs?.warm();
        if (place) tabs?.open(place.begin.tab);
      });
    },
    (error) => {
      root.append(h("div", { class: "nbt-error", role: "alert" }, wordsOf(error)));
      host.ready();
    },
  );
  return () => {
    tabs?.close();
    host.close();
  };
}

/** Every panel has an answer of its own to this question.
 *  @param {PanelHost} host */
function askStart(host) {
  return /** @type {Promise<RunsStart>} */ (host.ask("start", {}));
}

/** @param {RunsStart} start @param {FollowedPlace} place @returns {RunsStart} */
function begunAt(start, { begin }) {
  return { ...start, state: { ...start.state, ...begin.asked }, selected: begin.ticked };
}

/** @param {FollowedPlace} place @param {RunsState} state @param {Tabs} tabs */
function follow({ begin, changed }, state, tabs) {
  if (begin.ticked.length > 0) state.tellTicked();
  let isBegun = begin.tab === "runs"; // else on the way to its tab
  const tell = () => {
    const tab = tabs.opened?.tab.name ?? "runs";
    isBegun ||= tab !== "runs";
    changed({ asked: state.asked, ticked: state.ticked, tab: isBegun ? tab : begin.tab });
  };
  state.on("page", tell);
  state.on("ticked", tell);
  state.on("opened", tell);
}

/** @param {PanelHost} host @param {HTMLElement} root @param {RunsState} state @param {Tabs} tabs */
function drawPanel(host, root, state, tabs) {
  const query = new QueryBox(state);
  const trouble = h("div", { class: "nbt-error nbt-trouble", role: "alert" });
  state.on("filter", (filter) => query.set(filter));
  /** @param {string} words */
  const say = (words) => {
    trouble.textContent = words;
  };
  state.on("trouble", say);
  host.onPush("trouble", say);
  state.on("tab", (name) => tabs.open(name));
  state.on("chart", (metric) => tabs.open("charts")?.chart?.(metric));
  const head = h(
    "div",
    { class: "nbt-head" },
    h("span", { class: "nbt-title" }, "nbtrack"),
    new ExperimentChooser(state).el,
    query.el,
    groupChooser(state),
    new ColumnPicker(state).el,
  );
  const live = h("span", { class: "nbt-live", title: "New runs appear by themselves" }, "live");
  const said = [host.status, live, countWords(state)];
  const switches = [treeSwitch(state), binSwitch(state)];
  const facts = h("div", { class: "nbt-facts" }, switches, said);
  append(root, [
    head,
    query.error,
    trouble,
    h("div", { class: "nbt-tabline" }, tabs.line, facts),
    tabs.body,
  ]);
}

/** "1,204 of 100,000 runs", and why that may not be all.
 *  @param {RunsState} state */
function countWords(state) {
  const words = h("span", { class: "nbt-count", role: "status", "aria-live": "polite" });
  state.on("page", ({ matching, all, absence }) => {
    const count =
      matching === all ? plural(all, "run") : `${grouped(matching)} of ${plural(all, "run")}`;
    const text = absence ? `${count} · ⚠ ${absence}` : count;
    if (words.textContent !== text) words.textContent = text; // said aloud once
  });
  return words;
}
