// Texts that are changed where they stand. What is typed lives in `state.drafts`, by data-key, so
// that a redraw loses nothing.

import { byKey, h } from "./dom.js";
/** @import { Drafting } from "./panel_types.d.ts" */

/** What ends a draft.
 *  @typedef {{ save: () => unknown, cancel: () => void }} Endings */

/** The focus then goes back to `button`, the data-key of what began the draft. `save` gets the
 *  text, and says whether it was taken: if not, the draft stays.
 *  @param {Drafting} state @param {string} key
 *  @param {{ button: string, save: (text: string) => Promise<boolean> }} options
 *  @returns {Endings} */
export function endings(state, key, { button, save }) {
  const cancel = () => finish(state, key, button);
  return {
    cancel,
    save: async () => {
      if (await save(state.drafts.get(key) ?? "")) cancel();
    },
  };
}

/** @param {Drafting} state @param {string} key
 *  @param {Endings & { name: string, placeholder?: string, isLong?: boolean }} options */
export function draftField(state, key, { name, save, cancel, placeholder = "", isLong = false }) {
  return h(isLong ? "textarea" : "input", {
    class: "nbt-field nbt-draft",
    type: isLong ? null : "text",
    "aria-label": name,
    placeholder,
    value: state.drafts.get(key),
    "data-key": key,
    oninput: ({ target }) => state.drafts.set(key, target.value),
    onkeydown: (event) => {
      const isDone = event.key === "Enter" && (!isLong || event.ctrlKey || event.metaKey);
      if (!isDone && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (isDone) save();
      else cancel();
    },
  });
}

/** @param {string} key @param {Endings} endings */
export function draftButtons(key, { save, cancel }) {
  return [textButton("Save", save, `save ${key}`), textButton("Cancel", cancel, `cancel ${key}`)];
}

/** A button, and when it is pressed a field with its own buttons.
 *  @param {Drafting} state @param {string} key
 *  @param {{
 *    words: string,
 *    name: string,
 *    placeholder: string,
 *    save: (text: string) => Promise<boolean>,
 *  }} options */
export function chipField(state, key, { words, name, placeholder, save }) {
  const button = `edit ${key}`;
  if (!state.drafts.has(key)) return textButton(words, () => begin(state, key, ""), button);
  const ends = endings(state, key, { button, save });
  return [draftField(state, key, { name, placeholder, ...ends }), draftButtons(key, ends)];
}

/** A field for a new tag.
 *  @param {Drafting} state @param {string} key
 *  @param {(key: string, value: string) => Promise<boolean>} save */
export function tagField(state, key, save) {
  return chipField(state, key, {
    words: "Add a tag",
    name: "Tag, as key=value",
    placeholder: "key=value",
    save: (text) => save(...splitTag(text)),
  });
}

/** Of "key=value"; the value may have more of them.
 *  @param {string} text @returns {[key: string, value: string]} */
export function splitTag(text) {
  const [name, ...rest] = text.split("=");
  return [name, rest.join("=").trim()];
}

/** @param {Drafting} state @param {string} key @param {string} text */
export function begin(state, key, text) {
  state.drafts.set(key, text);
  state.emit("rows");
  const field = byKey(state.host.root, key);
  field?.focus();
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.select();
}

/** @param {Drafting} state @param {string} key @param {string} button */
function finish(state, key, button) {
  state.drafts.delete(key);
  state.emit("rows");
  byKey(state.host.root, button)?.focus({ preventScroll: true });
}

/** @param {string} words @param {() => unknown} onclick @param {string} key */
export function textButton(words, onclick, key) {
  const look = { class: "nbt-quiet nbt-text-button", type: "button", "data-key": key };
  return h("button", { ...look, onclick }, words);
}
