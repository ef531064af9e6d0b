// Small things that several parts of the registry show.

import { begin, draftField, finish, textButton } from "../../runs/page/run_edits.js";
import { h } from "../../shared/page/dom.js";

export function stageDot(stage) {
  return h("span", { class: "nbt-stage-dot", "data-stage": stage || "", "aria-hidden": "true" });
}

export function stageWord(stage) {
  return h("span", { class: "nbt-stage", "data-stage": stage }, stageDot(stage), stage);
}

export function aliasChip(alias, more) {
  return h(
    "span",
    { class: "nbt-alias", title: `alias ${alias}` },
    h("span", { class: "nbt-alias-name" }, `@${alias}`),
    more && h("span", {}, more),
  );
}

export function versionList(versions) {
  return versions.map((version) => `v${version}`).join(", ");
}

/** A text that can be changed where it stands. `text` is {raw, shown}. */
export function textEditor(state, { key, name, text, save }) {
  if (state.drafts.get(key) === undefined) {
    const shown = text.shown && h("div", { class: "nbt-note", dir: "auto" }, text.shown);
    return h(
      "div",
      { class: "nbt-described" },
      shown,
      textButton(
        text.raw ? "Edit description" : "Add a description",
        () => begin(state, key, text.raw),
        `edit ${key}`,
      ),
    );
  }
  const done = async () => {
    if (await save(state.drafts.get(key))) finish(state, key, `edit ${key}`);
  };
  const cancel = () => finish(state, key, `edit ${key}`);
  return h(
    "div",
    { class: "nbt-described nbt-editing" },
    draftField(state, key, { name, save: done, cancel, tag: "textarea" }),
    draftButtons(key, done, cancel),
  );
}

function draftButtons(key, save, cancel) {
  return h(
    "div",
    { class: "nbt-draft-buttons" },
    textButton("Save", save, `save ${key}`),
    textButton("Cancel", cancel, `cancel ${key}`),
  );
}

/** `save(key, value)`, `remove(key)`. */
export function tagChips(state, { key, tags, save, remove }) {
  const chips = tags.map((tag) =>
    h(
      "span",
      { class: "nbt-chip", title: `${tag.label}: ${tag.value}` },
      h("bdi", {}, tag.label),
      ": ",
      h("bdi", { class: "nbt-chip-value" }, tag.value),
      chipButton(`Delete tag ${tag.label}`, `untag ${key} ${tag.key}`, () => remove(tag.key)),
    ),
  );
  const store = (text) => {
    const [name, ...rest] = text.split("=");
    return save(name, rest.join("=").trim());
  };
  return h(
    "div",
    { class: "nbt-chips" },
    chips,
    chipField(state, key, {
      words: "Add a tag",
      name: "Tag, as key=value",
      placeholder: "key=value",
      save: store,
    }),
  );
}

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

export function chipField(state, key, { words, name, placeholder, save }) {
  if (state.drafts.get(key) === undefined)
    return textButton(words, () => begin(state, key, ""), `edit ${key}`);
  const done = async () => {
    if (await save(state.drafts.get(key))) finish(state, key, `edit ${key}`);
  };
  const cancel = () => finish(state, key, `edit ${key}`);
  return [
    draftField(state, key, { name, save: done, cancel, placeholder }),
    textButton("Save", done, `save ${key}`),
    textButton("Cancel", cancel, `cancel ${key}`),
  ];
}

/** Which editors are open, for what is drawn again only when it looks different. */
export function draftsOf(state, prefix) {
  return [...state.drafts.keys()].filter((key) => key.startsWith(prefix));
}
