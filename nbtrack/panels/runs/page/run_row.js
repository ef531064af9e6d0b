// One run as a row of the table.

import { focusable, h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { statusDot } from "../../shared/page/status_dot.js";
import { PORTION, withFold } from "./families.js";
import { badgesOf, statusWords } from "./row_words.js";
import { curvePoints } from "./sparkline.js";
import { cellClass } from "./table_head.js";
/** @import { Spoken } from "../../shared/page/questions.d.ts" */
/** @import { Page, RunRow, TableColumn } from "./messages.d.ts" */
/** @import { Badge } from "./row_words.js" */
/** @import { RunsState } from "./runs_state.js" */
/** @import { TableLayout } from "./table_layout.js" */

/** @param {RunsState} state @param {Page} page @param {RunRow} row @param {TableLayout} layout */
export function runRow(state, page, row, layout) {
  const isTicked = state.ticked.includes(row.id);
  const isOpen = state.opened.has(row.id);
  const look = `nbt-run${isTicked ? " nbt-ticked" : ""}${isOpen ? " nbt-open" : ""}`;
  const cells = page.columns.map(({ id }, n) =>
    id === "run_name"
      ? nameCell(state, row, layout)
      : reachable(
          cell(state, page, row, { n, indent: layout.indents.get(row.id)?.[n] ?? 0 }),
          `cell ${row.id} ${id}`,
        ),
  );
  const marks = { class: look, "data-run-id": row.id, "aria-selected": String(isTicked) };
  return h("tr", marks, tickCell(state, row, isTicked), cells);
}

/** By arrow keys, and still so when the row is drawn again.
 *  @param {HTMLElement} el @param {string} key */
function reachable(el, key) {
  el.setAttribute("tabindex", "-1");
  el.setAttribute("data-key", key);
  return focusable(el);
}

/** @param {RunsState} state @param {RunRow} row @param {boolean} isTicked */
function tickCell(state, row, isTicked) {
  const box = h("input", {
    type: "checkbox",
    checked: isTicked,
    "aria-label": `Tick ${row.name}`,
    "data-key": `tick ${row.id}`,
    onchange: ({ target }) => state.tick(row.id, target.checked),
  });
  return h("td", { class: "nbt-tick" }, box, isTicked && swatch(state.colourOf(row.id)));
}

/** Which colour it has in charts and comparisons.
 *  @param {string | null} colour */
function swatch(colour) {
  const style = { background: colour ?? "transparent" };
  return h("span", { class: "nbt-swatch", style, "aria-hidden": "true" });
}

/** @param {RunsState} state @param {Page} page @param {RunRow} row
 *  @param {{ n: number, indent: number }} place */
function cell(state, page, row, { n, indent }) {
  const column = page.columns[n];
  const look = cellClass(column, page.columns[n - 1]);
  if (column.id === "status") return statusCell(row, look);
  if (column.group === "Metrics") return metricCell(state, row, column, { n, look, indent });
  const text = row.cells[n];
  const started = column.id === "start_time" && new Date(row.started).toLocaleString();
  const title = started || row.titles[n] || text;
  const words = h("span", { class: "nbt-text", style: indented(indent) }, text);
  return h("td", { class: text === "–" ? `${look} nbt-muted` : look, title }, words);
}

/** @param {number} indent */
function indented(indent) {
  return indent ? { "margin-right": `${indent}px` } : undefined;
}

/** @param {RunsState} state @param {RunRow} row @param {TableLayout} layout */
function nameCell(state, row, layout) {
  const words = layout.cutName(row);
  const name = h(
    "button",
    {
      class: "nbt-quiet nbt-name-button",
      type: "button",
      "aria-expanded": String(state.opened.has(row.id)),
      "aria-label": words === row.name ? null : row.name,
      title: row.name,
      "data-key": `open ${row.id}`,
      onclick: () => state.open(row.id),
    },
    h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›"),
    h("bdi", { class: "nbt-label" }, words),
  );
  return h(
    "th",
    { class: "nbt-name", scope: "row", style: { "--depth": row.depth } },
    h(
      "div",
      { class: "nbt-name-line" },
      childMark(row),
      name,
      fold(state, row),
      badgesOf(row).map(badge),
    ),
  );
}

/** Of a child that stands alone.
 *  @param {RunRow} row */
function childMark({ parent, depth }) {
  if (!parent || depth > 0) return null;
  return h("span", { class: "nbt-child-mark nbt-muted", title: "a child run" }, "↳");
}

/** @param {RunsState} state @param {string} runId @param {boolean} isUnfolded from now on */
export function foldRun(state, runId, isUnfolded) {
  const { unfolded } = state.asked;
  if (runId in unfolded === isUnfolded) return undefined;
  return state.show({ unfolded: withFold(unfolded, runId, isUnfolded ? PORTION : 0) });
}

/** Children under their parent.
 *  @param {RunsState} state @param {RunRow} row */
function fold(state, row) {
  if (!row.children) return null;
  const isUnfolded = row.id in state.asked.unfolded;
  const children = plural(row.children, "child run");
  return h(
    "button",
    {
      class: "nbt-quiet nbt-fold",
      type: "button",
      "aria-expanded": String(isUnfolded),
      "aria-label": `${isUnfolded ? "Fold" : "Unfold"} ${children} of ${row.name}`,
      title: children,
      "data-key": `fold ${row.id}`,
      onclick: () => foldRun(state, row.id, !isUnfolded),
    },
    isUnfolded ? "−" : "+",
    grouped(row.children),
  );
}

/** "100 of 300 children: 100 more", below those that are shown.
 *  @param {RunsState} state @param {RunRow} parent @param {number} span */
export function moreRow(state, parent, span) {
  const shown = state.asked.unfolded[parent.id];
  const next = withFold(state.asked.unfolded, parent.id, shown + PORTION);
  const more = Math.min(PORTION, parent.children - shown);
  const words = `${grouped(shown)} of ${grouped(parent.children)} children`;
  const button = h(
    "button",
    {
      class: "nbt-quiet nbt-text-button",
      type: "button",
      "data-key": `more ${parent.id}`,
      onclick: () => state.show({ unfolded: next }),
    },
    `${grouped(more)} more`,
  );
  const cell = h("td", { colspan: span }, h("span", { class: "nbt-muted" }, words), " ", button);
  return h("tr", { class: "nbt-more", style: { "--depth": parent.depth + 1 } }, cell);
}

/** @param {RunsState} state @param {RunRow} row @param {TableColumn} column
 *  @param {{ n: number, look: string, indent: number }} place */
function metricCell(state, row, column, { n, look, indent }) {
  const share = row.shares[n];
  const style = share === null ? undefined : { "--share": `${4 + share * 92}%` };
  const text = row.cells[n];
  const muted = text === "–" ? "nbt-muted" : null;
  const number = h("span", { class: muted, style: indented(indent) }, text);
  const curve = sparkline(state.sparks[row.id]?.[column.label] ?? []);
  const star = row.best.includes(column.id) && bestStar();
  const line = h("span", { class: "nbt-metric-line" }, curve, star, number);
  return h("td", { class: `${look} nbt-metric`, style, title: text }, line);
}

function bestStar() {
  const words = h("span", { class: "nbt-hidden-words" }, " best ");
  return h("span", { class: "nbt-best", title: "the best" }, "★", words);
}

/** @param {RunRow} row @param {string} look */
function statusCell(row, look) {
  const word = row.status.toLowerCase();
  const shown = statusWords(row);
  const isSaid = shown === word;
  const title = row.error ? `${word}: ${row.error}` : word;
  const hidden = !isSaid && h("span", { class: "nbt-hidden-words" }, word, shown && ": ");
  const bad = word === "failed" ? "nbt-failed" : null;
  const words = shown && h("span", { class: bad }, shown);
  return h("td", { class: look, title }, [
    h("span", { class: "nbt-status" }, statusDot(word), hidden, words),
  ]);
}

/** @param {Badge} badge */
function badge({ words, title, isStrong, isWarning }) {
  const look = isStrong ? " nbt-badge-strong" : isWarning ? " nbt-badge-warning" : "";
  const spoken = isWarning ? { role: "img", "aria-label": title } : {};
  return h("span", { class: `nbt-badge${look}`, title, ...spoken }, words);
}

/** @param {readonly Spoken[]} values */
function sparkline(values) {
  const points = curvePoints(values);
  if (!points) return null;
  const line = h("polyline", { points });
  return h("svg", { class: "nbt-spark", viewBox: "0 0 48 14", "aria-hidden": "true" }, line);
}
