// What differs between two tables, as one: each row says whether it came, went or changed.

import { focusable, h } from "../../shared/page/dom.js";
import { grouped } from "../../shared/page/formats.js";

/** @import { ChangedColumn, ChangedRow, TableChanges } from "./messages.d.ts" */

const WORDS = { "=": "", "~": "changed", "-": "removed", "+": "added" };
const SIGNS = { "=": "", "~": "~", "-": "−", "+": "+" };
const LOOKS = { "=": null, "~": null, "-": "nbt-diff-removed", "+": "nbt-diff-added" };

/** Nothing where only the order is another: that is told in words.
 *  @param {TableChanges} changes @param {string} name */
export function tableChanges(changes, name) {
  const { columns, rows, key, more } = changes;
  if (rows.length === 0 && columns.every(({ sign }) => sign === "=")) return null;
  const isByPlace = key.length === 0;
  const head = h("tr", {}, h("th", { scope: "col" }, "row"), columns.map(columnHead));
  const body = rows.map((row) => changedRow(row, columns, { isByPlace, keys: key.length }));
  const look = { class: "nbt-preview-grid nbt-changes", "aria-label": `Differences of ${name}` };
  const table = h("table", look, h("thead", {}, head), h("tbody", {}, body));
  const scroll = { tabindex: "0", role: "group", "aria-label": `Rows of ${name} that differ` };
  const left = `${grouped(more)} more that differ are not shown.`;
  return [
    focusable(h("div", { class: "nbt-preview-scroll", ...scroll }, table)),
    more > 0 && h("p", { class: "nbt-muted nbt-preview-count" }, left),
  ];
}

/** @param {ChangedColumn} column */
function columnHead({ name, sign, isNumber }) {
  const look = [isNumber && "nbt-number", LOOKS[sign]].filter(Boolean).join(" ");
  const words = WORDS[sign] && h("span", { class: "nbt-change-word" }, signed(sign));
  return h("th", { scope: "col", class: look || null }, name, words && [" ", words]);
}

/** @param {ChangedRow} row @param {ChangedColumn[]} columns
 *  @param {{ isByPlace: boolean, keys: number }} facts */
function changedRow({ sign, number, cells }, columns, { isByPlace, keys }) {
  const place = isByPlace && h("span", { class: "nbt-muted" }, ` ${grouped(number)}`);
  const head = h("th", { scope: "row", class: LOOKS[sign] }, signed(sign), place);
  const cell = (/** @type {[string, string | null]} */ [text, was], /** @type {number} */ n) =>
    changedCell(text, was, { column: columns[n], look: LOOKS[sign], isKey: n < keys });
  return h("tr", { "data-sign": sign }, head, cells.map(cell));
}

/** @param {"=" | "~" | "-" | "+"} sign */
function signed(sign) {
  return [h("span", { class: "nbt-sign", "aria-hidden": "true" }, SIGNS[sign]), " ", WORDS[sign]];
}

/** What it was above what it is, so that digits stand below digits.
 *  @param {string} text @param {string | null} was
 *  @param {{ column: ChangedColumn, look: string | null, isKey: boolean }} facts */
function changedCell(text, was, { column, look, isKey }) {
  const ofColumn = look ?? LOOKS[column.sign];
  const looks = [column.isNumber && "nbt-number", isKey && "nbt-key-cell", ofColumn];
  const shown = { class: looks.filter(Boolean).join(" ") || null, title: text };
  if (was === null) return h("td", shown, text);
  return h(
    "td",
    { ...shown, title: `${was} → ${text}`, "data-changed": "" },
    h("del", {}, h("span", { class: "nbt-hidden-words" }, "was "), was),
    h("ins", {}, h("span", { class: "nbt-hidden-words" }, "now "), text),
  );
}
