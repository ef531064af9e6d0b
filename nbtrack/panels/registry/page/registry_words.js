// Small things that several parts of the registry show.

import { h } from "../../shared/page/dom.js";
import {
  begin,
  draftButtons,
  draftField,
  endings,
  tagField,
  textButton,
} from "../../shared/page/drafts.js";
import { markdownElement } from "../../shared/page/markdown.js";
/** @import { Child } from "../../shared/page/dom_types.d.ts" */
/** @import { Drafting } from "../../shared/page/panel_types.d.ts" */
/** @import { TagEditing, TextEditing } from "./registry_types.d.ts" */

/** @param {string} stage */
export function stageDot(stage) {
  return h("span", { class: "nbt-stage-dot", "data-stage": stage || "", "aria-hidden": "true" });
}

/** @param {string} stage */
export function stageWord(stage) {
  return h("span", { class: "nbt-stage", "data-stage": stage }, stageDot(stage), stage);
}

/** @param {string} alias @param {Child} [more] */
export function aliasChip(alias, more) {
  return h(
    "span",
    { class: "nbt-alias", title: `alias ${alias}` },
    h("span", { class: "nbt-alias-name" }, `@${alias}`),
    more && h("span", {}, more),
  );
}

/** @param {string[]} versions */
export function versionList(versions) {
  return versions.map((version) => `v${version}`).join(", ");
}

/** A text that can be changed where it stands.
 *  @param {Drafting} state @param {TextEditing} editing */
export function textEditor(state, { key, name, text, mayEdit, save }) {
  const button = `edit ${key}`;
  if (!state.drafts.has(key)) {
    const shown = text.raw && h("div", { class: "nbt-note" }, markdownElement(text.shown));
    const words = text.raw ? "Edit description" : "Add a description";
    const edit = mayEdit && textButton(words, () => begin(state, key, text.raw), button);
    return h("div", { class: "nbt-described" }, shown, edit);
  }
  const ends = endings(state, key, { button, save });
  const field = draftField(state, key, { name, isLong: true, ...ends });
  const buttons = h("div", { class: "nbt-draft-buttons" }, draftButtons(key, ends));
  return h("div", { class: "nbt-described nbt-editing" }, field, buttons);
}

/** @param {Drafting} state @param {TagEditing} editing */
export function tagChips(state, { key, tags, mayEdit, save, remove }) {
  const chips = tags.map((tag) =>
    h(
      "span",
      { class: "nbt-chip", title: `${tag.label}: ${tag.value}` },
      h("bdi", {}, tag.label),
      ": ",
      h("bdi", { class: "nbt-chip-value" }, tag.value),
      mayEdit &&
        chipButton(`Delete tag ${tag.label}`, `untag ${key} ${tag.key}`, () => remove(tag.key)),
    ),
  );
  return h("div", { class: "nbt-chips" }, chips, mayEdit && tagField(state, key, save));
}

/** @param {string} name @param {string} key @param {() => unknown} onclick */
export function chipButton(name, key, onclick) {
  return h(
    "button",
    {
      class: "nbt-quiet",
      type: "button",
      "aria-label": name,
      title: name,
      "data-key": key,
      onclick,
    },
    "×",
  );
}

/** Which editors are open, for what is drawn again only when it looks different.
 *  @param {Drafting} state @param {string} prefix */
export function draftsOf(state, prefix) {
  return [...state.drafts.keys()].filter((key) => key.startsWith(prefix));
}
