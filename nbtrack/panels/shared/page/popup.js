// A button with a list that opens below it: choosers and menus.

import { h, redraw } from "./dom.js";
/** @import { Attributes, Child, InputEvent } from "./dom_types.d.ts" */

/** `build(close)` gives the content each time the list opens. `toLeft` lets it grow to the left.
 *  The returned element has `say(text)` for the button, and `refresh()` for an open list.
 *  @param {string} text
 *  @param {{
 *    name: string,
 *    build: (close: () => void) => Child,
 *    toLeft?: boolean,
 *    key?: string,
 *  }} options */
export function popup(text, { name, build, toLeft = false, key = name }) {
  const label = h("span", {}, text);
  const list = h("div", { class: `nbt-popup-list${toLeft ? " nbt-to-left" : ""}`, hidden: true });
  const button = h(
    "button",
    {
      class: "nbt-button",
      type: "button",
      "aria-haspopup": "true",
      "aria-expanded": "false",
      "aria-label": name,
      title: name,
      "data-key": key,
      onclick: () => (list.hidden ? open() : close()),
    },
    label,
    h("span", { "aria-hidden": "true", class: "nbt-muted" }, " ▾"),
  );
  const el = h("span", { class: "nbt-popup", onkeydown: onKey }, button, list);

  function open() {
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    redraw(list, build(close));
    const first = list.querySelector(/** @type {"input"} */ ("input, button, select"));
    first?.focus({ preventScroll: true });
    document.addEventListener("pointerdown", onOutside, true);
  }

  function close() {
    if (list.hidden) return;
    const hadFocus = list.contains(document.activeElement);
    list.hidden = true;
    list.replaceChildren();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", onOutside, true);
    if (hadFocus) button.focus({ preventScroll: true });
  }

  /** @param {Event} event */
  function onOutside(event) {
    if (!el.contains(/** @type {Node} */ (event.target))) close();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      moveFocus(list, event);
    }
  }

  /** @param {string} words */
  function say(words) {
    label.textContent = words;
    button.setAttribute("aria-label", words.startsWith(name) ? words : `${name}: ${words}`);
  }

  function refresh() {
    if (!list.hidden) redraw(list, build(close));
  }

  return Object.assign(el, { say, refresh });
}

/** @param {HTMLElement} list
 *  @returns {Array<HTMLInputElement | HTMLButtonElement>} */
function focusableIn(list) {
  return [...list.querySelectorAll(/** @type {"input"} */ ("button, input"))];
}

/** Arrow keys go through what can be focused in the list.
 *  @param {HTMLElement} list @param {KeyboardEvent} event */
function moveFocus(list, event) {
  if (list.hidden || event.target instanceof HTMLSelectElement) return;
  const all = focusableIn(list).filter((el) => !el.disabled);
  const at = all.findIndex((el) => el === document.activeElement);
  all[at + (event.key === "ArrowDown" ? 1 : -1)]?.focus();
  event.preventDefault();
}

/** A checkbox with its words, as one thing to click.
 *  @param {string} words
 *  @param {{ checked: boolean, onchange: (event: InputEvent) => unknown, key: string }} options */
export function choice(words, { checked, onchange, key }) {
  const box = h("input", { type: "checkbox", checked, onchange, "data-key": key });
  return h("label", { class: "nbt-choice", title: words }, box, h("span", {}, words));
}

/** A line of a menu.
 *  @param {string} words @param {() => unknown} onclick @param {Attributes} [attributes] */
export function menuItem(words, onclick, attributes = {}) {
  return h(
    "button",
    { class: "nbt-quiet nbt-menu-item", type: "button", onclick, ...attributes },
    words,
  );
}
