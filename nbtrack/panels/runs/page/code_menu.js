// "Insert code": a ready cell below this one, or, where the page does not let us, its text to copy.

import { wordsOf } from "../../shared/page/formats.js";
import { insertCell } from "../../shared/page/insert_cell.js";
import { menuItem, Popup } from "../../shared/page/popup.js";

/** @import { CodeAsked } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

/** @type {Array<[what: CodeAsked["what"], words: string]>} */
const CODE_CHOICES = [
  ["model", "Load its model"],
  ["rerun", "Run it again with these params"],
  ["frame", "This view as a DataFrame"],
];

/** @param {RunsState} state @param {string} runId @param {{ hasModel: boolean }} options */
export function codeMenu(state, runId, { hasModel }) {
  const choices = CODE_CHOICES.filter(([what]) => hasModel || what !== "model");
  /** @param {CodeAsked["what"]} what @param {() => void} close */
  const take = (what, close) => {
    close();
    insertCode(state, what, runId);
  };
  const menu = new Popup("Insert code", {
    name: "Insert code",
    key: `code ${runId}`,
    toLeft: true,
    build: (close) =>
      choices.map(([what, words]) =>
        menuItem(words, () => take(what, close), {
          "data-code": what,
          "data-key": `code ${what} ${runId}`,
        }),
      ),
  });
  return menu.el;
}

/** @param {RunsState} state @param {CodeAsked["what"]} what @param {string} runId */
async function insertCode(state, what, runId) {
  try {
    const { source } = await state.host.ask("code", { what, run: runId });
    if (insertCell(state.host, source)) state.emit("notice", { words: "The cell is below." });
    else state.emit("notice", { words: "Copy this into a cell:", source });
  } catch (error) {
    state.emit("trouble", wordsOf(error));
  }
}
