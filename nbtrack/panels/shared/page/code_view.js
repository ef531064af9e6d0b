// Python source with light colours: pieces of text in spans, nothing parsed.

import { focusable, h } from "./dom.js";

const PYTHON_WORDS = new Set(
  (
    "and as assert async await break class continue def del elif else except finally for from global if " +
    "import in is lambda None nonlocal not or pass raise return True False try while with yield match case"
  ).split(" "),
);
const PYTHON_PIECES =
  /(#[^\n]*)|((?:[rbfuRBFU]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|(\b\d[\w.]*)|(^[ \t]*%%?\w+[^\n]*|^[ \t]*![^\n]*)|([A-Za-z_]\w*)/gm;
const PIECE_CLASSES = [
  "",
  "nbt-code-comment",
  "nbt-code-text",
  "nbt-code-number",
  "nbt-code-magic",
];

/** @param {string} source @param {{ label?: string }} [named] */
export function codeView(source, { label = "Source of the cell" } = {}) {
  const pre = h(
    "pre",
    { class: "nbt-code", tabindex: "0", "aria-label": label },
    h("code", {}, ...pieces(source)),
  );
  return focusable(pre);
}

/** @param {string} source */
function pieces(source) {
  const found = [];
  let at = 0;
  for (const match of source.matchAll(PYTHON_PIECES)) {
    if (match.index > at) found.push(source.slice(at, match.index));
    found.push(piece(match));
    at = match.index + match[0].length;
  }
  return [...found, source.slice(at)];
}

/** @param {RegExpExecArray} match */
function piece(match) {
  const kind = [1, 2, 3, 4].find((group) => match[group] !== undefined);
  if (kind) return h("span", { class: PIECE_CLASSES[kind] }, match[0]);
  return PYTHON_WORDS.has(match[0]) ? h("span", { class: "nbt-code-word" }, match[0]) : match[0];
}
