// What one view of the registry shows: the list of models, or one model.

import { byKey } from "../../shared/page/dom.js";
import { Emitter } from "../../shared/page/emitter.js";
import { wordsOf } from "../../shared/page/formats.js";
import { recheckMove } from "./registry_move.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Audit, ModelLine, ModelPage, RegistryEditAsked, VersionDetails } from "./messages.d.ts" */
/** @import { AfterRefresh, ComparedVersions, Move } from "./registry_types.d.ts" */

const MOST_VERIFIED = 5000; // events that are verified without being asked for

/** @extends {Emitter<{ rows: undefined }>} */
export class RegistryState extends Emitter {
  /** @param {PanelHost} host */
  constructor(host) {
    super();
    this.host = host;
    /** @type {ModelLine[] | null} */
    this.models = null;
    /** Of the model that is shown; null for the list.
     *  @type {string | null} */
    this.name = null;
    /** @type {ModelPage | null} */
    this.page = null;
    this.query = ""; // what is searched for in the list
    this.trouble = "";
    this.notice = "";
    this.metric = "";
    this.offset = 0; // of the first event that is shown
    this.stamp = ""; // of the page
    /** A version.
     *  @type {string | null} */
    this.opened = null;
    /** @type {VersionDetails | null} */
    this.details = null;
    /** @type {Move | null} */
    this.move = null;
    /** @type {ComparedVersions | null} */
    this.comparison = null;
    /** @type {Audit | null} */
    this.audit = null;
    this.isTellingLimits = false;
    /** @type {AfterRefresh | null} */
    this.after = null;
    /** Stages whose lane is not folded.
     *  @type {Set<string>} */
    this.fullLanes = new Set();
    /** What is typed, not yet sent, by data-key.
     *  @type {Map<string, string>} */
    this.drafts = new Map();
    host.onPush("registry", () => this.refresh());
    host.onPush("trouble", (words) => this.set({ trouble: words }));
  }

  /** Of another model nothing stays. */
  reset() {
    const nothing = { page: null, opened: null, details: null, move: null, comparison: null };
    Object.assign(this, { ...nothing, audit: null, after: null });
    Object.assign(this, { metric: "", offset: 0, stamp: "", notice: "" });
    this.fullLanes = new Set();
    this.drafts.clear();
  }

  /** @param {Partial<RegistryState>} changes */
  set(changes) {
    Object.assign(this, changes);
    this.emit("rows");
  }

  /** The kernel's answer; or undefined, and what went wrong stands in the panel.
   *  @template Answer @param {Promise<Answer>} asked
   *  @returns {Promise<Answer | undefined>} */
  async answerTo(asked) {
    try {
      return await asked;
    } catch (error) {
      this.set({ trouble: wordsOf(error) });
      return undefined;
    }
  }

  /** The name of the model that is shown. */
  get model() {
    return this.name ?? "";
  }

  // --- the list, and a model

  // Nothing waits for a refresh: the answer to a newer one may come in place of its own.

  openList() {
    this.openModel(null);
  }

  /** @param {string | null} name */
  openModel(name) {
    this.reset();
    this.name = name;
    this.refresh();
  }

  async refresh() {
    if (this.name === null) return this.readModels();
    const { name, metric, offset, stamp } = this;
    const asked = { name, metric, offset, stamp };
    const found = await this.answerTo(
      this.host.ask("registry_model", asked, { latest: "registry" }),
    );
    if (found && "lanes" in found) this.take(found);
    return undefined;
  }

  async readModels() {
    const found = await this.answerTo(this.host.ask("registry_models", {}, { latest: "registry" }));
    if (found) this.set({ models: found.models, page: null, trouble: "" });
  }

  /** @param {ModelPage} page */
  take(page) {
    const isNew = !this.page || this.page.total !== page.total;
    Object.assign(this, { page, stamp: page.stamp, metric: page.metric, trouble: "" });
    if (!this.cardOf(this.opened)) {
      Object.assign(this, { opened: null, details: null, comparison: null });
    }
    const { after } = this;
    if (after) Object.assign(this, { notice: after.notice, after: null });
    this.emit("rows");
    if (after) byKey(this.host.root, after.focus)?.focus({ preventScroll: true });
    if (isNew) this.changed(page);
  }

  /** What was read of the model before may be so no more.
   *  @param {ModelPage} page */
  changed(page) {
    if (this.move) recheckMove(this, this.move);
    if (this.opened) this.readVersion(this.opened);
    if (this.comparison) this.compare(this.comparison.version, this.comparison.against);
    if (page.total <= MOST_VERIFIED) this.verify();
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
    return (this.page?.lanes ?? []).flatMap((lane) => lane.cards);
  }

  /** @param {string | null} version */
  cardOf(version) {
    return this.cards().find((card) => card.version === version);
  }

  // --- a version

  /** @param {string} version */
  async openVersion(version) {
    const isClosed = this.opened === version;
    this.set({ opened: isClosed ? null : version, details: null, comparison: null });
    if (!isClosed) await this.readVersion(version);
  }

  /** @param {string} version */
  async readVersion(version) {
    const asked = { name: this.model, version };
    const found = await this.answerTo(
      this.host.ask("registry_version", asked, { latest: "version" }),
    );
    if (found && this.opened === version) this.set({ details: found });
  }

  /** @param {string} version @param {string} against */
  async compare(version, against) {
    const asked = { name: this.model, version, against };
    const found = await this.answerTo(
      this.host.ask("registry_compare", asked, { latest: "versions" }),
    );
    if (found && this.opened === version) this.set({ comparison: { version, against, ...found } });
  }

  /** Whether it was done.
   *  @param {RegistryEditAsked["what"]} what
   *  @param {Omit<RegistryEditAsked, "name" | "what">} args */
  async edit(what, args) {
    try {
      await this.host.ask("registry_edit", { name: this.model, what, ...args });
    } catch (error) {
      this.set({ trouble: wordsOf(error) });
      return false;
    }
    this.stamp = "";
    this.refresh();
    return true;
  }

  async verify() {
    const found = await this.answerTo(this.host.ask("registry_check", {}, { latest: "check" }));
    if (found) this.set({ audit: found });
  }
}
