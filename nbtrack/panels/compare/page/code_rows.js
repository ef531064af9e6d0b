// Lines of source as rows of a table, with their signs and numbers.

import { h } from "../../shared/page/dom.js";
import { oneBelowTheOther } from "./code_lines.js";

/** @import { NumberedLine } from "./compare_types.d.ts" */

/** @typedef {"=" | "-" | "+"} SideSign */

const LOOKS = { "=": "nbt-diff-equal", "-": "nbt-diff-removed", "+": "nbt-diff-added" };
const SIGNS = { "=": "", "-": "−", "+": "+" };
const WORDS = { "=": "", "-": "removed ", "+": "added " };

/** Before and after, side by side.
 *  @param {NumberedLine[]} lines */
export function wideRows(lines) {
  return lines.map(({ sign, before, after, left, right }) => {
    const isRemoved = sign === "~" || sign === "-";
    const isAdded = sign === "~" || sign === "+";
    const sides = [
      side(left, isRemoved ? "-" : "=", before),
      side(right, isAdded ? "+" : "=", after),
    ];
    return h("tr", {}, sides);
  });
}

/** @param {NumberedLine["left"]} number @param {SideSign} sign @param {string | null} text */
function side(number, sign, text) {
  const look = text === null ? "nbt-diff-none" : LOOKS[sign];
  return [
    h("td", { class: `nbt-diff-number ${look}` }, number),
    signCell(text === null ? "=" : sign, look),
    h("td", { class: `nbt-diff-text ${look}` }, text ?? ""),
  ];
}

/** One below the other.
 *  @param {NumberedLine[]} lines */
export function narrowRows(lines) {
  return oneBelowTheOther(lines).map(({ sign, before, after, left, right }) => {
    const shown = sign === "~" ? "=" : sign;
    const look = LOOKS[shown];
    return h(
      "tr",
      {},
      h("td", { class: `nbt-diff-number ${look}` }, left),
      h("td", { class: `nbt-diff-number ${look}` }, right),
      signCell(shown, look),
      h("td", { class: `nbt-diff-text ${look}` }, shown === "+" ? after : before),
    );
  });
}

/** @param {SideSign} sign @param {string} look */
function signCell(sign, look) {
  const words = WORDS[sign] && h("span", { class: "nbt-hidden-words" }, WORDS[sign]);
  const shown = h("span", { "aria-hidden": words ? "true" : null }, SIGNS[sign]);
  return h("td", { class: `nbt-diff-sign ${look}` }, words, shown);
}
