// Elements. Text from runs comes in as strings, and strings become text nodes: nothing here, or in
// any file of ours, makes markup of them.

const SVG_TAGS = new Set(["svg", "path", "polyline", "circle", "line", "title"]);
const FOCUSABLE_TAGS = new Set(["button", "input", "select", "textarea", "summary", "a"]);

/** An element: h("button", {class: "nbt-x", "data-column": key, onclick: sort}, "label"). */
export function h(tag, attributes, ...children) {
  const el = SVG_TAGS.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) setAttribute(el, name, value);
  append(el, children);
  if (tag === "textarea") el.addEventListener("beforeinput", keepNewLine);
  return FOCUSABLE_TAGS.has(tag) ? focusable(el) : el;
}

/** JupyterLab (4.6) takes new lines out of every text field in a cell, by a listener that it adds to
 *  the field when Enter goes down: ours was there before. */
function keepNewLine(event) {
  if (event.inputType === "insertLineBreak") event.stopImmediatePropagation();
}

/** Attributes that are null, undefined or false are left out; `value`, `checked` are properties. */
function setAttribute(el, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "indeterminate") el[name] = value;
  else if (name === "style")
    for (const [key, text] of Object.entries(value)) el.style.setProperty(key, text);
  else el.setAttribute(name, value === true ? "" : String(value));
}

export function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    el.append(child instanceof Node ? child : String(child));
  }
}

/** Without this, keys typed over the element reach the notebook, where "dd" deletes the cell. It
 *  must sit on the focused element itself; on a parent JupyterLab does not see it. */
export function focusable(el) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  return el;
}

/** Put other children into `parent`. What had the focus has it again, if an element with the same
 *  data-key is among them, with its selection; so has what was scrolled. */
export function redraw(parent, ...children) {
  const held = heldFocus(parent);
  const fresh = document.createDocumentFragment();
  append(fresh, children);
  parent.replaceChildren(fresh);
  if (held) restoreFocus(parent, held);
  return parent;
}

/** Make the children of `parent` those of `parts` ({key, looks, make}), each remade only when its
 *  looks have changed: a selection, an open menu, a half-typed word in the others stays. */
export function reconcile(parent, parts) {
  const held = heldFocus(parent);
  const before = new Map([...parent.children].map((el) => [el.partKey, el]));
  const wanted = parts.map((each) => partOf(before.get(each.key), each));
  const kept = new Set(wanted);
  for (const el of [...parent.children]) if (!kept.has(el)) el.remove();
  let place = parent.firstElementChild;
  for (const el of wanted) {
    if (el === place) place = place.nextElementSibling;
    else parent.insertBefore(el, place);
  }
  if (held && !parent.contains(document.activeElement)) restoreFocus(parent, held);
}

function partOf(old, { key, looks, make }) {
  if (old && old.partLooks === looks) return old;
  const el = make();
  Object.assign(el, { partKey: key, partLooks: looks });
  if (old) old.replaceWith(el);
  return el;
}

function heldFocus(parent) {
  const el = parent.contains(document.activeElement) ? document.activeElement : null;
  const keyed = el?.closest("[data-key]");
  if (!keyed || !parent.contains(keyed)) return null;
  const held = { key: keyed.dataset.key };
  if (hasSelection(el)) Object.assign(held, { start: el.selectionStart, end: el.selectionEnd });
  return held;
}

function restoreFocus(parent, held) {
  const el = byKey(parent, held.key);
  if (!el) return;
  el.focus({ preventScroll: true });
  if (held.start !== undefined && hasSelection(el)) el.setSelectionRange(held.start, held.end);
}

export function byKey(parent, key) {
  return parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

/** Number fields and checkboxes have none, and throw when they are asked. */
function hasSelection(el) {
  return el.tagName === "TEXTAREA" || (el.tagName === "INPUT" && /^(text|search|)$/.test(el.type));
}

/** `run`, but only once the calls have paused for so many milliseconds. */
export function afterPause(milliseconds, run) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), milliseconds);
  };
}

/** 1,204 */
export function grouped(count) {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

export function plural(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
