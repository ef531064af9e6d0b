// Two pictures laid on each other, with an edge that goes over them.

import { focusable, h } from "../../shared/page/dom.js";
import { movedBy, placeIn } from "./swipe_at.js";

/** @typedef {{ picture: HTMLElement, label: string }} Side */

/** Left of the edge `before` is seen, right of it `after`. `at` is where the edge was left, and
 *  `moved` hears of each place.
 *  @param {Side} before @param {Side} after
 *  @param {{ at: number, moved: (at: number) => void }} options */
export function swipeElement(before, after, { at, moved }) {
  const edge = edgeElement(before.label, after.label);
  const over = h("div", { class: "nbt-swipe-side nbt-swipe-over" }, before.picture);
  const under = h("div", { class: "nbt-swipe-side" }, after.picture);
  const box = h("div", { class: "nbt-swipe" }, under, over, edge);
  /** @param {number} to */
  const move = (to) => {
    place(box, edge, to, [before.label, after.label]);
    moved(to);
  };
  edge.addEventListener("keydown", (event) => onKey(event, Number(edge.ariaValueNow), move));
  box.addEventListener("pointerdown", (event) => onPress(event, box, edge, move));
  box.addEventListener("pointermove", (event) => onDrag(event, box, move));
  place(box, edge, at, [before.label, after.label]);
  return box;
}

/** @param {string} before @param {string} after */
function edgeElement(before, after) {
  return focusable(
    h("div", {
      class: "nbt-swipe-edge",
      role: "slider",
      tabindex: "0",
      "aria-label": `How much is seen of ${before}, over ${after}`,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
      "aria-orientation": "horizontal",
      "data-key": "swipe edge",
    }),
  );
}

/** @param {HTMLElement} box @param {HTMLElement} edge @param {number} at @param {string[]} labels */
function place(box, edge, at, [before, after]) {
  box.style.setProperty("--at", `${at}%`);
  edge.setAttribute("aria-valuenow", String(at));
  edge.setAttribute("aria-valuetext", `${at} % ${before}, ${100 - at} % ${after}`);
}

/** @param {KeyboardEvent} event @param {number} at @param {(to: number) => void} move */
function onKey(event, at, move) {
  const to = movedBy(event.key, at, { isFar: event.shiftKey });
  if (to === null) return;
  event.preventDefault();
  event.stopPropagation();
  move(to);
}

/** @param {PointerEvent} event @param {HTMLElement} box @param {HTMLElement} edge
 *  @param {(to: number) => void} move */
function onPress(event, box, edge, move) {
  if (event.button !== 0) return;
  event.preventDefault(); // the picture is not dragged away
  box.setPointerCapture(event.pointerId);
  edge.focus({ preventScroll: true });
  move(placeOf(event, box));
}

/** @param {PointerEvent} event @param {HTMLElement} box @param {(to: number) => void} move */
function onDrag(event, box, move) {
  if (box.hasPointerCapture(event.pointerId)) move(placeOf(event, box));
}

/** @param {PointerEvent} event @param {HTMLElement} box */
function placeOf({ clientX }, box) {
  const { left, width } = box.getBoundingClientRect();
  return placeIn(clientX - left, width);
}
