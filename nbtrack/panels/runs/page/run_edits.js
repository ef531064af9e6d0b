// Changing a run where it stands. What is typed lives in `state.drafts`, so a redraw loses nothing.

import { byKey, h } from "../../shared/page/dom.js";

export function nameEditor(state, known) {
  const key = `name ${known.id}`;
  const draft = state.drafts.get(key);
  if (draft === undefined) {
    return h(
      "div",
      { class: "nbt-detail-name" },
      h("bdi", {}, known.name || known.id.slice(0, 8)),
      textButton("Rename", () => begin(state, key, known.name), `rename ${known.id}`),
    );
  }
  const save = async () => {
    if (await state.edit(known.id, "rename", { text: state.drafts.get(key) }))
      finish(state, key, `rename ${known.id}`);
  };
  const cancel = () => finish(state, key, `rename ${known.id}`);
  return h(
    "div",
    { class: "nbt-detail-name" },
    draftField(state, key, { name: "Name of the run", save, cancel }),
    textButton("Save", save, `save ${key}`),
    textButton("Cancel", cancel, `cancel ${key}`),
  );
}

export function noteEditor(state, known) {
  const key = `note ${known.id}`;
  const draft = state.drafts.get(key);
  if (draft === undefined) {
    const words = known.note ? h("div", { class: "nbt-note" }, known.note) : null;
    return h(
      "div",
      {},
      words,
      textButton(
        known.note ? "Edit note" : "Add a note",
        () => begin(state, key, known.note),
        `edit ${key}`,
      ),
    );
  }
  const save = async () => {
    if (await state.edit(known.id, "note", { text: state.drafts.get(key) }))
      finish(state, key, `edit ${key}`);
  };
  const cancel = () => finish(state, key, `edit ${key}`);
  return h(
    "div",
    {},
    draftField(state, key, { name: "Note", save, cancel, tag: "textarea" }),
    h(
      "div",
      {},
      textButton("Save", save, `save ${key}`),
      textButton("Cancel", cancel, `cancel ${key}`),
    ),
  );
}

export function tagEditor(state, known) {
  const key = `tag ${known.id}`;
  const chips = Object.entries(known.tags).map(([name, value]) =>
    h(
      "span",
      { class: "nbt-chip" },
      `${name}: `,
      h("b", {}, value),
      h(
        "button",
        {
          class: "nbt-quiet",
          type: "button",
          "aria-label": `Delete tag ${name}`,
          "data-key": `untag ${known.id} ${name}`,
          onclick: () => state.edit(known.id, "delete_tag", { key: name }),
        },
        "×",
      ),
    ),
  );
  return h("div", { class: "nbt-chips" }, chips, tagField(state, known, key));
}

function tagField(state, known, key) {
  if (state.drafts.get(key) === undefined)
    return textButton("Add a tag", () => begin(state, key, ""), `edit ${key}`);
  const save = async () => {
    const [name, ...rest] = state.drafts.get(key).split("=");
    if (await state.edit(known.id, "set_tag", { key: name, text: rest.join("=").trim() }))
      finish(state, key, `edit ${key}`);
  };
  const cancel = () => finish(state, key, `edit ${key}`);
  return [
    draftField(state, key, { name: "Tag, as key=value", save, cancel, placeholder: "key=value" }),
    textButton("Save", save, `save ${key}`),
    textButton("Cancel", cancel, `cancel ${key}`),
  ];
}

export function draftField(state, key, { name, save, cancel, placeholder = "", tag = "input" }) {
  const field = h(tag, {
    class: "nbt-field nbt-draft",
    type: tag === "input" ? "text" : null,
    "aria-label": name,
    placeholder,
    value: state.drafts.get(key),
    "data-key": key,
    oninput: () => state.drafts.set(key, field.value),
    onkeydown: (event) => {
      const isDone = event.key === "Enter" && (tag === "input" || event.ctrlKey || event.metaKey);
      if (!isDone && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (isDone) save();
      else cancel();
    },
  });
  return field;
}

export function begin(state, key, text) {
  state.drafts.set(key, text || "");
  state.emit("rows");
  const field = byKey(state.host.root, key);
  field.focus();
  if (field.select) field.select();
}

/** The focus goes back to the button that began it. */
export function finish(state, key, button) {
  state.drafts.delete(key);
  state.emit("rows");
  const el = byKey(state.host.root, button);
  if (el) el.focus({ preventScroll: true });
}

export function textButton(words, onclick, key) {
  return h(
    "button",
    { class: "nbt-quiet nbt-text-button", type: "button", onclick, "data-key": key },
    words,
  );
}
