// A button with a list that opens below it: choosers and menus.

import { h, redraw } from "./dom.js";
/** @import { Attributes, Child, InputEvent } from "./dom_types.d.ts" */

export class Popup {
  /** `build(close)` gives the content each time the list opens. `toLeft` lets it grow to the left.
   *  @param {string} text on the button
   *  @param {{
   *    name: string,
   *    build: (close: () => void) => Child,
   *    toLeft?: boolean,
   *    key?: string,
   *  }} options */
  constructor(text, { name, build, toLeft = false, key = name }) {
    this.name = name;
    this.build = build;
    this.label = h("span", {}, text);
    this.list = h("div", {
      class: `nbt-popup-list${toLeft ? " nbt-to-left" : ""}`,
      hidden: true,
    });
    this.button = this.makeButton(key);
    this.onOutside = (/** @type {Event} */ { target }) => {
      if (!this.el.contains(/** @type {Node} */ (target))) this.close();
    };
    const look = {
      class: "nbt-popup",
      onkeydown: (/** @type {KeyboardEvent} */ e) => this.onKey(e),
    };
    this.el = h("span", look, this.button, this.list);
  }

  /** @param {string} key */
  makeButton(key) {
    return h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        "aria-haspopup": "true",
        "aria-expanded": "false",
        "aria-label": this.name,
        title: this.name,
        "data-key": key,
        onclick: () => (this.list.hidden ? this.open() : this.close()),
      },
      this.label,
      h("span", { "aria-hidden": "true", class: "nbt-muted" }, " ▾"),
    );
  }

  open() {
    this.list.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.draw();
    const first = this.list.querySelector(/** @type {"input"} */ ("input, button, select"));
    first?.focus({ preventScroll: true });
    document.addEventListener("pointerdown", this.onOutside, true);
  }

  close() {
    if (this.list.hidden) return;
    const hadFocus = this.list.contains(document.activeElement);
    this.list.hidden = true;
    this.list.replaceChildren();
    this.button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", this.onOutside, true);
    if (hadFocus) this.button.focus({ preventScroll: true });
  }

  draw() {
    redraw(
      this.list,
      this.build(() => this.close()),
    );
  }

  /** What an open list shows may be another by now. */
  refresh() {
    if (!this.list.hidden) this.draw();
  }

  /** @param {string} words on the button */
  say(words) {
    this.label.textContent = words;
    const isNamed = words.startsWith(this.name);
    this.button.setAttribute("aria-label", isNamed ? words : `${this.name}: ${words}`);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key === "Escape" && !this.list.hidden) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      moveFocus(this.list, event);
    }
  }
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
