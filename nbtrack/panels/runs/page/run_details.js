// What stands under an opened row: what it failed with, its values, note and tags, a look at its
// files, its source, and what can be changed. Nothing in it scrolls by itself.

import { mountArtifacts } from "../../artifacts/page/artifacts.js";
import { breakable } from "../../shared/page/breakable.js";
import { codeView } from "../../shared/page/code_view.js";
import { focusable, h } from "../../shared/page/dom.js";
import { grouped } from "../../shared/page/formats.js";
import { readOnlyNote } from "../../shared/page/read_only.js";
import { titled } from "../../shared/page/titled.js";
import { codeMenu } from "./code_menu.js";
import { nameEditor, noteEditor, tagEditor } from "./run_edits.js";

/** @import { Attributes } from "../../shared/page/dom_types.d.ts" */
/** @import { RunDetails, RunRow, RunValue } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */
/** @import { KnownRun } from "./runs_types.d.ts" */

const MOST_LINES = 24; // of a source, before somebody asks for all
const MOST_OF_TRACE = 12; // lines of a traceback
const FEW_LINES = 4; // more than these are worth a button
const READ_ONLY = "Read-only for you: changing this run takes the role editor.";

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
    known.warnings.length > 0 && titled("Warnings", warningLines(known)),
    known.error && titled("Error", errorParts(known)),
    h("div", { class: "nbt-detail-columns" }, valueParts(known), wordParts(state, known)),
    titled("Artifacts", artifactsOf(state, known)),
    known.source && titled("Cell", cellSource(known.source)),
    factLine(known.origin),
  ];
}

/** @param {RunDetails} known */
function warningLines({ warnings }) {
  return warnings.map(({ kind, sentence }) =>
    h("p", { class: "nbt-warning" }, h("b", {}, `⚠ ${kind} `), sentence),
  );
}

/** What it failed with, and the way there, whose end says most.
 *  @param {RunDetails} known */
export function errorParts({ error, traceback }) {
  const lines = traceback.trimEnd().split("\n");
  /** @param {string[]} shown */
  const view = (shown) =>
    focusable(
      h(
        "pre",
        { class: "nbt-code nbt-run-error", tabindex: "0", "aria-label": "Traceback" },
        shown.join("\n"),
      ),
    );
  const told = h("p", { class: "nbt-error-words" }, error);
  return [told, traceback && shortened(lines, lines.slice(-MOST_OF_TRACE), view)];
}

/** @param {string} source */
export function cellSource(source) {
  const lines = source.split("\n");
  return shortened(lines, lines.slice(0, MOST_LINES), (shown) => codeView(shown.join("\n")));
}

/** Some of the lines, and on demand all: what lies in a row does not scroll by itself.
 *  @param {string[]} lines @param {string[]} some
 *  @param {(lines: string[]) => HTMLElement} view */
function shortened(lines, some, view) {
  if (lines.length <= some.length + FEW_LINES) return view(lines);
  const words = `Show all ${grouped(lines.length)} lines`;
  const box = h("div", {}, view(some));
  const onclick = () => box.replaceChildren(view(lines));
  box.append(h("button", { class: "nbt-quiet nbt-text-button", type: "button", onclick }, words));
  return box;
}

/** @param {RunDetails} known */
export function valueParts({ metrics, params }) {
  return [
    metrics.length > 0 && h("div", {}, titled("Metrics", valueList(metrics, "of the training"))),
    params.length > 0 && h("div", {}, titled("Params", valueList(params, "defaults"))),
  ];
}

/** @param {RunsState} state @param {RunDetails} known */
function wordParts(state, known) {
  const { mayEdit, note, tags } = known;
  return h(
    "div",
    {},
    (mayEdit || note) && titled("Note", noteEditor(state, known)),
    (mayEdit || Object.keys(tags).length > 0) && titled("Tags", tagEditor(state, known)),
  );
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
  return h(
    "div",
    { class: "nbt-detail-head" },
    nameEditor(state, known),
    runButtons(state, known),
    !known.mayEdit && readOnlyNote(READ_ONLY),
    factLine(known.facts),
  );
}

/** @param {RunDetails["facts"]} facts */
export function factLine(facts) {
  const words = facts.map(([name, text]) =>
    h("span", { class: "nbt-fact" }, h("span", { class: "nbt-muted" }, `${name} `), text),
  );
  return h("div", { class: "nbt-fact-line" }, words);
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
  const { pinned, baseline, mayEdit } = known;
  return h(
    "div",
    { class: "nbt-buttons" },
    mayEdit &&
      button(pinned ? "Unpin" : "Pin", () => state.edit(known.id, "pin", { on: !pinned }), {
        "data-key": `pin ${known.id}`,
        title: "A pinned run stands first",
      }),
    mayEdit &&
      button(
        baseline ? "Unset baseline" : "Make baseline",
        () => state.edit(known.id, "baseline", { on: !baseline }),
        { "data-key": `baseline ${known.id}`, title: "Others are compared with it" },
      ),
    known.mayRegister &&
      known.hasModel &&
      !known.isDeleted &&
      button("Register model", () => state.emit("register", known.id), {
        "data-key": `register ${known.id}`,
      }),
    codeMenu(state, known.id, { hasModel: known.hasModel }),
    mayEdit &&
      (known.isDeleted
        ? button("Restore", () => state.bringBack([known.id]))
        : button("Delete", () => state.remove([known.id]), { class: "nbt-button nbt-danger" })),
  );
}

/** Those that matter, and on demand the others.
 *  @param {RunValue[]} values @param {string} others what these are called */
function valueList(values, others) {
  const folded = values.filter(({ isFolded }) => isFolded);
  const told = values.filter(({ isFolded }) => !isFolded);
  if (folded.length === 0) return definitions(told);
  const words = `${folded.length} ${others}`;
  const rest = h("details", {}, h("summary", { class: "nbt-muted" }, words), definitions(folded));
  return [told.length > 0 && definitions(told), rest];
}

/** @param {RunValue[]} values */
function definitions(values) {
  const pairs = values.map(({ key, text, origin }) => [
    h("dt", { title: origin }, breakable(key)),
    h("dd", {}, text),
  ]);
  return h("dl", { class: "nbt-params" }, pairs);
}
