// The list of registered models, with a box to search in it.

import { h } from "../../shared/page/dom.js";
import { grouped } from "../../shared/page/formats.js";
import { countWords, foundModels } from "./model_search.js";
import { aliasChip, stageWord } from "./registry_words.js";
/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { ModelLine } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */

/** @param {RegistryState} state @returns {Part[]} */
export function listParts(state) {
  const { models } = state;
  if (!models) return [];
  const found = foundModels(models, state.query);
  const looks = JSON.stringify([found, models.length]);
  return [
    { key: "search", looks: String(models.length), make: () => searchLine(state, models) },
    { key: "models", looks, make: () => modelTable(state, models, found) },
  ];
}

/** @param {RegistryState} state @param {ModelLine[]} models */
function searchLine(state, models) {
  if (models.length === 0) return h("div", { hidden: true });
  const words = () => countWords(foundModels(models, state.query).length, models.length);
  const count = h("span", { class: "nbt-muted", role: "status" }, words());
  const field = h("input", {
    class: "nbt-field nbt-model-search",
    type: "search",
    placeholder: "Search models",
    "aria-label": "Search models",
    "data-key": "search models",
    value: state.query,
    oninput: ({ target }) => {
      state.query = target.value;
      count.textContent = words();
      state.emit("rows");
    },
  });
  return h("div", { class: "nbt-search-line" }, field, count);
}

/** @param {RegistryState} state @param {ModelLine[]} models @param {ModelLine[]} found */
function modelTable(state, models, found) {
  if (models.length === 0) {
    return h(
      "div",
      { class: "nbt-nothing" },
      h("p", {}, "No model is registered yet."),
      h("pre", { class: "nbt-code" }, 'nbtrack.register_model("runs:/<run id>/model", "churn")'),
    );
  }
  if (found.length === 0) return h("div", { class: "nbt-nothing" }, "No model has these words.");
  const names = ["Model", "Versions", "In use", "Aliases", "Last change", "Description"];
  const heads = names.map((name) => h("th", { scope: "col" }, name));
  const rows = found.map((model) => modelRow(state, model));
  const named = { class: "nbt-model-table", "aria-label": "Registered models" };
  const table = h("table", named, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows));
  return h("div", { class: "nbt-model-scroll" }, table);
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
