// A look at an artifact, by what the kernel made of it. Nothing in it runs, and nothing is fetched.

import { codeView } from "../../shared/page/code_view.js";
import { focusable, h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { markdownElement } from "../../shared/page/markdown.js";

/** @import { Picture, Preview, PreviewCell, PreviewTable } from "./messages.d.ts" */

/** @typedef {PreviewTable["rows"][number][number]} Value */

const PAGE_RULES = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
// Of a page, what goes elsewhere by itself or by a click; its scripts are stopped by the frame.
const PAGE_WAYS_OUT = "link, base, meta[http-equiv], script, iframe, frame, object, embed, form";

/** `found` is the answer to "artifact_preview"; `name` is for who cannot see the picture.
 *  @param {Preview} found @param {string} name */
export function previewElement(found, name) {
  const look = { class: `nbt-preview nbt-preview-${found.kind}`, "data-preview": found.kind };
  return h("div", look, previewOf(found, name), cutWords(found));
}

/** @param {Preview} found @param {string} name */
function previewOf(found, name) {
  switch (found.kind) {
    case "image":
      return h("div", { class: "nbt-checkered" }, pictureElement(found.content, name));
    case "table":
      return previewTable(found.content, name);
    case "notebook":
      return previewNotebook(found.content);
    case "markdown":
      return markdownElement(found.content);
    case "page":
      return previewPage(found.content, name);
    case "none":
      return h("p", { class: "nbt-muted" }, `No preview: ${found.content}.`);
    default:
      return previewText(found.content, name);
  }
}

/** As an image an SVG runs no scripts either.
 *  @param {Picture} picture @param {string} name */
export function pictureElement({ mime, base64 }, name) {
  return h("img", { src: `data:${mime};base64,${base64}`, alt: name });
}

/** @param {string} content @param {string} name */
function previewText(content, name) {
  return focusable(
    h("pre", { class: "nbt-code", tabindex: "0", "aria-label": name }, content || "(empty)"),
  );
}

/** @param {PreviewTable} table @param {string} name */
function previewTable({ columns, rows, total }, name) {
  const isNumber = columns.map((_, n) => isOfNumbers(rows.map((row) => row[n])));
  /** @param {string} column @param {number} n */
  const label = (column, n) =>
    h("th", { scope: "col", class: isNumber[n] ? "nbt-number" : null }, column);
  /** @param {Value[]} row @param {number} n */
  const line = (row, n) => {
    const number = h("th", { scope: "row", class: "nbt-row-number" }, grouped(n + 1));
    return h(
      "tr",
      {},
      number,
      row.map((value, at) => previewCell(value, isNumber[at])),
    );
  };
  const head = h(
    "tr",
    {},
    h("th", { scope: "col", class: "nbt-row-number" }, "#"),
    columns.map(label),
  );
  const table = h(
    "table",
    { class: "nbt-preview-grid" },
    h("thead", {}, head),
    h("tbody", {}, rows.map(line)),
  );
  const scroll = h(
    "div",
    { class: "nbt-preview-scroll", tabindex: "0", role: "group", "aria-label": name },
    table,
  );
  const words = `${rowWords(rows.length, total)} × ${plural(columns.length, "column")}`;
  return [focusable(scroll), h("p", { class: "nbt-muted nbt-preview-count" }, words)];
}

/** @param {Value[]} values */
function isOfNumbers(values) {
  const found = values.filter((value) => value !== null);
  return found.length > 0 && found.every((value) => typeof value === "number");
}

/** `total` is null where nobody has counted.
 *  @param {number} shown @param {number | null} total */
function rowWords(shown, total) {
  if (total === null) return `the first ${plural(shown, "row")}`;
  return shown < total ? `${grouped(shown)} of ${plural(total, "row")}` : plural(total, "row");
}

/** @param {Value} value @param {boolean} isNumber */
function previewCell(value, isNumber) {
  if (value === null) return h("td", { class: "nbt-muted" }, "–");
  const text = String(value);
  return h(
    "td",
    { class: isNumber ? "nbt-number" : null, title: text.length > 24 ? text : null },
    text,
  );
}

/** In a frame that may do nothing: no scripts, no forms, an origin of its own, no network.
 *  @param {string} content @param {string} name */
function previewPage(content, name) {
  const rules = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${PAGE_RULES}">`;
  const srcdoc = rules + pageWithoutWaysOut(content);
  const frame = {
    class: "nbt-page-frame",
    sandbox: true,
    referrerpolicy: "no-referrer",
    title: name,
  };
  return focusable(h("iframe", { ...frame, srcdoc }));
}

/** Parsed into a document of no window: there, nothing runs and nothing loads.
 *  @param {string} content */
function pageWithoutWaysOut(content) {
  const page = new DOMParser().parseFromString(content, "text/html");
  for (const el of page.querySelectorAll(PAGE_WAYS_OUT)) el.remove();
  for (const el of page.querySelectorAll("[href], [*|href]")) {
    if (!/^#/.test(el.getAttribute("href") || el.getAttribute("xlink:href") || "")) leadNowhere(el);
  }
  return page.documentElement.outerHTML;
}

/** @param {Element} el */
function leadNowhere(el) {
  const href = el.getAttribute("href");
  if (href !== null) el.setAttribute("title", href);
  for (const name of ["href", "xlink:href", "ping", "target"]) el.removeAttribute(name);
}

/** @param {PreviewCell[]} cells */
function previewNotebook(cells) {
  return h("div", { class: "nbt-cells" }, cells.map(previewNotebookCell));
}

/** @param {PreviewCell} cell */
function previewNotebookCell({ kind, source, outputs }) {
  const shown =
    kind === "code" ? codeView(source) : h("pre", { class: "nbt-code nbt-cell-words" }, source);
  /** @param {string} text */
  const output = (text) => h("pre", { class: "nbt-code nbt-cell-output" }, text);
  return h("div", { class: "nbt-cell" }, shown, outputs.map(output));
}

/** @type {Record<string, string>} */
const CUT_WORDS = {
  text: "This is its beginning: the file goes on.",
  markdown: "This is its beginning: the file goes on.",
  json: "This is its beginning: the file goes on.",
  notebook: "These are its first cells.",
};

/** @param {Preview} preview */
function cutWords({ kind, is_cut: isCut }) {
  const words = isCut && CUT_WORDS[kind];
  return words && h("p", { class: "nbt-muted nbt-preview-count" }, words);
}
