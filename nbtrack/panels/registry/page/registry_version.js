// What is known of one version, and what can be said of it.

import { copyText } from "../../shared/page/clipboard.js";
import { codeView } from "../../shared/page/code_view.js";
import { byKey, h } from "../../shared/page/dom.js";
import { chipField } from "../../shared/page/drafts.js";
import { grouped } from "../../shared/page/formats.js";
import { insertCell } from "../../shared/page/insert_cell.js";
import { titled } from "../../shared/page/titled.js";
import { againstChooser } from "./registry_compare.js";
import {
  aliasChip,
  chipButton,
  draftsOf,
  stageWord,
  tagChips,
  textEditor,
} from "./registry_words.js";
/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { ModelPage, VersionCard, VersionDetails } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */

/** @param {RegistryState} state @param {ModelPage} page @returns {Part[]} */
export function versionPart(state, { serving, mayEdit }) {
  const card = state.cardOf(state.opened);
  if (!card) return [];
  const { age, ...rest } = card; // growing older redraws nothing
  const looks = JSON.stringify([
    rest,
    state.details,
    draftsOf(state, "version "),
    serving,
    mayEdit,
    state.comparison?.against,
  ]);
  return [{ key: `version ${card.version}`, looks, make: () => versionView(state, card, serving) }];
}

/** @param {RegistryState} state @param {VersionCard} card @param {string[]} serving */
function versionView(state, card, serving) {
  const { details } = state;
  const close = h(
    "button",
    {
      class: "nbt-quiet",
      type: "button",
      "aria-label": "Close details",
      title: "Close",
      "data-key": "close version",
      onclick: () => closeVersion(state, card.version),
    },
    "×",
  );
  const head = h(
    "div",
    { class: "nbt-version-head" },
    h("b", {}, `v${card.version}`),
    stageWord(card.stage),
    againstChooser(state, card, serving),
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

/** @param {RegistryState} state @param {string} version */
function closeVersion(state, version) {
  state.openVersion(version);
  byKey(state.host.root, `open ${version}`)?.focus({ preventScroll: true });
}

/** @param {RegistryState} state @param {VersionCard} card @param {VersionDetails} details */
function versionColumns(state, card, details) {
  const said = [
    ...versionWords(state, card, state.page?.mayEdit ?? false),
    titled("Load it", loadCode(state, details)),
  ];
  const known = [
    titled("Facts", factList(details.facts)),
    signatureParts(details),
    details.data.length > 0 && titled("Data", factList(details.data, { isCode: true })),
  ];
  const source = details.source && titled("Cell that made it", codeView(details.source));
  return [
    h("div", { class: "nbt-detail-columns" }, h("div", {}, said), h("div", {}, known)),
    source,
  ];
}

/** What is said of it; where nothing is, and nothing may be, no more than that.
 *  @param {RegistryState} state @param {VersionCard} card @param {boolean} mayEdit */
function versionWords(state, card, mayEdit) {
  const { description, tags, aliases } = card;
  return [
    (mayEdit || description.raw) && titled("Description", versionDescription(state, card, mayEdit)),
    (mayEdit || tags.length > 0) && titled("Tags", versionTags(state, card, mayEdit)),
    (mayEdit || aliases.length > 0) && titled("Aliases", versionAliases(state, card, mayEdit)),
  ];
}

/** @param {RegistryState} state @param {VersionCard} card @param {boolean} mayEdit */
function versionDescription(state, card, mayEdit) {
  const { version, description } = card;
  return textEditor(state, {
    key: `version ${version} description`,
    name: `Description of version ${version}`,
    text: description,
    mayEdit,
    save: (text) => state.edit("describe", { version, text }),
  });
}

/** @param {RegistryState} state @param {VersionCard} card @param {boolean} mayEdit */
function versionTags(state, { version, tags }, mayEdit) {
  return tagChips(state, {
    key: `version ${version} tag`,
    tags,
    mayEdit,
    save: (key, text) => state.edit("set_tag", { version, key, text }),
    remove: (key) => state.edit("delete_tag", { version, key }),
  });
}

/** @param {RegistryState} state @param {VersionCard} card @param {boolean} mayEdit */
function versionAliases(state, { version, aliases }, mayEdit) {
  const key = `version ${version} alias`;
  const chips = aliases.map((alias) =>
    aliasChip(
      alias,
      mayEdit &&
        chipButton(`Delete alias ${alias}`, `unalias ${alias}`, () =>
          state.edit("delete_alias", { key: alias }),
        ),
    ),
  );
  const field =
    mayEdit &&
    chipField(state, key, {
      words: "Add an alias",
      name: "Alias",
      placeholder: "champion",
      save: (text) => state.edit("set_alias", { version, key: text }),
    });
  return h("div", { class: "nbt-chips" }, chips, field);
}

/** @param {Array<[string, string]>} facts @param {{ isCode?: boolean }} [options] */
function factList(facts, { isCode = false } = {}) {
  /** @param {string} text */
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

/** @param {VersionDetails} details */
function signatureParts({ inputs, outputs }) {
  if (!inputs && !outputs) {
    return titled("Signature", h("span", { class: "nbt-muted" }, "none: any data is taken"));
  }
  return titled("Signature", factList([...specFact("in", inputs), ...specFact("out", outputs)]));
}

/** @param {string} way @param {string[] | null} specs @returns {Array<[string, string]>} */
function specFact(way, specs) {
  if (!specs) return [];
  const rest = specs.length - MOST_SPECS;
  const shown = rest > 0 ? [...specs.slice(0, MOST_SPECS), `+${grouped(rest)} more`] : specs;
  return [[`${way} (${specs.length})`, shown.join(", ")]];
}

/** @param {RegistryState} state @param {VersionDetails} details */
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

/** @param {HTMLElement} el */
function selectText(el) {
  const range = document.createRange();
  range.selectNodeContents(el);
  const selection = window.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}
