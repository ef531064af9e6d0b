// A version beside another one, usually that in Production.

import { sectionParts } from "../../compare/page/compare_table.js";
import { focusable, h, reconcile, redraw } from "../../shared/page/dom.js";
import { stageWord } from "./registry_words.js";

/** @import { ShownSection } from "../../compare/page/compare_types.d.ts" */
/** @import { VersionCard, VersionHead } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */
/** @import { ComparedVersions } from "./registry_types.d.ts" */

const SHORT_SECTION = 12; // lines that are shown although they are the same

/** Chooses what the opened version is compared with.
 *  @param {RegistryState} state @param {VersionCard} card @param {string[]} serving */
export function againstChooser(state, card, serving) {
  const others = state.cards().filter(({ version }) => version !== card.version);
  if (others.length === 0) return h("span", { class: "nbt-spacer" });
  const { comparison } = state;
  const options = others.map(({ version, stage }) =>
    h("option", { value: version }, `v${version} (${stage})`),
  );
  const chooser = h(
    "select",
    {
      class: "nbt-field",
      "aria-label": "Compare with",
      "data-key": "compare with",
      onchange: ({ target }) =>
        target.value ? state.compare(card.version, target.value) : state.set({ comparison: null }),
    },
    h("option", { value: "" }, "–"),
    options,
  );
  chooser.value = comparison ? comparison.against : "";
  const compared = h("label", { class: "nbt-labelled nbt-muted" }, "compare with", chooser);
  return h("span", { class: "nbt-against" }, servedButton(state, card, serving), compared);
}

/** The one beside which most will want to see it.
 *  @param {RegistryState} state @param {VersionCard} card @param {string[]} serving */
function servedButton(state, card, serving) {
  const served = serving.find((version) => version !== card.version);
  if (!served || state.comparison) return null;
  const look = { class: "nbt-button", type: "button", "data-key": "compare production" };
  const onclick = () => state.compare(card.version, served);
  return h("button", { ...look, onclick }, `Compare with v${served} in Production`);
}

/** As `CompareView` to what draws the sections. */
export class VersionComparison {
  /** @param {RegistryState} state */
  constructor(state) {
    this.state = state;
    /** Names of sections.
     *  @type {Set<string>} */
    this.closed = new Set();
    /** By name of a section, what somebody chose.
     *  @type {Map<string, boolean>} */
    this.full = new Map();
    this.thead = h("thead");
    this.tbody = h("tbody");
    const table = h(
      "table",
      { class: "nbt-compare-table", "aria-label": "Versions side by side" },
      this.thead,
      this.tbody,
    );
    this.el = focusable(
      h(
        "div",
        {
          class: "nbt-compare-scroll nbt-version-comparison",
          tabindex: "0",
          role: "group",
          "aria-label": "Comparison of two versions",
        },
        table,
      ),
    );
  }

  /** @param {ComparedVersions} comparison */
  show(comparison) {
    const { heads, sections } = comparison;
    const corner = h("td", { class: "nbt-compare-key" });
    redraw(this.thead, h("tr", {}, corner, heads.map(versionHead)));
    const span = heads.length + 1;
    const parts = sections.flatMap((section) => sectionParts(this, section, span));
    reconcile(this.tbody, parts);
  }

  /** @param {ShownSection} section */
  isFull(section) {
    const isUsual = section.name !== "environment" && section.lines.length <= SHORT_SECTION;
    return this.full.get(section.name) ?? isUsual;
  }

  /** @param {ShownSection} section */
  toggleFull(section) {
    this.full.set(section.name, !this.isFull(section));
    this.state.emit("rows");
  }

  /** @param {string} name */
  fold(name) {
    if (!this.closed.delete(name)) this.closed.add(name);
    this.state.emit("rows");
  }
}

/** @param {VersionHead} head @param {number} place */
function versionHead(head, place) {
  return h(
    "th",
    { scope: "col", class: "nbt-compare-head", "data-version": head.version },
    h("div", { class: "nbt-compare-name" }, `v${head.version}`, stageWord(head.stage)),
    h(
      "div",
      { class: "nbt-compare-facts nbt-muted", title: head.run_name },
      h("bdi", {}, head.run_name),
    ),
    place === 0 && h("span", { class: "nbt-badge" }, "seen from here"),
  );
}
