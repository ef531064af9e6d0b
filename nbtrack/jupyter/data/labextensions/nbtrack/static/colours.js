// The colours of the line of %%track, and of our other magics, in the editor of a cell.

import { partsOf } from "./track_line.js";

const PYTHON = /python/;
const MOST = 2000; // characters up to the end of the line: more have no colours
// JupyterLab's own of the theme, each of which can be read on it. Python's words mean nothing here.
const STYLE = `
[class*="nbtrack-at-"] { color: var(--jp-content-font-color1); font-weight: normal;
  font-style: normal; }
.nbtrack-at-magic, .nbtrack-at-command { color: var(--jp-mirror-editor-keyword-color);
  font-weight: bold; }
.nbtrack-at-option { color: var(--jp-mirror-editor-keyword-color); }
.nbtrack-at-key { color: var(--jp-mirror-editor-property-color); }
.nbtrack-at-value { color: var(--jp-mirror-editor-string-color); }
.nbtrack-at-unknown { text-decoration: underline dotted var(--jp-error-color1);
  text-underline-offset: 3px; }
`;

/** @param {any} view of CodeMirror @param {any} state of CodeMirror @param {any} registry */
export function colourLines(view, state, registry) {
  const sheet = document.createElement("style");
  sheet.textContent = STYLE;
  document.head.append(sheet);
  registry.addExtension({
    name: "nbtrack:colours",
    /** A raw cell, a text and a file have none.
     *  @param {{ model: any }} editor */
    factory: ({ model }) =>
      model.type === "code"
        ? { instance: () => coloursOf(view, state, model), reconfigure: () => null }
        : null,
  });
}

/** Innermost, so that the colours of Python do not cover them.
 *  @param {any} view @param {any} state @param {any} model of the cell */
function coloursOf({ Decoration, ViewPlugin }, { Prec }, model) {
  /** @param {string} text */
  const decorated = (text) =>
    Decoration.set(
      partsOf(text).map(({ kind, from, to }) =>
        Decoration.mark({ class: `nbtrack-at-${kind}` }).range(from, to),
      ),
    );
  const plugin = ViewPlugin.define(
    (/** @type {any} */ editor) => {
      const seen = { text: headOf(editor.state.doc, model), decorations: Decoration.none };
      seen.decorations = decorated(seen.text);
      return {
        seen,
        /** Also when the language of the cell is known, or another. @param {any} change */
        update(change) {
          const text = headOf(change.state.doc, model);
          if (text === seen.text) return;
          seen.text = text;
          seen.decorations = decorated(text);
        },
      };
    },
    { decorations: (/** @type {any} */ { seen }) => seen.decorations },
  );
  return Prec.highest(plugin);
}

/** Up to the end of the first line of code, with those it goes on in; "" where it is no magic.
 *  @param {any} doc @param {any} model */
function headOf(doc, model) {
  if (!PYTHON.test(model.mimeType)) return "";
  let at = 1;
  let line = doc.line(at);
  while (/^\s*(#|$)/.test(line.text) && line.to < MOST && at < doc.lines) line = doc.line(++at);
  if (!line.text.trimStart().startsWith("%")) return "";
  while (line.text.endsWith("\\") && line.to < MOST && at < doc.lines) line = doc.line(++at);
  return line.to > MOST ? "" : doc.sliceString(0, line.to);
}
