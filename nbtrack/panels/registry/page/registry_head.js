// The head of a model: its name, what serves, what is said of it, and its gates.

import { h } from "../../shared/page/dom.js";
import { readOnlyNote } from "../../shared/page/read_only.js";
import { aliasChip, draftsOf, stageWord, tagChips, textEditor } from "./registry_words.js";
/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { GateRule, ModelPage } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */

/** @param {RegistryState} state @param {ModelPage} page @returns {Part} */
export function aboutPart(state, page) {
  const { name, description, tags, aliases, gates, mayEdit, mayMove } = page;
  const drafts = draftsOf(state, "model ");
  const about = [description, tags, aliases, gates, mayEdit, mayMove, drafts];
  return {
    key: "about",
    looks: JSON.stringify([name, about]),
    make: () => aboutModel(state, page),
  };
}

/** The line on top of the panel; `status` is the host's own element.
 *  @param {RegistryState} state @param {HTMLElement | null} status */
export function headLine(state, status) {
  const { page, name } = state;
  const back =
    name !== null &&
    h(
      "button",
      {
        class: "nbt-button nbt-back",
        type: "button",
        "data-key": "all models",
        onclick: () => state.openList(),
      },
      "‹ All models",
    );
  const title = h(
    "span",
    { class: "nbt-title", role: "heading", "aria-level": "3" },
    name === null ? "Model registry" : h("bdi", {}, name),
  );
  const words =
    page && h("span", { class: "nbt-muted nbt-head-words", role: "status" }, page.words);
  return h(
    "div",
    { class: "nbt-head" },
    back,
    title,
    words,
    h("div", { class: "nbt-facts" }, status, page && metricChooser(state, page)),
  );
}

/** @param {RegistryState} state @param {ModelPage} page */
function metricChooser(state, { metric, metrics }) {
  if (metrics.length < 2) return null;
  const chooser = h(
    "select",
    {
      class: "nbt-field nbt-select",
      "aria-label": "Metric on the cards",
      title: "Metric on the cards",
      "data-key": "metric",
      onchange: ({ target }) => state.showMetric(target.value),
    },
    metrics.map((key) => h("option", { value: key }, key)),
  );
  chooser.value = metric;
  return h("label", { class: "nbt-labelled" }, "metric", chooser);
}

/** @param {RegistryState} state @param {ModelPage} page */
function aboutModel(state, { description, tags, aliases, gates, mayEdit, mayMove }) {
  const chips = tagChips(state, {
    key: "model tag",
    tags,
    mayEdit,
    save: (name, text) => state.edit("set_tag", { key: name, text }),
    remove: (name) => state.edit("delete_tag", { key: name }),
  });
  return h(
    "div",
    { class: "nbt-about" },
    textEditor(state, {
      key: "model description",
      name: "Description of the model",
      text: description,
      mayEdit,
      save: (text) => state.edit("describe", { text }),
    }),
    h(
      "div",
      { class: "nbt-about-line" },
      aliases.map(([alias, version]) => aliasChip(alias, ` → v${version}`)),
      chips,
    ),
    gates.map(gateLine),
    !(mayEdit && mayMove) && readOnlyNote(missingWords(mayEdit)),
  );
}

/** @param {boolean} mayEdit */
function missingWords(mayEdit) {
  if (mayEdit) return "Moving a version to another stage takes the role approver.";
  return "Read-only for you: changes take the role editor, moves the role approver.";
}

/** @param {GateRule} gate */
function gateLine({ stage, rule, approver }) {
  const words = [
    rule && h("code", { class: "nbt-rule" }, rule),
    approver && "approved by another person than who registered it",
  ];
  return h(
    "div",
    { class: "nbt-gate-line" },
    h("span", { class: "nbt-muted" }, "gate to "),
    stageWord(stage),
    h("span", { class: "nbt-muted" }, ": "),
    words[0],
    words[0] && words[1] && " and ",
    words[1],
  );
}
