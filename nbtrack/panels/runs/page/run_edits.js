// Changing a run where it stands.

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
/** @import { RunDetails } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

/** @param {RunsState} state @param {RunDetails} known */
export function nameEditor(state, known) {
  const { id, name, mayEdit } = known;
  const [key, button] = [`name ${id}`, `rename ${id}`];
  if (!state.drafts.has(key)) {
    const rename = mayEdit && textButton("Rename", () => begin(state, key, name), button);
    return h("div", { class: "nbt-detail-name" }, h("bdi", {}, name || id.slice(0, 8)), rename);
  }
  const ends = endings(state, key, { button, save: (text) => state.edit(id, "rename", { text }) });
  const field = draftField(state, key, { name: "Name of the run", ...ends });
  return h("div", { class: "nbt-detail-name" }, field, draftButtons(key, ends));
}

/** @param {RunsState} state @param {RunDetails} known */
export function noteEditor(state, { id, note, noteShown, mayEdit }) {
  const [key, button] = [`note ${id}`, `edit note ${id}`];
  if (!state.drafts.has(key)) {
    const words = note ? h("div", { class: "nbt-note" }, markdownElement(noteShown)) : null;
    const edit = () => begin(state, key, note);
    const named = note ? "Edit note" : "Add a note";
    return h("div", {}, words, mayEdit && textButton(named, edit, button));
  }
  const ends = endings(state, key, { button, save: (text) => state.edit(id, "note", { text }) });
  const field = draftField(state, key, { name: "Note", isLong: true, ...ends });
  return h("div", {}, field, h("div", {}, draftButtons(key, ends)));
}

/** @param {RunsState} state @param {RunDetails} known */
export function tagEditor(state, { id, tags, mayEdit }) {
  const chips = Object.entries(tags).map(([name, value]) => {
    const named = { "aria-label": `Delete tag ${name}`, "data-key": `untag ${id} ${name}` };
    const onclick = () => state.edit(id, "delete_tag", { key: name });
    const remove =
      mayEdit && h("button", { class: "nbt-quiet", type: "button", ...named, onclick }, "×");
    return h("span", { class: "nbt-chip" }, `${name}: `, h("b", {}, value), remove);
  });
  const field =
    mayEdit &&
    tagField(state, `tag ${id}`, (key, text) => state.edit(id, "set_tag", { key, text }));
  return h("div", { class: "nbt-chips" }, chips, field);
}
