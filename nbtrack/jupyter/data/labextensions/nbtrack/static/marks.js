// A small mark at the prompt of a cell that is a run: how it ended, and whether it was the best then.
//
// What it says stands in the metadata of the card below the cell, also in a saved notebook.

const STYLE = `
.jp-InputArea:has(> .nbtrack-mark) { position: relative; }
.nbtrack-mark { position: absolute; top: 7px; left: 7px; font-size: 11px; line-height: 1;
  cursor: default; color: var(--jp-ui-font-color3); }
.nbtrack-mark[data-status="failed"] { color: var(--jp-error-color1); }
.nbtrack-mark[data-status="best"] { color: var(--jp-warn-color1); }
`;
/** @type {Record<string, string>} */
const SIGNS = { best: "★", finished: "●", failed: "✕", killed: "■" };

/** @param {any} notebooks */
export function markCells(notebooks) {
  const sheet = document.createElement("style");
  sheet.textContent = STYLE;
  document.head.append(sheet);
  notebooks.forEach(markNotebook);
  notebooks.widgetAdded.connect((/** @type {any} */ _tracker, /** @type {any} */ panel) =>
    markNotebook(panel),
  );
}

/** @param {any} panel */
async function markNotebook(panel) {
  await panel.context.ready;
  const { content } = panel;
  /** @type {WeakSet<object>} */
  const followed = new WeakSet();
  const follow = () => {
    for (const cell of content.widgets) {
      if (cell.model.type !== "code" || followed.has(cell)) continue;
      followed.add(cell);
      cell.model.outputs.changed.connect(() => mark(cell));
      cell.ready.then(() => mark(cell));
    }
  };
  follow();
  content.model?.cells.changed.connect(() => requestAnimationFrame(follow)); // when it has widgets
}

/** @param {any} cell */
function mark(cell) {
  const area = cell.inputArea?.node;
  if (!area || cell.isDisposed) return;
  const prompt = area.querySelector(".jp-InputArea-prompt");
  area.querySelector(".nbtrack-mark")?.remove();
  const found = markOf(cell.model.outputs);
  if (prompt && found) prompt.after(signOf(found));
}

/** "finished", "best f1, loss"; nothing about it is certain.
 *  @param {any} outputs @returns {string} */
function markOf(outputs) {
  for (let n = 0; n < outputs.length; n++) {
    const { nbtrack } = outputs.get(n).metadata ?? {};
    if (typeof nbtrack === "string") return nbtrack;
  }
  return "";
}

/** @param {string} mark */
function signOf(mark) {
  const [look, ...metrics] = mark.split(" ");
  const words = look === "best" ? `the best by ${metrics.join(" ")} when it ended` : look;
  const sign = document.createElement("span");
  sign.className = "nbtrack-mark";
  sign.dataset.status = look;
  sign.textContent = SIGNS[look] ?? "●";
  sign.title = `A run: ${words}`;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", sign.title);
  return sign;
}
