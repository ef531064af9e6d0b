// Elements. Text from runs comes in as strings, and strings become text nodes: nothing here, or in
// any file of ours, makes markup of them.

/** @import { Attributes, Child, ElementOf, Part, Tag } from "./dom_types.d.ts" */

/** @typedef {Element & { partKey?: string, partLooks?: string }} DrawnPart */
/** @typedef {{ key: string, start?: number | null, end?: number | null }} Held */

const SVG_TAGS = new Set(["svg", "path", "polyline", "circle", "line", "title"]);
const FOCUSABLE_TAGS = new Set(["button", "input", "select", "textarea", "summary", "a"]);

/** An element: h("button", {class: "nbt-x", "data-column": key, onclick: sort}, "label").
 *  @template {Tag} Name
 *  @param {Name} tag @param {Attributes | null} [attributes] @param {...Child} children
 *  @returns {ElementOf<Name>} */
export function h(tag, attributes, ...children) {
  const el = SVG_TAGS.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) setAttribute(el, name, value);
  append(el, children);
  if (tag === "textarea") el.addEventListener("beforeinput", keepNewLine);
  if (FOCUSABLE_TAGS.has(tag)) focusable(el);
  return /** @type {ElementOf<Name>} */ (el);
}

/** JupyterLab (4.6) takes new lines out of every text field in a cell, by a listener that it adds to
 *  the field when Enter goes down: ours was there before.
 *  @param {Event} event */
function keepNewLine(event) {
  const { inputType } = /** @type {globalThis.InputEvent} */ (event);
  if (inputType === "insertLineBreak") event.stopImmediatePropagation();
}

/** Attributes that are null, undefined or false are left out; `value`, `checked` are properties.
 *  @param {Element} el @param {string} name @param {any} value */
function setAttribute(el, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "indeterminate")
    Object.assign(el, { [name]: value });
  else if (name === "style") setStyle(/** @type {HTMLElement} */ (el), value);
  else el.setAttribute(name, value === true ? "" : String(value));
}

/** @param {HTMLElement} el @param {Record<string, string | number>} style */
function setStyle(el, style) {
  for (const [key, value] of Object.entries(style)) el.style.setProperty(key, String(value));
}

/** @param {Element | DocumentFragment} el @param {readonly Child[]} children */
export function append(el, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (isList(child)) append(el, child);
    else el.append(child instanceof Node ? child : String(child));
  }
}

/** @param {Child} child @returns {child is readonly Child[]} */
function isList(child) {
  return Array.isArray(child);
}

/** Without this, keys typed over the element reach the notebook, where "dd" deletes the cell. It
 *  must sit on the focused element itself; on a parent JupyterLab does not see it.
 *  @template {Element} E @param {E} el @returns {E} */
export function focusable(el) {
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  return el;
}

/** Put other children into `parent`. What had the focus has it again, if an element with the same
 *  data-key is among them, with its selection; so has what was scrolled.
 *  @param {Element} parent @param {...Child} children */
export function redraw(parent, ...children) {
  const held = heldFocus(parent);
  const fresh = document.createDocumentFragment();
  append(fresh, children);
  parent.replaceChildren(fresh);
  if (held) restoreFocus(parent, held);
}

/** Make the children of `parent` those of `parts`, each remade only when its looks have changed: a
 *  selection, an open menu, a half-typed word in the others stays.
 *  @param {Element} parent @param {Part[]} parts */
export function reconcile(parent, parts) {
  const held = heldFocus(parent);
  const before = new Map([...parent.children].map((el) => [keyOf(el), el]));
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

/** @param {DrawnPart} el */
function keyOf(el) {
  return el.partKey;
}

/** @param {DrawnPart | undefined} old @param {Part} part @returns {DrawnPart} */
function partOf(old, { key, looks, make }) {
  if (old && old.partLooks === looks) return old;
  const el = Object.assign(make(), { partKey: key, partLooks: looks });
  if (old) old.replaceWith(el);
  return el;
}

/** @param {Element} parent @returns {Held | null} */
function heldFocus(parent) {
  const el = parent.contains(document.activeElement) ? document.activeElement : null;
  const keyed = el?.closest("[data-key]");
  if (!el || !keyed || !parent.contains(keyed)) return null;
  const key = keyed.getAttribute("data-key") ?? "";
  return hasSelection(el) ? { key, start: el.selectionStart, end: el.selectionEnd } : { key };
}

/** @param {Element} parent @param {Held} held */
function restoreFocus(parent, held) {
  const el = byKey(parent, held.key);
  if (!el) return;
  el.focus({ preventScroll: true });
  if (held.start !== undefined && hasSelection(el))
    el.setSelectionRange(held.start, held.end ?? null);
}

/** @param {Element} parent @param {string} key @returns {HTMLElement | null} */
export function byKey(parent, key) {
  return parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
}

/** Number fields and checkboxes have none, and throw when they are asked.
 *  @param {Element} el @returns {el is HTMLInputElement | HTMLTextAreaElement} */
function hasSelection(el) {
  if (el.tagName === "TEXTAREA") return true;
  return el instanceof HTMLInputElement && /^(text|search|)$/.test(el.type);
}
