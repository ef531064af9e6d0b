// What is known of one version, and what can be said of it.

import { codeView } from "../../shared/page/code_view.js";
import { byKey, grouped, h } from "../../shared/page/dom.js";
import { copyText, insertCell } from "../../shared/page/insert_code.js";
import { againstChooser } from "./registry_compare.js";
import {
  aliasChip,
  chipButton,
  chipField,
  draftsOf,
  stageWord,
  tagChips,
  textEditor,
} from "./registry_words.js";

export function versionPart(state) {
  const card = state.cardOf(state.opened);
  if (!card) return [];
  const { age, ...rest } = card;
  const looks = JSON.stringify([
    rest,
    state.details,
    draftsOf(state, "version "),
    state.page.serving,
    state.comparison?.against,
  ]);
  return [{ key: `version ${card.version}`, looks, make: () => versionView(state, card) }];
}

function versionView(state, card) {
  const { details } = state;
  const close = h(
    "button",
    {
      class: "nbt-quiet",
      type: "button",
      "aria-label": "Close details",
      title: "Close",
      "data-key": "close version",
      onclick: () => closeVersion(state),
    },
    "×",
  );
  const head = h(
    "div",
    { class: "nbt-version-head" },
    h("b", {}, `v${card.version}`),
    stageWord(card.stage),
    againstChooser(state, card),
    close,
  );
  const body = details
    ? versionColumns(state, card, details)
    : h("span", { class: "nbt-muted" }, "reading…");
  return h(
    "section",
    {
      class: "nbt-version-details",
      "data-details": card.version,
      "aria-label": `Details of version ${card.version}`,
    },
    head,
    body,
  );
}

function closeVersion(state) {
  const version = state.opened;
  state.openVersion(version);
  byKey(state.host.root, `open ${version}`)?.focus({ preventScroll: true });
}

function versionColumns(state, card, details) {
  const said = [
    registryPart("Description", versionDescription(state, card)),
    registryPart("Tags", versionTags(state, card)),
    registryPart("Aliases", versionAliases(state, card)),
    registryPart("Load it", loadCode(state, details)),
  ];
  const known = [
    registryPart("Facts", factList(details.facts)),
    signatureParts(details),
    details.data.length > 0 && registryPart("Data", factList(details.data, { isCode: true })),
  ];
  const source = details.source && registryPart("Cell that made it", codeView(details.source));
  return [
    h("div", { class: "nbt-detail-columns" }, h("div", {}, said), h("div", {}, known)),
    source,
  ];
}

function registryPart(title, content) {
  return h("section", { class: "nbt-part" }, h("h4", {}, title), content);
}

function versionDescription(state, card) {
  const { version, description } = card;
  return textEditor(state, {
    key: `version ${version} description`,
    name: `Description of version ${version}`,
    text: description,
    save: (text) => state.edit("describe", { version, text }),
  });
}

function versionTags(state, { version, tags }) {
  return tagChips(state, {
    key: `version ${version} tag`,
    tags,
    save: (key, text) => state.edit("set_tag", { version, key, text }),
    remove: (key) => state.edit("delete_tag", { version, key }),
  });
}

function versionAliases(state, { version, aliases }) {
  const key = `version ${version} alias`;
  const chips = aliases.map((alias) =>
    aliasChip(
      alias,
      chipButton(`Delete alias ${alias}`, `unalias ${alias}`, () =>
        state.edit("delete_alias", { key: alias }),
      ),
    ),
  );
  const field = chipField(state, key, {
    words: "Add an alias",
    name: "Alias",
    placeholder: "champion",
    save: (text) => state.edit("set_alias", { version, key: text }),
  });
  return h("div", { class: "nbt-chips" }, chips, field);
}

function factList(facts, { isCode = false } = {}) {
  const value = (text) => (isCode ? h("code", {}, text) : text);
  return h(
    "dl",
    { class: "nbt-params" },
    facts.map(([name, text]) => [
      h("dt", { title: name }, h("bdi", {}, name)),
      h("dd", { title: text }, value(text)),
    ]),
  );
}

const MOST_SPECS = 8;

function signatureParts({ inputs, outputs }) {
  if (!inputs && !outputs)
    return registryPart("Signature", h("span", { class: "nbt-muted" }, "none: any data is taken"));
  const words = (specs) =>
    (specs.length > MOST_SPECS
      ? [...specs.slice(0, MOST_SPECS), `+${grouped(specs.length - MOST_SPECS)} more`]
      : specs
    ).join(", ");
  const facts = [
    inputs && [`in (${inputs.length})`, words(inputs)],
    outputs && [`out (${outputs.length})`, words(outputs)],
  ];
  return registryPart("Signature", factList(facts.filter(Boolean)));
}

function loadCode(state, { code }) {
  const copy = h(
    "button",
    { class: "nbt-button", type: "button", "data-key": "copy code" },
    "Copy load code",
  );
  copy.addEventListener("click", async () => {
    const isCopied = await copyText(code);
    copy.textContent = isCopied ? "Copied" : "Select it, press Ctrl+C";
    if (!isCopied) selectText(view);
  });
  const insert = h(
    "button",
    {
      class: "nbt-button",
      type: "button",
      "data-key": "insert code",
      onclick: () =>
        state.set({
          notice: insertCell(state.host, code)
            ? "The cell is below."
            : "This page takes no cells: copy the code.",
        }),
    },
    "Insert as a cell",
  );
  const view = codeView(code, { label: "Code that loads this version" });
  return [view, h("div", { class: "nbt-buttons nbt-code-buttons" }, copy, insert)];
}

function selectText(el) {
  const range = document.createRange();
  range.selectNodeContents(el);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}
