// What is done to notebooks for the side panel.

/** A new cell below the active one: whether there is a notebook.
 *  @param {any} panel of the notebook, or null @param {string} source */
export function insertBelow(panel, source) {
  if (!panel?.content.model) return false;
  const at = panel.content.activeCellIndex + 1;
  const cell = { cell_type: "code", source, metadata: {}, outputs: [] };
  panel.content.model.sharedModel.insertCell(at, cell);
  panel.content.activeCellIndex = at;
  return true;
}

/** Words where it cannot be.
 *  @param {any} commands @param {string} root of the server's folder
 *  @param {{ notebook: string, id: string }} cell @param {string} source */
export async function goToCell(commands, root, { notebook, id }, source) {
  const path = pathBelow(root, notebook);
  if (path === null) return `${notebook} is not below the folder of JupyterLab.`;
  const panel = await commands.execute("docmanager:open", { path, factory: "Notebook" });
  if (!panel) return ""; // Notebook 7 has it in a tab of the browser, where we are not
  await panel.context.ready;
  const at = placeOf(panel.content.widgets, id, source);
  if (at < 0) return `${path} no longer has that cell.`;
  panel.content.activeCellIndex = at;
  await panel.content.scrollToItem(at, "center");
  return "";
}

/** As JupyterLab names it, with slashes on Windows too; null elsewhere.
 *  @param {string} root @param {string} notebook */
export function pathBelow(root, notebook) {
  const isWindows = /^([a-z]:)?\\/i.test(root);
  const [above, whole] = [root, notebook].map((path) =>
    isWindows ? path.replaceAll("\\", "/") : path,
  );
  const folder = above.endsWith("/") ? above : `${above}/`; // that of a drive ends so
  return whole.startsWith(folder) ? whole.slice(folder.length) : null;
}

/** @param {any[]} cells @param {string} id @param {string} source */
function placeOf(cells, id, source) {
  const at = cells.findIndex(({ model }) => model.id === id);
  if (at >= 0) return at;
  return cells.findIndex(({ model }) => model.sharedModel.getSource() === source);
}
