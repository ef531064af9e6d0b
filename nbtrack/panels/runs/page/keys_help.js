// What the keys do, on a sheet over the panel.

import { h } from "../../shared/page/dom.js";

/** @type {Array<[keys: string, words: string]>} */
const KEYS = [
  ["↑ ↓ ← →", "from cell to cell"],
  ["Home  End", "first and last column; with Ctrl first and last row"],
  ["Space", "tick the run"],
  ["Enter", "open the run; on a header: sort"],
  ["+  −", "show the children of a run, fold them away"],
  ["Menu key", "on a header: hide, move, pin, group, chart"],
  ["f", "filter under the headers; Escape: back"],
  ["/", "the filter over all columns"],
  ["?", "this sheet"],
];

/** @param {HTMLElement} root of the panel */
export function showKeys(root) {
  if (root.querySelector(".nbt-keys")) return;
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const close = () => {
    sheet.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
  const button = h("button", { class: "nbt-button", type: "button", onclick: close }, "Close");
  const lines = KEYS.map(([keys, words]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words)]);
  const sheet = h(
    "div",
    {
      class: "nbt-keys",
      role: "dialog",
      "aria-label": "Keys",
      onkeydown: (event) => {
        event.stopPropagation();
        if (["Escape", "?", "Tab"].includes(event.key)) {
          event.preventDefault();
          close();
        }
      },
    },
    h("dl", {}, lines),
    button,
  );
  root.append(sheet);
  button.focus({ preventScroll: true });
}
