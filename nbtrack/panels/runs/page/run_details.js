// What stands under an opened row: error, note, source, tags, artifacts, and what can be changed.

import { mountArtifacts } from "../../artifacts/page/artifacts.js";
import { codeView } from "../../shared/page/code_view.js";
import { h } from "../../shared/page/dom.js";
import { titled } from "../../shared/page/titled.js";
import { codeMenu } from "./code_menu.js";
import { nameEditor, noteEditor, tagEditor } from "./run_edits.js";
/** @import { Attributes } from "../../shared/page/dom_types.d.ts" */
/** @import { RunDetails, RunRow, RunValue } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */
/** @import { KnownRun } from "./runs_types.d.ts" */

/** @param {RunsState} state @param {RunRow} row @param {number} span how many columns there are */
export function detailsRow(state, row, span) {
  const parts = detailParts(state, state.details.get(row.id));
  const box = h("div", { class: "nbt-details", "data-details": row.id }, parts);
  return h("tr", { class: "nbt-details-row" }, h("td", { colspan: span }, box));
}

/** @param {RunsState} state @param {KnownRun | undefined} known */
function detailParts(state, known) {
  if (!known) return h("span", { class: "nbt-muted" }, "reading…");
  if ("trouble" in known) return h("div", { class: "nbt-error" }, known.trouble);
  return [
    detailHead(state, known),
    known.error && titled("Error", h("pre", { class: "nbt-code nbt-run-error" }, known.error)),
    h(
      "div",
      { class: "nbt-detail-columns" },
      h("div", {}, titled("Metrics", valueList(known.metrics, "of the training"))),
      h("div", {}, titled("Params", valueList(known.params, "defaults"))),
      h(
        "div",
        {},
        titled("Note", noteEditor(state, known)),
        titled("Tags", tagEditor(state, known)),
      ),
    ),
    known.source && titled("Cell", codeView(known.source)),
    titled("Artifacts", artifactsOf(state, known)),
  ];
}

/** What is open in it stays open when the row is drawn again.
 *  @param {RunsState} state @param {RunDetails} known */
function artifactsOf(state, known) {
  const place = h("div", {});
  mountArtifacts(state.host, place, known.id, { looks: JSON.stringify(known.files) });
  return place;
}

/** @param {RunsState} state @param {RunDetails} known */
function detailHead(state, known) {
  const facts = known.facts.map(([name, text]) =>
    h("span", { class: "nbt-fact" }, h("span", { class: "nbt-muted" }, `${name} `), text),
  );
  return h(
    "div",
    { class: "nbt-detail-head" },
    nameEditor(state, known),
    runButtons(state, known),
    h("div", { class: "nbt-fact-line" }, facts),
  );
}

/** @param {RunDetails} known */
function hasModel({ files, isDeleted }) {
  return !isDeleted && files.some(({ path }) => path.endsWith("/MLmodel"));
}

/** @param {RunsState} state @param {RunDetails} known */
function runButtons(state, known) {
  /** @param {string} words @param {() => unknown} onclick @param {Attributes} [more] */
  const button = (words, onclick, more = {}) =>
    h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        onclick,
        "data-key": `${words.split(" ")[0]} ${known.id}`,
        ...more,
      },
      words,
    );
  const { pinned, baseline } = known;
  return h(
    "div",
    { class: "nbt-buttons" },
    button(pinned ? "Unpin" : "Pin", () => state.edit(known.id, "pin", { on: !pinned }), {
      "data-key": `pin ${known.id}`,
      title: "A pinned run stands first",
    }),
    button(
      baseline ? "Unset baseline" : "Make baseline",
      () => state.edit(known.id, "baseline", { on: !baseline }),
      { "data-key": `baseline ${known.id}`, title: "Others are compared with it" },
    ),
    hasModel(known) &&
      button("Register model", () => state.emit("register", known.id), {
        "data-key": `register ${known.id}`,
      }),
    codeMenu(state, known.id),
    known.isDeleted
      ? button("Restore", () => state.bringBack([known.id]))
      : button("Delete", () => state.remove([known.id]), { class: "nbt-button nbt-danger" }),
  );
}

/** Those that matter, and on demand the others.
 *  @param {RunValue[]} values @param {string} others what these are called */
function valueList(values, others) {
  const folded = values.filter(({ isFolded }) => isFolded);
  const told = values.filter(({ isFolded }) => !isFolded);
  if (values.length === 0) return h("span", { class: "nbt-muted" }, "none");
  if (folded.length === 0) return definitions(told);
  const words = `${folded.length} ${others}`;
  const rest = h("details", {}, h("summary", { class: "nbt-muted" }, words), definitions(folded));
  return [told.length > 0 && definitions(told), rest];
}

/** @param {RunValue[]} values */
function definitions(values) {
  const pairs = values.map(({ key, text, origin }) => [
    h("dt", { title: origin }, key),
    h("dd", {}, text),
  ]);
  return h("dl", { class: "nbt-params" }, pairs);
}
