// The newest runs of a project in a column, and the whole runs panel for who wants more room.

import "./side.css";
import { ExperimentChooser } from "../../runs/page/choosers.js";
import { statusWords } from "../../runs/page/row_words.js";
import { render as renderPanel } from "../../runs/page/runs_panel.js";
import { RunsState } from "../../runs/page/runs_state.js";
import { append, h, reconcile, redraw } from "../../shared/page/dom.js";
import { ageWords, plural, wordsOf } from "../../shared/page/formats.js";
import { Line } from "../../shared/page/line.js";
import { PanelHost, panelRoot } from "../../shared/page/panel_host.js";
import { statusDot } from "../../shared/page/status_dot.js";
import { openedRun } from "./opened_run.js";

/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { Opening } from "../../shared/page/panel_types.d.ts" */
/** @import { Keys, Page, RunRow, RunsStart } from "../../runs/page/messages.d.ts" */
/** @import { FollowedPlace } from "../../runs/page/runs_types.d.ts" */
/** @import { Lab } from "./side_types.d.ts" */

const MOST_METRICS = 20;

/** The line to a panel of the server's, and who puts a cell into a notebook.
 *  @param {string} address @param {(source: string) => boolean} insertCell */
export function lineTo(address, insertCell) {
  return Object.assign(new Line(address), { insertCell });
}

/** @param {Opening & { place: FollowedPlace }} opening */
export function renderRuns(opening) {
  return renderPanel(opening);
}

/** @param {Opening & { lab: Lab }} opening */
export function render({ model, el, lab }) {
  const root = panelRoot(el, "side", "nbtrack: newest runs");
  const host = new PanelHost(model, root);
  const start = /** @type {Promise<RunsStart>} */ (host.ask("start", {}));
  start.then(
    (found) => new Side(host, root, found, lab).begin(),
    (error) => root.append(h("div", { class: "nbt-error", role: "alert" }, wordsOf(error))),
  );
  return () => host.close();
}

class Side {
  /** @param {PanelHost} host @param {HTMLElement} root @param {RunsStart} start @param {Lab} lab */
  constructor(host, root, start, lab) {
    this.lab = lab;
    this.state = new RunsState(host, start);
    this.list = h("ul", { class: "nbt-side-runs", "aria-label": "Runs" });
    this.more = h("div", { class: "nbt-side-more" });
    this.notice = h("div", { class: "nbt-notice", role: "status" });
    this.trouble = h("div", { class: "nbt-error nbt-trouble", role: "alert" });
    const all = h(
      "button",
      { class: "nbt-button", type: "button", "data-key": "all", onclick: () => this.openAll([]) },
      "Open table",
    );
    const title = h("h2", { class: "nbt-side-title", title: lab.title }, lab.title);
    const head = h("div", { class: "nbt-side-head" }, title, all);
    const line = h(
      "div",
      { class: "nbt-side-line" },
      new ExperimentChooser(this.state).el,
      host.status,
    );
    append(root, [head, line, this.trouble, this.notice, this.list, this.more]);
    host.onPush("trouble", (words) => this.say(words));
  }

  begin() {
    const { state } = this;
    state.on("page", () => this.draw());
    state.on("keys", (keys) => this.askMetrics(keys));
    state.on("rows", () => this.draw());
    state.on("trouble", (words) => this.say(words));
    state.on("notice", ({ words, source }) => {
      const text = source && h("pre", { class: "nbt-code" }, source);
      redraw(this.notice, h("span", {}, words), text);
    });
    state.show({ sort: [], group: "", filter: "", quick: {}, page: 0 });
  }

  /** Each run has some of them; a table would have columns that most have.
   *  @param {Keys} keys */
  askMetrics({ metrics }) {
    const mine = metrics.filter(({ part }) => part === "mine" || part === "measured");
    const columns = mine.slice(0, MOST_METRICS).map(({ key }) => `metrics.${key}`);
    if (String(columns) !== String(this.state.asked.columns)) this.state.show({ columns });
  }

  /** @param {string} words */
  say(words) {
    this.trouble.textContent = words;
  }

  draw() {
    const { page } = this.state;
    if (!page) return;
    const rows = page.rows ?? [];
    const none = { key: "none", looks: "", make: noRuns };
    reconcile(this.list, rows.length > 0 ? rows.flatMap((row) => this.parts(page, row)) : [none]);
    const left = page.matching - rows.length;
    redraw(this.more, left > 0 && `${plural(left, "older run")} in the table`);
  }

  /** An open menu stays while others come.
   *  @param {Page} page @param {RunRow} row @returns {Part[]} */
  parts(page, row) {
    const { opened, details } = this.state;
    const isOpen = opened.has(row.id);
    const facts = this.facts(page, row);
    const looks = JSON.stringify([row, facts, isOpen, page.columns.map(({ id }) => id)]);
    const line = { key: row.id, looks, make: () => this.row(page, row, facts) };
    const known = JSON.stringify([details.get(row.id), opened.size]);
    const make = () => h("li", {}, openedRun(this.state, row, this));
    return isOpen ? [line, { key: `opened ${row.id}`, looks: known, make }] : [line];
  }

  /** @param {Page} page @param {RunRow} row @param {string} facts */
  row(page, row, facts) {
    const button = h(
      "button",
      {
        class: "nbt-quiet nbt-side-run",
        type: "button",
        "aria-expanded": String(this.state.opened.has(row.id)),
        "data-key": `open ${row.id}`,
        title: row.error || row.name,
        onclick: () => this.state.open(row.id),
      },
      h("span", { class: "nbt-status" }, statusDot(row.status)),
      h("bdi", { class: "nbt-side-name" }, row.name),
      metricOf(page, row),
      h("span", { class: "nbt-side-facts nbt-muted" }, facts),
    );
    return h("li", { "data-run-id": row.id }, button);
  }

  /** @param {Page} page @param {RunRow} row */
  facts(page, row) {
    const age = ageWords((page.now - row.started) / 1000);
    const chosen = this.state.asked.experiments;
    const { name } = this.state.keys.experiments.find(({ id }) => id === row.experiment) ?? {};
    const experiment = chosen?.length === 1 ? "" : name;
    const children = row.children ? plural(row.children, "child run") : "";
    const told = [statusWords(row), age, experiment, children].filter(Boolean);
    return told.join(" · ");
  }

  /** @param {string[]} ticked */
  openAll(ticked) {
    const { experiments } = this.state.asked;
    const tab = ticked.length > 1 ? "compare" : "runs";
    this.lab.openRuns({ asked: { experiments }, ticked, tab });
  }
}

function noRuns() {
  return h("li", { class: "nbt-side-none nbt-muted" }, "No runs yet: %%track a cell.");
}

/** Of the metrics that matter, the first that it has.
 *  @param {Page} page @param {RunRow} row */
function metricOf({ columns }, row) {
  const at = columns.findIndex(({ group }, n) => group === "Metrics" && row.cells[n] !== "–");
  if (at < 0) return null;
  const { id, label } = columns[at];
  const star = row.best.includes(id) && h("span", { class: "nbt-best", title: "the best" }, "★ ");
  return h(
    "span",
    { class: "nbt-side-metric", title: label },
    h("span", { class: "nbt-side-key nbt-muted" }, label),
    h("span", {}, star, row.cells[at]),
  );
}
