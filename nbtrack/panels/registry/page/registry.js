// The registry in an element: the list of models, or one model, from its head to its record.

import { h, reconcile } from "../../shared/page/dom.js";
import { movePart } from "./move_form.js";
import { VersionComparison } from "./registry_compare.js";
import { aboutPart, headLine } from "./registry_head.js";
import { lanesPart } from "./registry_lanes.js";
import { listParts } from "./registry_list.js";
import { RegistryState } from "./registry_state.js";
import { auditPart, timelinePart } from "./registry_timeline.js";
import { versionPart } from "./registry_version.js";
/** @import { PanelHost } from "../../shared/page/panel_host.js" */

export class RegistryBrowser {
  /** `status` is the host's element of that name, where nobody else shows it.
   *  @param {PanelHost} host @param {HTMLElement} el
   *  @param {{ status?: HTMLElement | null }} [options] */
  constructor(host, el, { status = null } = {}) {
    this.state = new RegistryState(host);
    this.el = el;
    this.status = status;
    this.comparison = new VersionComparison(this.state);
    this.state.on("rows", () => this.draw());
  }

  draw() {
    const { state } = this;
    reconcile(this.el, [
      ...this.headPart(),
      this.troublePart(),
      ...(state.name === null ? listParts(state) : this.modelParts()),
    ]);
  }

  /** Within another panel the list needs no title. */
  headPart() {
    const { name, page } = this.state;
    if (name === null && !this.status) return [];
    const looks = JSON.stringify([name, page && [page.words, page.metric, page.metrics]]);
    return [{ key: "head", looks, make: () => headLine(this.state, this.status) }];
  }

  /** The alert stands there before it has words: only then are they read aloud. */
  troublePart() {
    const { trouble, notice } = this.state;
    const dismiss = () => this.state.set({ trouble: "", notice: "" });
    const words =
      notice &&
      h(
        "div",
        { class: "nbt-notice" },
        h("span", {}, notice),
        h(
          "button",
          {
            class: "nbt-quiet",
            type: "button",
            "aria-label": "Dismiss",
            "data-key": "dismiss",
            onclick: dismiss,
          },
          "×",
        ),
      );
    return {
      key: "trouble",
      looks: JSON.stringify([trouble, notice]),
      make: () =>
        h(
          "div",
          {},
          h("div", { class: "nbt-error nbt-trouble", role: "alert" }, trouble),
          h("div", { role: "status" }, words),
        ),
    };
  }

  modelParts() {
    const { state } = this;
    const { page } = state;
    if (!page) return [];
    return [
      aboutPart(state, page),
      lanesPart(state, page),
      ...movePart(state),
      ...versionPart(state, page),
      ...this.comparisonPart(),
      timelinePart(state, page),
      auditPart(state),
    ];
  }

  comparisonPart() {
    const { comparison } = this.state;
    if (!comparison) return [];
    this.comparison.show(comparison);
    return [
      {
        key: "comparison",
        looks: "",
        make: () => h("div", { class: "nbt-version-compared" }, this.comparison.el),
      },
    ];
  }
}
