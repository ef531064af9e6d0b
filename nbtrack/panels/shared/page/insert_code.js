// "Insert code": a ready cell below this one, or, where the page does not let us, its text to copy.

import { wordsOf } from "./formats.js";
import { menuItem, popup } from "./popup.js";

/** @import { CodeAsked } from "../../runs/page/runs_messages.d.ts" */
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "./panel_host.js" */
/** @import { Notebook } from "./panel_types.d.ts" */

/** @type {Array<[what: CodeAsked["what"], words: string]>} */
const CODE_CHOICES = [
  ["model", "Load its model"],
  ["rerun", "Run it again with these params"],
  ["frame", "This view as a DataFrame"],
];

/** @param {RunsState} state @param {string} runId */
export function codeMenu(state, runId) {
  /** @param {CodeAsked["what"]} what @param {() => void} close */
  const take = (what, close) => {
    close();
    insertCode(state, what, runId);
  };
  return popup("Insert code", {
    name: "Insert code",
    key: `code ${runId}`,
    toLeft: true,
    build: (close) =>
      CODE_CHOICES.map(([what, words]) =>
        menuItem(words, () => take(what, close), {
          "data-code": what,
          "data-key": `code ${what} ${runId}`,
        }),
      ),
  });
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

/** JupyterLab's widget manager knows the notebook it works for; others do not, and get false.
 *  @param {PanelHost} host @param {string} source */
export function insertCell(host, source) {
  try {
    const notebook = host.model.widget_manager.context.model.sharedModel;
    const at = cellOf(host, notebook);
    if (at < 0) return false;
    notebook.insertCell(at + 1, { cell_type: "code", source, metadata: {}, outputs: [] });
    return true;
  } catch {
    return false;
  }
}

/** By the output that holds us; inside of other widgets, by the place of the cell on the page.
 *  @param {PanelHost} host @param {Notebook} notebook */
function cellOf(host, notebook) {
  const cell = /** @type {HTMLElement | null} */ (host.root.closest(".jp-Cell"));
  const place = cell?.dataset.windowedListIndex;
  if (place !== undefined) return Number(place);
  const all = [...document.querySelectorAll(".jp-Notebook .jp-Cell")];
  return cell && all.length === notebook.cells.length ? all.indexOf(cell) : -1;
}

/** @param {string} text */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no secure page: the text can be selected by hand
  }
}
