// Vega charts in a panel: SVG, no network, redrawn by replacing the rows.

import { h } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
import { ChartTip } from "./chart_tip.js";
import { idsWithin, isEmpty, unpackRows } from "./rows.js";
import { loadVega } from "./vega_loading.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { PackedRows } from "./messages.d.ts" */
/** @import { Embedded, OnSignal, Range, Row, Spec, VegaView } from "./chart_types.d.ts" */

const ROWS = "rows"; // the name of the data in every spec
const BRUSHES = ["zoom", "picked"];
const BRUSH_PAUSE = 120; // milliseconds without a move: the drag is over
const LEAST_WIDTH = 40; // pixels

const refuse = () => Promise.reject(new Error("charts load nothing"));
const OFFLINE = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

/** Shows a spec in an element as soon as that is visible, and is `ready` then. */
export class MountedChart {
  /** `rows` is a list of objects, or packed. `onSignal(name, range, ids)` is told when a brush
   *  rests: "zoom" or "picked", what it covers by field ({} for nothing), and the ids of the runs
   *  in it.
   *  @param {PanelHost} host @param {HTMLElement} element @param {Spec} spec
   *  @param {PackedRows | Row[]} rows @param {{ onSignal?: OnSignal }} [options] */
  constructor(host, element, spec, rows, { onSignal = () => {} } = {}) {
    this.host = host;
    this.element = element;
    this.spec = spec;
    this.rows = unpackRows(rows);
    this.told = JSON.stringify(rows); // to know them again
    this.onSignal = onSignal;
    this.isGone = false;
    this.isClearing = false;
    this.isStale = false;
    /** @type {Embedded | undefined} */
    this.result = undefined;
    /** @type {VegaView | undefined} */
    this.view = undefined;
    /** @type {Promise<void> | null} */
    this.isDrawing = null;
    this.stage = h("div", { class: "nbt-chart-stage" });
    this.tip = new ChartTip(element, spec.usermeta?.x);
    this.takePlace();
    /** @type {() => void} */
    this.isWide = () => {};
    /** @type {Promise<void>} */
    this.wide = new Promise((resolve) => {
      this.isWide = resolve;
    });
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(element);
    this.ready = this.open().catch((error) => this.fail(error));
  }

  takePlace() {
    const { element, spec } = this;
    element.classList.add("nbt-chart", "nbt-chart-empty");
    element.style.minHeight = `${(spec.height || 120) + 46}px`; // nothing jumps when it is drawn
    if (spec.description) this.describe(spec.description);
    element.replaceChildren(this.stage, this.tip.rule, this.tip.el);
  }

  /** @param {string} words */
  describe(words) {
    this.element.setAttribute("role", "img");
    this.element.setAttribute("aria-label", words);
  }

  async open() {
    const [{ vegaEmbed }] = await Promise.all([loadVega(this.host), this.wide]);
    if (this.isGone) return;
    const data = { ...this.spec, datasets: { ...this.spec.datasets, [ROWS]: this.rows } };
    const drawn = this.rows;
    const result = await vegaEmbed(this.stage, data, this.embedding());
    if (this.isGone) {
      result.finalize();
      return;
    }
    this.result = result;
    this.view = result.view;
    // The words of `describe` stand for all of it; Vega gives each group a role without a name.
    this.stage.querySelector("svg")?.setAttribute("aria-hidden", "true");
    this.element.classList.remove("nbt-chart-empty");
    this.element.style.minHeight = "";
    this.listen(result.view);
    if (this.rows !== drawn) await this.draw(result.view);
  }

  embedding() {
    /** @param {unknown} _handler @param {MouseEvent} event @param {unknown} _item
     *  @param {unknown} value */
    const tooltip = (_handler, event, _item, value) => this.tip.showValue(event, value);
    return { renderer: "svg", actions: false, defaultStyle: false, loader: OFFLINE, tooltip };
  }

