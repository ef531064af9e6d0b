// Vega charts in a panel: one bundle per page, SVG, no network, redrawn by replacing the rows.
// Needs dom.js. The bundle is the kernel's answer to "vega", and is kept on the window for all
// panels of the page, whichever kernel they belong to.

import { h } from "../../shared/page/dom.js";
import { duration, grouped, plural, shortNumber, wordsOf } from "../../shared/page/formats.js";
import { afterPause } from "../../shared/page/pauses.js";
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { PackedRows } from "./chart_messages.d.ts" */
/** @import { LineRow, OnSignal, Range, Row, Spec, VegaSlot, VegaView } from "./chart_types.d.ts" */

const VEGA_SLOT = "nbtrackVega";
const ROWS = "rows"; // the name of the data in every spec
const BRUSHES = ["zoom", "picked"];
const BRUSH_PAUSE = 120; // milliseconds without a move: the drag is over
const MOST_IN_TIP = 10;

/** Shows `spec` in `element` as soon as that is visible. `rows` is a list of objects, or packed.
 *  `onSignal(name, range, ids)` is told when a brush rests: "zoom" or "picked", what it covers by
 *  field ({} for nothing), and the ids of the runs in it. What it returns:
 *  update(rows), highlight(label | null), choose(ids | null), clear(), destroy(), and `ready`.
 *  @param {PanelHost} host @param {HTMLElement} element @param {Spec} spec
 *  @param {PackedRows | Row[]} rows @param {{ onSignal?: OnSignal }} [options] */
export function mountChart(host, element, spec, rows, { onSignal = () => {} } = {}) {
  const chart = new ChartMount(host, element, spec, unpackRows(rows), onSignal);
  chart.ready = chart.open().catch((error) => chart.fail(error));
  return chart;
}

/** The other end of `packed` in charts/drawing.py.
 *  @param {PackedRows | Row[]} rows */
function unpackRows(rows) {
  if (Array.isArray(rows)) return rows;
  const names = Object.keys(rows.columns);
  const columns = names.map((name) => {
    const column = rows.columns[name];
    return Array.isArray(column) ? column : column.codes.map((code) => column.values[code]);
  });
  return Array.from({ length: rows.length }, (_, place) =>
    Object.fromEntries(names.map((name, n) => [name, columns[n][place]])),
  );
}

class ChartMount {
  /** @param {PanelHost} host @param {HTMLElement} element @param {Spec} spec @param {Row[]} rows
   *  @param {OnSignal} onSignal */
  constructor(host, element, spec, rows, onSignal) {
    Object.assign(this, { host, element, spec, rows, onSignal });
    this.stage = h("div", { class: "nbt-chart-stage" });
    this.tip = h("div", { class: "nbt-tip", hidden: true, "aria-hidden": "true" });
    this.rule = h("div", { class: "nbt-tip-rule", hidden: true });
    element.classList.add("nbt-chart", "nbt-chart-empty");
    element.style.minHeight = `${(spec.height || 120) + 46}px`; // nothing jumps when it is drawn
    if (spec.description) this.describe(spec.description);
    element.replaceChildren(this.stage, this.rule, this.tip);
    this.observer = new ResizeObserver(() => this.resized());
    this.wide = new Promise((resolve) => (this.isWide = resolve));
    this.observer.observe(element);
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
    const result = await vegaEmbed(this.stage, data, {
      renderer: "svg",
      actions: false,
      defaultStyle: false,
      loader: OFFLINE,
      tooltip: (_handler, event, _item, value) => this.showValue(event, value),
    });
    if (this.isGone) return result.finalize();
    this.result = result;
    this.view = result.view;
    this.width = this.stage.clientWidth;
    this.element.classList.remove("nbt-chart-empty");
    this.element.style.minHeight = "";
    this.listen();
    if (this.rows !== drawn) await this.draw();
  }

  /** @param {Error} error */
  fail(error) {
    if (this.isGone) return;
    this.element.classList.remove("nbt-chart-empty");
    this.stage.replaceChildren(h("div", { class: "nbt-error" }, `No chart: ${wordsOf(error)}`));
  }

  // --- what the panel can do with it

