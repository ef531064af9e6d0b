// Charts in which each run is one point or one line. A brush ticks the runs that it covers.

import { h, redraw } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { columnGroups, listChooser, nameOfColumn, withChosen } from "./chart_choosers.js";
import { afterDrag, labelledSelect } from "./chart_controls.js";
import { isEmpty, mountChart } from "./chart_host.js";
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { PackedRows } from "./chart_messages.d.ts" */
/** @import { Range, Say, Spec } from "./chart_types.d.ts" */

const REFRESH_PAUSE = 1500; // milliseconds: these charts are about finished runs

/** Of each view: its controls over what is `chosen`, and what its brush does. */
const RUN_VIEWS = {
  scatter: { controls: scatterControls, hint: "Drag over points to tick their runs." },
  parallel: { controls: parallelControls, hint: "Drag over lines to tick their runs." },
  importance: { controls: importanceControls, hint: "" },
};

export class RunChartView {
  /** @param {PanelHost} host @param {RunsState} state @param {Say} status @param {ViewName} name */
  constructor(host, state, status, name) {
    Object.assign(this, { host, state, status, name, view: RUN_VIEWS[name] });
    this.chosen = {}; // what the user chose, else what the kernel did
    this.controls = [h("span", { class: "nbt-run-controls" })];
    this.stage = h("div", { class: `nbt-card-body nbt-wide-chart nbt-wide-${name}` });
    this.words = h("span", {});
    this.unbrush = h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        hidden: true,
        "data-key": `clear brush ${name}`,
        onclick: () => this.clearBrush(),
      },
      "Clear brush",
    );
    this.method = h("div", { class: "nbt-muted nbt-method" });
    const brushLine = h(
      "div",
      { class: "nbt-brush-line nbt-muted", hidden: !this.view.hint },
      this.words,
      this.unbrush,
    );
    this.el = h("div", {}, this.stage, brushLine, this.method);
    this.refreshLater = afterPause(
      REFRESH_PAUSE,
      () => this.isOpen && !this.isBrushed && this.ask(),
    );
    state.on("page", () => this.isOpen && this.refreshLater());
    state.on("ticked", (ids) => this.ticked(ids));
    state.on("keys", () => this.isOpen && this.drawControls());
  }

  open() {
    this.isOpen = true;
    if (!this.chart) this.status("drawing charts…");
    return this.ask();
  }

  hide() {
    this.isOpen = false;
  }

  close() {
    this.chart?.destroy();
  }

  /** @param {Chosen} changes */
  set(changes) {
    this.chosen = { ...this.chosen, ...changes };
    if (this.isBrushed) this.forgetBrush();
    return this.ask();
  }

  drawControls() {
    redraw(this.controls[0], this.view.controls(this));
  }

  async ask() {
    const args = {
      ...this.chosen,
      places: Object.fromEntries(this.state.ticked.map((id) => [id, this.state.colours.get(id)])),
    };
    try {
      const answer = await this.host.ask(this.name, args, { latest: this.name });
      if (this.isOpen) await this.take(answer);
    } catch (error) {
      this.drawControls();
      this.status(wordsOf(error));
    }
  }

  /** @param {Answer} answer */
  async take({ form, spec, rows, note, chosen, method }) {
    this.chosen = chosen;
    this.drawControls();
    this.method.textContent = method || "";
    if (form === this.form && this.chart) await this.chart.update(rows);
    else await this.mount(form, spec, rows);
    if (this.state.ticked.length) this.chart.choose(this.state.ticked);
    this.say();
    this.status(note);
  }

  /** @param {string} form @param {Spec} spec @param {PackedRows} rows */
  async mount(form, spec, rows) {
    this.chart?.destroy();
    const el = h("div", {});
    this.stage.replaceChildren(el);
    this.form = form;
    this.chart = mountChart(this.host, el, spec, rows, {
      onSignal: afterDrag(el, (name, range) => name === "picked" && this.brush(range)),
    });
    await this.chart.ready;
    this.stage.dataset.drawn = this.name;
  }

  // --- the brush

  /** @param {Range} range */
  async brush(range) {
    if (isEmpty(range)) return this.isBrushed && this.clearBrush();
    this.isBrushed = true;
    const { ids } = await this.host.ask("brush", this.brushArguments(range), { latest: "brush" });
    this.tick(ids);
    this.chart.choose(ids);
    this.say(`${plural(ids.length, "run")} ticked.`);
  }

  /** @param {Range} range */
  brushArguments({ x, y }) {
    if (this.name === "parallel") return { axes: this.chosen.axes, x, y };
    const ranges = {};
    if (x) ranges[this.chosen.x] = x;
    if (y) ranges[this.chosen.y] = y;
    return { ranges };
  }

  /** @param {string[]} ids */
  tick(ids) {
    this.isTicking = true;
    this.state.setTicked(ids);
    this.state.tellTicked();
    this.isTicking = false;
  }

  clearBrush() {
    this.forgetBrush();
    this.tick([]);
  }

  /** Somebody ticked other runs: then the brush says nothing any more.
   *  @param {string[]} ids */
  ticked(ids) {
    if (this.isTicking || !this.chart) return;
    if (this.isBrushed) this.forgetBrush();
    this.chart.choose(ids.length ? ids : null);
    this.say();
    if (this.isOpen && this.chosen.colour === "") this.ask();
  }

  hint() {
    const { length } = this.state.ticked;
    return length && this.view.hint
      ? `${plural(length, "ticked run")} in the foreground. ${this.view.hint}`
      : this.view.hint;
  }

  forgetBrush() {
    this.isBrushed = false;
    this.chart?.clear();
    this.chart?.choose(null);
    this.host.ask("brush", {}, { latest: "brush" }).catch(() => {});
    this.say();
  }

  say(words = this.hint()) {
    this.words.textContent = words;
    this.unbrush.hidden = !this.isBrushed;
  }
}

/** @param {RunChartView} view */
function scatterControls(view) {
  const groups = columnGroups(view.state);
  const { x = "", y = "", colour = "" } = view.chosen;
  const select = (words, key, value, first = []) =>
    labelledSelect(
      words,
      [["", first], ...withChosen(groups, value)],
      value,
      (next) => view.set({ [key]: next }),
      `scatter ${key}`,
    );
  return [
    select("X", "x", x),
    select("Y", "y", y),
    select("Colour", "colour", colour, [["", "by run"]]),
  ];
}

/** @param {RunChartView} view */
function parallelControls(view) {
  const chosen = () => view.chosen.axes || [];
  const kinds = { params: "param", metrics: "metric" };
  const menu = listChooser(`Axes ${chosen().length}`, {
    name: "Axes",
    all: () =>
      columnGroups(view.state).flatMap(([, options]) =>
        options.map(([id, words]) => [id, words, kinds[id.split(".")[0]] || "run"]),
      ),
    chosen,
    onchange: (axes) => view.set({ axes }),
  });
  const name = h(
    "span",
    { class: "nbt-muted nbt-axes-words" },
    chosen().map(nameOfColumn).join(" · "),
  );
  return [menu, name];
}

/** @param {RunChartView} view */
function importanceControls(view) {
  const { metric = "" } = view.chosen;
  const groups = columnGroups(view.state, { params: false, duration: false });
  return [
    labelledSelect(
      "Metric",
      withChosen(groups, metric),
      metric,
      (next) => view.set({ metric: next }),
      "importance metric",
    ),
  ];
}
