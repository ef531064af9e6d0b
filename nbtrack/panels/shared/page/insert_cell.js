// A new cell below this one, where the page lets us.

/** @import { PanelHost } from "./panel_host.js" */
/** @import { Notebook } from "./panel_types.d.ts" */

/** JupyterLab's widget manager knows the notebook it works for; others do not, and get false.
 *  @param {PanelHost} host @param {string} source */
export function insertCell(host, source) {
  if (host.model.insertCell) return host.model.insertCell(source);
  const manager = host.model.widget_manager;
  if (!manager) return false;
  try {
    const notebook = manager.context.model.sharedModel;
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