  /** @param {PackedRows | Row[]} rows */
  update(rows) {
    this.rows = unpackRows(rows);
    this.byRun = null;
    return this.view ? this.draw() : this.ready;
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
    if (!this.view) return;
    this.isClearing = true;
    for (const brush of BRUSHES.filter((name) => this.has(name))) {
      this.view.data(`${brush}_store`, []);
      for (const channel of ["x", "y"]) {
        const name = `${brush}_${channel}`;
        if (this.has(name)) this.view.signal(name, [0, 0]);
      }
    }
    await this.view.runAsync();
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

  /** One at a time; of the rows that came meanwhile, only the newest are drawn. */
  async draw() {
    this.isStale = true;
    if (this.isDrawing) return this.isDrawing;
    this.isDrawing = (async () => {
      while (this.isStale && !this.isGone) {
        this.isStale = false;
        await this.view.data(ROWS, this.rows).runAsync();
      }
    })().finally(() => (this.isDrawing = null));
    return this.isDrawing;
  }

  /** A chart in a hidden tab or a folded cell has no width, and must not be drawn with it. */
  resized() {
    const width = this.stage.clientWidth;
    if (width < 40) return;
    this.isWide();
    if (!this.view || width === this.width || this.spec.width !== "container") return;
    this.width = width;
    this.hideTip();
    this.view.signal("width", width).resize().runAsync();
  }

  /** @param {string} signal */
  has(signal) {
    try {
      this.view.signal(signal);
      return true;
    } catch {
      return false;
    }
  }

  /** @param {string} name @param {unknown} value */
  async signal(name, value) {
    await this.ready;
    if (this.view && this.has(name)) await this.view.signal(name, value).runAsync();
  }

  // --- brushes

  listen() {
    for (const brush of BRUSHES.filter((name) => this.has(name))) {
      const told = afterPause(BRUSH_PAUSE, (range) => this.brushed(brush, range));
      this.view.addSignalListener(brush, (_, range) => this.isClearing || told(range));
    }
    if (this.spec.usermeta?.nbtrack !== "lines") return;
    this.stage.addEventListener("pointermove", (event) => this.showLines(event));
    this.stage.addEventListener("pointerleave", () => this.hideTip());
  }

  /** @param {string} brush @param {Range} range */
  brushed(brush, range) {
    if (this.isGone) return;
    const ids = isEmpty(range) ? [] : idsWithin(this.rows, range);
    if (this.has("chosen")) this.choose(isEmpty(range) ? null : ids);
    this.onSignal(brush, range, ids);
  }

  // --- the tooltip: text nodes only, and nothing that could load a picture

  /** @param {MouseEvent} event @param {unknown} value */
  showValue(event, value) {
    if (value === null || value === undefined || value === "") return this.hideTip();
    const pairs = typeof value === "object" ? Object.entries(value) : [["", value]];
    this.tip.replaceChildren(...pairs.map(([name, text]) => tipLine("", name, text)));
    const box = this.element.getBoundingClientRect();
    this.placeTip(event.clientX - box.left, event.clientY - box.top);
  }

  /** Of line charts: every run's value at the place of the pointer, the nearest line in bold.
   *  @param {PointerEvent} event */
  showLines(event) {
    const box = this.element.getBoundingClientRect();
    const origin = plotOrigin(this.view, this.stage);
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const [plotX, plotY] = [event.clientX - origin.x, event.clientY - origin.y];
    const isInside =
      plotX >= -4 && plotX <= origin.width + 4 && plotY >= 0 && plotY <= origin.height;
    if (!isInside || event.buttons) return this.hideTip();
    const [xScale, yScale] = [this.view.scale("x"), this.view.scale("y")];
    const found = this.nearest(Number(xScale.invert(plotX)));
    if (found.length === 0) return this.hideTip();
    const distance = (row) => Math.abs(yScale(row.y) - plotY);
    const closest = found.reduce((best, row) => (distance(row) < distance(best) ? row : best));
    const shown = [...found].sort((a, b) => distance(a) - distance(b)).slice(0, MOST_IN_TIP);
    shown.sort((a, b) => b.y - a.y);
    const colour = this.view.scale("color");
    this.tip.replaceChildren(
      h("div", { class: "nbt-tip-head" }, this.placeName(closest.x)),
      ...shown.map((row) => tipLine(colour(row.run), row.run, shortNumber(row.y), row === closest)),
      (found.length > shown.length &&
        h("div", {}, `and ${plural(found.length - shown.length, "run")}`)) ||
        "",
    );
    this.rule.hidden = false;
    this.rule.style.left = `${origin.x - box.left + xScale(closest.x)}px`;
    this.rule.style.top = `${origin.y - box.top}px`;
    this.rule.style.height = `${origin.height}px`;
    this.placeTip(x, y);
  }

  /** Of each run the row nearest to `x`, if the run has come that far.
   *  @param {number} x */
  nearest(x) {
    this.byRun ||= groupByRun(this.rows);
    const found = [];
    for (const rows of this.byRun.values()) {
      const row = rows[nearestPlace(rows, x)];
      if (row) found.push(row);
    }
    return found;
  }

  /** @param {number} x */
  placeName(x) {
    const axis = this.spec.usermeta?.x;
    if (axis === "time") return new Date(x).toLocaleString();
    if (axis === "relative") return duration(x);
    return `step ${grouped(Math.round(x))}`;
  }

  /** @param {number} x @param {number} y */
  placeTip(x, y) {
    this.tip.hidden = false;
    const [width, height] = [this.tip.offsetWidth, this.tip.offsetHeight];
    const isRoomRight = x + 14 + width <= this.element.clientWidth;
    this.tip.style.left = `${Math.max(0, isRoomRight ? x + 14 : x - 14 - width)}px`;
    this.tip.style.top = `${Math.max(0, Math.min(y - height / 2, this.element.clientHeight - height))}px`;
  }

  hideTip() {
    this.tip.hidden = true;
    this.rule.hidden = true;
  }
}

// --- the bundle

/** Vega, once per page. If the panel that asked is closed meanwhile, another one asks.
 *  @param {PanelHost} host */
export async function loadVega(host) {
  const slot = (window[VEGA_SLOT] ||= {});
  while (!slot.module) {
    if (!slot.pending || slot.owner.isClosed || slot.owner.isLost) {
      slot.owner = host;
      slot.pending = askVega(host, slot);
    }
    await Promise.race([slot.pending, new Promise((resolve) => setTimeout(resolve, 500))]);
  }
  return slot.module;
}

/** @param {PanelHost} host @param {VegaSlot} slot */
async function askVega(host, slot) {
  try {
    await takeVega(slot, await host.ask("vega", {}));
  } catch (error) {
    slot.pending = null;
    throw error;
  }
}

/** Unasked: from a kernel that cannot answer while a cell runs.
 *  @param {string} text */
export function offerVega(text) {
  const slot = (window[VEGA_SLOT] ||= {});
  if (!slot.module) takeVega(slot, text).catch(() => {});
}

/** @param {VegaSlot} slot @param {string} text */
async function takeVega(slot, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  const module = await import(/* webpackIgnore: true */ url);
  slot.module ||= module;
  URL.revokeObjectURL(url);
}

const refuse = () => Promise.reject(new Error("charts load nothing"));
const OFFLINE = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

// --- small things

/** @param {Range} range */
export function isEmpty(range) {
  return !range || Object.keys(range).length === 0;
}

/** Runs with a row inside of `range`: by field two numbers, or the names of the categories.
 *  @param {Row[]} rows @param {Range} range */
function idsWithin(rows, range) {
  const tests = Object.entries(range).map(([field, bounds]) => {
    const isSpan = bounds.length === 2 && bounds.every((bound) => typeof bound === "number");
    if (!isSpan) return (row) => bounds.includes(row[field]);
    const [low, high] = bounds[0] <= bounds[1] ? bounds : [bounds[1], bounds[0]];
    return (row) => row[field] !== null && row[field] >= low && row[field] <= high;
  });
  return [...new Set(rows.filter((row) => tests.every((test) => test(row))).map((row) => row.id))];
}

/** @param {Row[]} rows */
function groupByRun(rows) {
  const groups = new Map();
  for (const row of rows) {
    if (row.y === null || row.y === undefined) continue;
    if (!groups.has(row.run)) groups.set(row.run, []);
    groups.get(row.run).push(row);
  }
  return groups;
}

/** The place in `rows`, ordered by x, of the one nearest to `x`; -1 behind the ends of the line.
 *  @param {LineRow[]} rows @param {number} x */
function nearestPlace(rows, x) {
  let [low, high] = [0, rows.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (rows[middle].x <= x) low = middle;
    else high = middle;
  }
  const place = Math.abs(rows[low].x - x) <= Math.abs(rows[high].x - x) ? low : high;
  const step =
    rows.length > 1 ? (rows[rows.length - 1].x - rows[0].x) / (rows.length - 1) : Infinity;
  return Math.abs(rows[place].x - x) <= step * 1.5 ? place : -1;
}

/** Where the inner rectangle of the plot is, in pixels of the window.
 *  @param {VegaView} view @param {HTMLElement} stage */
function plotOrigin(view, stage) {
  const svg = stage.querySelector("svg").getBoundingClientRect();
  const [left, top] = view.origin();
  const padding = view.padding();
  const [width, height] = [view.scale("x").range()[1], view.scale("y").range()[0]];
  return { x: svg.left + left + padding.left, y: svg.top + top + padding.top, width, height };
}

/** @param {string} colour @param {string} name @param {unknown} text */
function tipLine(colour, name, text, isBold = false) {
  const key = colour && h("span", { class: "nbt-tip-key", style: { background: colour } });
  return h(
    "div",
    { class: isBold ? "nbt-tip-line nbt-tip-near" : "nbt-tip-line" },
    key,
    h("span", { class: "nbt-tip-name" }, name),
    h("span", { class: "nbt-tip-value" }, text),
  );
}

