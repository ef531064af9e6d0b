// A run that was opened in the column: where to go from it, and what it is.

import { codeMenu } from "../../runs/page/code_menu.js";
import { cellSource, errorParts, factLine, valueParts } from "../../runs/page/run_details.js";
import { h } from "../../shared/page/dom.js";
import { titled } from "../../shared/page/titled.js";

/** @import { RunDetails, RunRow } from "../../runs/page/messages.d.ts" */
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { Lab } from "./side_types.d.ts" */

/** @typedef {{ lab: Lab, openAll(ticked: string[]): void }} Around */

/** @param {RunsState} state @param {RunRow} row @param {Around} around */
export function openedRun(state, row, around) {
  const known = state.details.get(row.id);
  const box = { class: "nbt-details nbt-side-opened", "data-details": row.id };
  if (!known) return h("div", box, h("span", { class: "nbt-muted" }, "reading…"));
  if ("trouble" in known) return h("div", box, h("div", { class: "nbt-error" }, known.trouble));
  return h(
    "div",
    box,
    ways(state, known, around),
    known.error && titled("Error", errorParts(known)),
    valueParts(known),
    known.source && titled("Cell", cellSource(known.source)),
    factLine([...known.facts, ...known.origin]),
  );
}

/** @param {RunsState} state @param {RunDetails} known @param {Around} around */
function ways(state, known, around) {
  const others = [...state.opened].filter((id) => id !== known.id);
  return h(
    "div",
    { class: "nbt-buttons" },
    known.cell.notebook &&
      way("Go to cell", `cell ${known.id}`, async () => {
        const words = await around.lab.openCell(known.cell, known.source);
        if (words) state.emit("notice", { words });
      }),
    others.length > 0 &&
      way("Compare", `compare ${known.id}`, () => around.openAll([...others, known.id]), {
        title: "With the others that are open here",
      }),
    codeMenu(state, known.id, { hasModel: known.hasModel }),
  );
}

/** @param {string} words @param {string} key @param {() => void} onclick @param {object} [more] */
function way(words, key, onclick, more = {}) {
  return h(
    "button",
    { class: "nbt-button", type: "button", "data-key": key, onclick, ...more },
    words,
  );
}
