// What one view of the registry shows: the list of models, or one model.

import { byKey } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { recheckMove } from "./registry_move.js";
/** @import { Questions } from "../../shared/page/messages.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { ModelPage, RegistryEditAsked } from "./registry_messages.d.ts" */

const MOST_VERIFIED = 5000; // events that are verified without being asked for

export class RegistryState {
  /** @param {PanelHost} host */
  constructor(host) {
    Object.assign(this, {
      host,
      models: null,
      name: null,
      page: null,
      query: "",
      trouble: "",
      notice: "",
    });
    this.drafts = new Map(); // what is typed, not yet sent, by data-key
    this.listeners = new Map();
    this.reset();
    host.onPush("registry", () => this.refresh());
    host.onPush("trouble", (words) => this.set({ trouble: words }));
  }

  /** Of another model nothing stays. */
  reset() {
    Object.assign(this, {
      metric: "",
      offset: 0,
      stamp: "",
      opened: null,
      details: null,
      move: null,
      comparison: null,
      audit: null,
      notice: "",
      after: null,
    });
    this.page = null;
    this.fullLanes = new Set();
  }

  /** @param {"rows"} name @param {() => unknown} listen */
  on(name, listen) {
    this.listeners.set(name, [...(this.listeners.get(name) || []), listen]);
  }

  /** @param {"rows"} name */
  emit(name, value) {
    for (const listen of this.listeners.get(name) || []) listen(value);
  }

  /** @param {Partial<RegistryState>} changes */
  set(changes) {
    Object.assign(this, changes);
    this.emit("rows");
  }

  /** The kernel's answer; or undefined, and what went wrong stands in the panel.
   *  @param {Name} name @param {Omit<Questions[Name]["arguments"], "name">} args
   *  @param {{ latest?: string }} options */
  async ask(name, args, options) {
    try {
      return await this.host.ask(name, { name: this.name, ...args }, options);
    } catch (error) {
      this.set({ trouble: wordsOf(error) });
      return undefined;
    }
  }

  // --- the list, and a model

  // Nothing waits for a refresh: the answer to a newer one may come in place of its own.

  openList() {
    this.openModel(null);
  }

  /** @param {string | null} name */
  openModel(name) {
    this.drafts.clear();
    this.reset();
    this.name = name;
    this.refresh();
  }

  async refresh() {
    if (this.name === null) return this.readModels();
    const { metric, offset, stamp } = this;
    const found = await this.ask(
      "registry_model",
      { metric, offset, stamp },
      { latest: "registry" },
    );
    if (!found || !found.lanes) return;
    this.take(found);
  }

  async readModels() {
    const found = await this.ask("registry_models", {}, { latest: "registry" });
    if (found) this.set({ models: found.models, page: null, trouble: "" });
  }

  /** @param {ModelPage} page */
  take(page) {
    const isNew = !this.page || this.page.total !== page.total;
    this.page = page;
    Object.assign(this, { stamp: page.stamp, metric: page.metric, trouble: "" });
    if (!this.cardOf(this.opened)) this.opened = this.details = this.comparison = null;
    const { after } = this;
    if (after) Object.assign(this, { notice: after.notice, after: null });
    this.emit("rows");
    if (after) byKey(this.host.root, after.focus)?.focus({ preventScroll: true });
    if (isNew) this.changed();
  }

  /** What was read of the model before may be so no more. */
  changed() {
    if (this.move) recheckMove(this);
    if (this.opened) this.readVersion(this.opened);
    if (this.comparison) this.compare(this.comparison.version, this.comparison.against);
    if (this.page.total <= MOST_VERIFIED) this.verify();
    else this.set({ audit: null });
  }

  /** @param {string} metric */
  showMetric(metric) {
    Object.assign(this, { metric, stamp: "" });
    this.refresh();
  }

  /** @param {number} offset */
  showEvents(offset) {
    Object.assign(this, { offset, stamp: "" });
    this.refresh();
  }

  cards() {
    return this.page ? this.page.lanes.flatMap((lane) => lane.cards) : [];
  }

  /** @param {string | null} version */
  cardOf(version) {
    return this.cards().find((card) => card.version === version);
  }

  // --- a version

  /** @param {string} version */
  async openVersion(version) {
    if (this.opened === version) return this.set({ opened: null, details: null, comparison: null });
    this.set({ opened: version, details: null, comparison: null });
    await this.readVersion(version);
  }

  /** @param {string} version */
  async readVersion(version) {
    const found = await this.ask("registry_version", { version }, { latest: "version" });
    if (found && this.opened === version) this.set({ details: found });
  }

  /** @param {string} version @param {string} against */
  async compare(version, against) {
    const found = await this.ask("registry_compare", { version, against }, { latest: "versions" });
    if (found && this.opened === version) this.set({ comparison: { version, against, ...found } });
  }

  /** Whether it was done.
   *  @param {RegistryEditAsked["what"]} what
   *  @param {Omit<RegistryEditAsked, "name" | "what">} args */
  async edit(what, args) {
    try {
      await this.host.ask("registry_edit", { name: this.name, what, ...args });
    } catch (error) {
      this.set({ trouble: wordsOf(error) });
      return false;
    }
    this.stamp = "";
    this.refresh();
    return true;
  }

  async verify() {
    const found = await this.ask("registry_check", {}, { latest: "check" });
    if (found) this.set({ audit: found });
  }
}
