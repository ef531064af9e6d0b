// The sections of a comparison as rows: what differs, and on demand what is the same.

import { breakable } from "../../shared/page/breakable.js";
import { h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
/** @import { Child, Part } from "../../shared/page/dom_types.d.ts" */
/** @import { CellValue, SectionLine } from "./messages.d.ts" */
/** @import { SectionView, ShownSection } from "./compare_types.d.ts" */

/** Parts for `reconcile`: a head, lines, and what is left out of them.
 *  @param {SectionView} view @param {ShownSection} section @param {number} span of all columns
 *  @returns {Part[]} */
export function sectionParts(view, section, span) {
  const isOpen = !view.closed.has(section.name);
  const lines = view.isFull(section) ? section.lines : section.lines.filter((line) => line.differs);
  const equal = section.lines.filter((line) => !line.differs).length;
  const head = sectionHead(view, section, { isOpen, equal, span });
  if (!isOpen) return [head];
  const parts = [head, ...lines.map((line) => linePart(section, line))];
  return equal > 0 ? [...parts, equalPart(view, section, { equal, span })] : parts;
}

/** @param {SectionView} view @param {ShownSection} section
 *  @param {{ isOpen: boolean, equal: number, span: number }} facts */
function sectionHead(view, section, { isOpen, equal, span }) {
  const differing = section.lines.length - equal;
  const words = section.words || sectionWords(section, differing);
  return {
    key: `section ${section.name}`,
    looks: JSON.stringify([isOpen, words, span]),
    make: () =>
      wideRow(
        span,
        "nbt-compare-section",
        sectionButton(view, section, isOpen),
        h("span", { class: "nbt-muted" }, words),
      ),
  };
}

/** @param {ShownSection} section @param {number} differing */
function sectionWords(section, differing) {
  if (section.name === "errors" || section.name === "code") return "";
  const more = section.more ? `, ${grouped(section.more)} more not shown` : "";
  if (differing === 0) return `${plural(section.lines.length, "line")}, all the same${more}`;
  return `${grouped(differing)} of ${grouped(section.lines.length)} differ${more}`;
}

/** @param {SectionView} view @param {ShownSection} section @param {boolean} isOpen */
function sectionButton(view, section, isOpen) {
  return h(
    "button",
    {
      class: "nbt-quiet nbt-section-button",
      type: "button",
      "aria-expanded": String(isOpen),
      "data-section": section.name,
      "data-key": `section ${section.name}`,
      onclick: () => view.fold(section.name),
    },
    h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›"),
    section.title,
  );
}

/** @param {ShownSection} section @param {SectionLine} line */
function linePart(section, line) {
  const name = `${section.name} ${line.key}`;
  return { key: name, looks: JSON.stringify(line), make: () => compareLine(name, line) };
}

/** @param {string} name @param {SectionLine} line */
function compareLine(name, line) {
  const key = h(
    "th",
    { scope: "row", class: "nbt-compare-key", title: line.key },
    h("span", { class: "nbt-compare-label" }, breakable(line.key)),
  );
  return h(
    "tr",
    { class: line.differs ? "nbt-differing" : "nbt-equal", "data-line": name },
    key,
    line.values.map(compareCell),
  );
}

/** @param {CellValue} value */
function compareCell([text, change, verdict, differs]) {
  const value = h(
    "span",
    { class: text === "–" ? "nbt-muted nbt-compare-value" : "nbt-compare-value" },
    breakable(text),
  );
  const look = differs ? "nbt-compare-cell nbt-other" : "nbt-compare-cell";
  return h("td", { class: look, title: text }, value, change && compareChange(change, verdict));
}

/** Arrow and sign say where it went, the word and its colour what that means.
 *  @param {string} change @param {string} verdict */
function compareChange(change, verdict) {
  return h(
    "span",
    { class: `nbt-change${verdict ? ` nbt-${verdict}` : ""}` },
    verdict ? `${change} ${verdict}` : change,
  );
}

/** @param {SectionView} view @param {ShownSection} section
 *  @param {{ equal: number, span: number }} facts */
function equalPart(view, section, { equal, span }) {
  const isFull = view.isFull(section);
  const words = `${isFull ? "Hide" : "Show"} ${grouped(equal)} that ${equal === 1 ? "is" : "are"} the same`;
  const named = { "data-equal": section.name, "data-key": `equal ${section.name}` };
  const onclick = () => view.toggleFull(section);
  const button = () =>
    h("button", { class: "nbt-quiet nbt-text-button", type: "button", onclick, ...named }, words);
  return {
    key: `equal ${section.name}`,
    looks: JSON.stringify([words, span]),
    make: () => wideRow(span, "nbt-compare-equal", button()),
  };
}

/** A row across all runs, whose content stays in sight while they scroll.
 *  @param {number} span @param {string} look @param {...Child} children */
export function wideRow(span, look, ...children) {
  return h(
    "tr",
    { class: look },
    h("td", { colspan: span }, h("div", { class: "nbt-compare-wide" }, children)),
  );
}
