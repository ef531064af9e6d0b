// A button with a list that opens below it: choosers and menus.

import { h, redraw } from "./dom.js";

/** `build(close)` gives the content each time the list opens. `toLeft` lets it grow to the left.
 *  The returned element has `say(text)` for the button, and `refresh()` for an open list. */
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
    list.querySelector("input, button, select")?.focus({ preventScroll: true });
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

  function onOutside(event) {
    if (!el.contains(event.target)) close();
  }

  function onKey(event) {
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      moveFocus(list, event);
    }
  }

  el.say = (words) => {
    label.textContent = words;
    button.setAttribute("aria-label", words.startsWith(name) ? words : `${name}: ${words}`);
  };
  el.refresh = () => list.hidden || redraw(list, build(close));
  el.close = close;
  return el;
}

/** Arrow keys go through what can be focused in the list. */
function moveFocus(list, event) {
  if (list.hidden || event.target.tagName === "SELECT") return;
  const all = [...list.querySelectorAll("button, input")].filter((el) => !el.disabled);
  const at = all.indexOf(document.activeElement);
  const next = all[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) next.focus();
  event.preventDefault();
}

/** A checkbox with its words, as one thing to click. */
export function choice(
  words,
  { checked, onchange, key, type = "checkbox", indeterminate = false },
) {
  const box = h("input", { type, checked, indeterminate, onchange, "data-key": key });
  return h("label", { class: "nbt-choice", title: words }, box, h("span", {}, words));
}

/** A line of a menu. */
export function menuItem(words, onclick, attributes = {}) {
  return h(
    "button",
    { class: "nbt-quiet nbt-menu-item", type: "button", onclick, ...attributes },
    words,
  );
}
