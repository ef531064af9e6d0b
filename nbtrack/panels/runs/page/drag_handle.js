// What a line of a list is taken by, to give it another place.

import { h } from "../../shared/page/dom.js";

/** @type {Record<string, number>} */
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

/** `move(place)` is called when the line stands there: dragged, or moved with Alt and an arrow.
 *  @param {string} label @param {{ key: string, move: (to: number) => unknown }} options */
export function dragHandle(label, { key, move }) {
  const handle = h(
    "button",
    {
      class: "nbt-quiet nbt-handle",
      type: "button",
      "aria-label": `Move ${label}: drag, or Alt and an arrow key`,
      title: "Drag to another place, or press Alt and an arrow key",
      "data-key": key,
      onpointerdown: (/** @type {PointerEvent} */ event) => drag(event, move),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const step = event.altKey ? STEPS[event.key] : undefined;
        if (!step) return;
        event.preventDefault();
        event.stopPropagation();
        move(placeOf(lineOf(handle)) + step);
      },
    },
    "⠿",
  );
  return handle;
}

/** @param {PointerEvent} event @param {(to: number) => unknown} move */
function drag(event, move) {
  const handle = /** @type {HTMLElement} */ (event.currentTarget);
  const line = lineOf(handle);
  const before = placeOf(line);
  event.preventDefault();
  handle.setPointerCapture(event.pointerId);
  line.classList.add("nbt-dragged");
  handle.onpointermove = ({ clientY }) => standAt(line, clientY);
  handle.onlostpointercapture = () => {
    handle.onpointermove = null;
    line.classList.remove("nbt-dragged");
    if (placeOf(line) !== before) move(placeOf(line));
  };
}

/** Where the pointer is, by moving the others: a line that moves itself loses the pointer.
 *  @param {HTMLElement} line @param {number} y */
function standAt(line, y) {
  let [before, after] = [line.previousElementSibling, line.nextElementSibling];
  while (before && y < middleOf(before)) {
    line.after(before);
    before = line.previousElementSibling;
  }
  while (after && y > middleOf(after)) {
    line.before(after);
    after = line.nextElementSibling;
  }
}

/** @param {Element} line */
function middleOf(line) {
  const { top, height } = line.getBoundingClientRect();
  return top + height / 2;
}

/** @param {HTMLElement} handle */
function lineOf(handle) {
  return /** @type {HTMLElement} */ (handle.parentElement);
}

/** @param {HTMLElement} line */
function placeOf(line) {
  return [...(line.parentElement?.children ?? [])].indexOf(line);
}
