// What stands under an opened row: error, note, source, tags, artifacts, and what can be changed.

import { mountArtifacts } from "../../artifacts/page/artifacts.js";
import { codeView } from "../../shared/page/code_view.js";
import { h } from "../../shared/page/dom.js";
import { codeMenu } from "../../shared/page/insert_code.js";
import { nameEditor, noteEditor, tagEditor } from "./run_edits.js";

export function detailsRow(state, row) {
  const known = state.details.get(row.id);
  const span = state.page.columns.length + 1;
  return h(
    "tr",
    { class: "nbt-details-row" },
    h(
      "td",
      { colspan: span },
      h("div", { class: "nbt-details", "data-details": row.id }, detailParts(state, row, known)),
    ),
  );
}

function detailParts(state, row, known) {
  if (!known) return h("span", { class: "nbt-muted" }, "reading…");
  if (known.trouble) return h("div", { class: "nbt-error" }, known.trouble);
  return [
    detailHead(state, known),
    known.error && part("Error", h("pre", { class: "nbt-code nbt-run-error" }, known.error)),
    h(
      "div",
      { class: "nbt-detail-columns" },
      h("div", {}, part("Note", noteEditor(state, known)), part("Tags", tagEditor(state, known))),
      h("div", {}, part("Params", valueList(known.params))),
      h("div", {}, part("Metrics", valueList(known.metrics))),
    ),
    known.source && part("Cell", codeView(known.source)),
    part("Artifacts", artifactsOf(state, known)),
  ];
}

/** What is open in it stays open when the row is drawn again. */
function artifactsOf(state, known) {
  const place = h("div", {});
  mountArtifacts(state.host, place, known.id, { looks: JSON.stringify(known.files) });
  return place;
}

function part(title, content) {
  return h("section", { class: "nbt-part" }, h("h4", {}, title), content);
}

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

function runButtons(state, known) {
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
    codeMenu(state, known.id),
    button("Delete", () => state.remove([known.id]), { class: "nbt-button nbt-danger" }),
  );
}

function valueList(values) {
  const all = Object.entries(values);
  if (all.length === 0) return h("span", { class: "nbt-muted" }, "none");
  return h(
    "dl",
    { class: "nbt-params" },
    all.map(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]),
  );
}