  /** @param {unknown} error */
  fail(error) {
    if (this.isGone) return;
    this.element.classList.remove("nbt-chart-empty");
    const words = h("div", { class: "nbt-error" }, `No chart: ${wordsOf(error)}`);
    this.stage.replaceChildren(words);
  }

  // --- what the panel can do with it

  /** The same rows again cost nothing: Vega would take 20 ms.
   *  @param {PackedRows | Row[]} rows */
  update(rows) {
    const told = JSON.stringify(rows);
    if (told === this.told) return this.isDrawing ?? this.ready;
    this.told = told;
    this.rows = unpackRows(rows);
    this.tip.take(this.rows);
    return this.view ? this.draw(this.view) : this.ready;
  }

  /** @param {string | null} label */
  highlight(label) {
    return this.signal("highlight", label);
  }

  /** @param {string[] | null} ids */
  choose(ids) {
    return this.signal("chosen", ids);
  }

  /** Take the brush away, and tell nobody. */
  async clear() {
    const { view } = this;
    if (!view) return;
    this.isClearing = true;
    for (const brush of BRUSHES.filter((name) => has(view, name))) {
      view.data(`${brush}_store`, []);
      const ends = [`${brush}_x`, `${brush}_y`];
      for (const name of ends.filter((end) => has(view, end))) view.signal(name, [0, 0]);
    }
    await view.runAsync();
    this.isClearing = false;
  }

  destroy() {
    this.isGone = true;
    this.observer.disconnect();
    this.result?.finalize();
    this.element.replaceChildren();
    this.element.classList.remove("nbt-chart", "nbt-chart-empty");
  }

  // --- drawing

  /** One at a time; of the rows that came meanwhile, only the newest are drawn.
   *  @param {VegaView} view */
  draw(view) {
    this.isStale = true;
    this.isDrawing ??= this.drawNewest(view).finally(() => {
      this.isDrawing = null;
    });
    return this.isDrawing;
  }

  /** @param {VegaView} view */
  async drawNewest(view) {
    while (this.isStale && !this.isGone) {
      this.isStale = false;
      await view.data(ROWS, this.rows).runAsync();
    }
  }

  /** A chart in a hidden tab or a folded cell has no width, and must not be drawn with it. */
  resized() {
    const width = this.stage.clientWidth;
    if (width < LEAST_WIDTH) return;
    this.isWide();
    if (this.spec.width !== "container" || !this.view) return;
    if (this.view.signal("width") === width) return;
    this.tip.hide();
    this.view.signal("width", width).resize().runAsync();
  }

  /** @param {string} name @param {unknown} value */
  async signal(name, value) {
    await this.ready;
    if (this.view && has(this.view, name)) await this.view.signal(name, value).runAsync();
  }

  // --- brushes, and the pointer

  /** @param {VegaView} view */
  listen(view) {
    for (const brush of BRUSHES.filter((name) => has(view, name))) {
      /** @param {Range} range */
      const tell = (range) => this.brushed(view, brush, range);
      const told = afterPause(BRUSH_PAUSE, tell);
      view.addSignalListener(brush, (_, range) => this.isClearing || told(range));
    }
    if (this.spec.usermeta?.nbtrack !== "lines") return;
    this.tip.take(this.rows);
    this.stage.addEventListener("pointermove", (event) =>
      this.tip.showLines(event, view, this.stage),
    );
    this.stage.addEventListener("pointerleave", () => this.tip.hide());
  }

  /** @param {VegaView} view @param {string} brush @param {Range} range */
  brushed(view, brush, range) {
    if (this.isGone) return;
    const ids = isEmpty(range) ? [] : idsWithin(this.rows, range);
    if (has(view, "chosen")) this.choose(isEmpty(range) ? null : ids);
    this.onSignal(brush, range, ids);
  }
}

/** @param {VegaView} view @param {string} signal */
function has(view, signal) {
  try {
    view.signal(signal);
    return true;
  } catch {
    return false;
  }
}
