// A version beside another one, usually that in Production.

import { sectionParts } from "../../compare/page/compare_table.js";
import { focusable, h, reconcile, redraw } from "../../shared/page/dom.js";
import { stageWord } from "./registry_words.js";
/** @import { ShownSection } from "../../compare/page/compare_types.d.ts" */
/** @import { VersionCard, VersionHead } from "./registry_messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */
/** @import { ComparedVersions } from "./registry_types.d.ts" */

const SHORT_SECTION = 12; // lines that are shown although they are the same

/** Chooses what the opened version is compared with.
 *  @param {RegistryState} state @param {VersionCard} card */
export function againstChooser(state, card) {
  const others = state.cards().filter(({ version }) => version !== card.version);
  if (others.length === 0) return h("span", { class: "nbt-spacer" });
  const { page, comparison } = state;
  const choose = () =>
    chooser.value ? state.compare(card.version, chooser.value) : state.set({ comparison: null });
  const label = (other) => `v${other.version} (${other.stage})`;
  const options = others.map((other) => h("option", { value: other.version }, label(other)));
  const chooser = h(
    "select",
    {
      class: "nbt-field",
      "aria-label": "Compare with",
      "data-key": "compare with",
      onchange: choose,
    },
    h("option", { value: "" }, "–"),
    options,
  );
  chooser.value = comparison ? comparison.against : "";
  const served = page.serving.find((version) => version !== card.version);
  const quick =
    served &&
    !comparison &&
    h(
      "button",
      {
        class: "nbt-button",
        type: "button",
        "data-key": "compare production",
        onclick: () => state.compare(card.version, served),
      },
      `Compare with v${served} in Production`,
    );
  return h(
    "span",
    { class: "nbt-against" },
    quick,
    h("label", { class: "nbt-labelled nbt-muted" }, "compare with", chooser),
  );
}

/** As `CompareView` to what draws the sections. */
export class VersionComparison {
  /** @param {RegistryState} state */
  constructor(state) {
    Object.assign(this, { state, closed: new Set(), full: new Map() });
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
    this.content = { runs: comparison.heads };
    redraw(
      this.thead,
      h("tr", {}, h("td", { class: "nbt-compare-key" }), comparison.heads.map(versionHead)),
    );
    this.sections = comparison.sections;
    reconcile(
      this.tbody,
      this.sections.flatMap((section) => sectionParts(this, section)),
    );
  }

  /** @param {ShownSection} section */
  isFull(section) {
    return (
      this.full.get(section.name) ??
      (section.name !== "environment" && section.lines.length <= SHORT_SECTION)
    );
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
