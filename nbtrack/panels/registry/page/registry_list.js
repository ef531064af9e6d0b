// The list of registered models, with a box to search in it.

import { h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { aliasChip, stageWord } from "./registry_words.js";
/** @import { ModelLine } from "./registry_messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */

/** @param {RegistryState} state */
export function listParts(state) {
  if (!state.models) return [];
  const found = foundModels(state);
  return [
    { key: "search", looks: String(state.models.length), make: () => searchLine(state) },
    {
      key: "models",
      looks: JSON.stringify([found, state.models.length]),
      make: () => modelTable(state, found),
    },
  ];
}

/** Every word that was typed stands somewhere in it.
 *  @param {{ models: ModelLine[], query: string }} list */
function foundModels({ models, query }) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    const text = [model.name, model.description, ...model.aliases.flat(), ...model.in_use.flat()]
      .join(" ")
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** @param {RegistryState} state */
function searchLine(state) {
  if (state.models.length === 0) return h("div", { hidden: true });
  const field = h("input", {
    class: "nbt-field nbt-model-search",
    type: "search",
    placeholder: "Search models",
    "aria-label": "Search models",
    "data-key": "search models",
    value: state.query,
    oninput: () => {
      state.query = field.value;
      count.textContent = countWords();
      state.emit("rows");
    },
  });
  const countWords = () => {
    const found = foundModels(state).length;
    return found === state.models.length
      ? plural(found, "model")
      : `${grouped(found)} of ${plural(state.models.length, "model")}`;
  };
  const count = h("span", { class: "nbt-muted", role: "status" }, countWords());
  return h("div", { class: "nbt-search-line" }, field, count);
}

/** @param {RegistryState} state @param {ModelLine[]} found */
function modelTable(state, found) {
  if (state.models.length === 0) {
    return h(
      "div",
      { class: "nbt-nothing" },
      h("p", {}, "No model is registered yet."),
      h("pre", { class: "nbt-code" }, 'nbtrack.register_model("runs:/<run id>/model", "churn")'),
    );
  }
  if (found.length === 0) return h("div", { class: "nbt-nothing" }, "No model has these words.");
  const names = ["Model", "Versions", "In use", "Aliases", "Last change", "Description"];
  const head = h(
    "tr",
    {},
    names.map((name) => h("th", { scope: "col" }, name)),
  );
  return h(
    "div",
    { class: "nbt-model-scroll" },
    h(
      "table",
      { class: "nbt-model-table", "aria-label": "Registered models" },
      h("thead", {}, head),
      h(
        "tbody",
        {},
        found.map((model) => modelRow(state, model)),
      ),
    ),
  );
}

/** @param {RegistryState} state @param {ModelLine} model */
function modelRow(state, model) {
  const open = () => state.openModel(model.name);
  const button = h(
    "button",
    {
      class: "nbt-quiet nbt-model-name",
      type: "button",
      "data-key": `model ${model.name}`,
      title: model.name,
      onclick: open,
    },
    h("bdi", {}, model.name),
  );
  const inUse = model.in_use.map(([stage, version]) =>
    h("span", { class: "nbt-in-use" }, stageWord(stage), ` v${version}`),
  );
  const aliases = model.aliases.map(([alias, version]) => aliasChip(alias, ` v${version}`));
  const none = () => h("span", { class: "nbt-muted" }, "–");
  return h(
    "tr",
    { "data-model": model.name },
    h("th", { scope: "row" }, button),
    h("td", { class: "nbt-count-cell" }, grouped(model.versions)),
    h("td", {}, inUse.length ? h("span", { class: "nbt-wrapped" }, inUse) : none()),
    h("td", {}, aliases.length ? h("span", { class: "nbt-wrapped" }, aliases) : none()),
    h("td", { class: "nbt-muted nbt-when" }, model.changed),
    h("td", { class: "nbt-about-cell", title: model.description }, h("bdi", {}, model.description)),
  );
}
