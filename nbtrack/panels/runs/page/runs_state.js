// What one view of the runs panel shows, shared by its tabs.

import { Emitter } from "../../shared/page/emitter.js";
import { wordsOf } from "../../shared/page/formats.js";
import { afterPaint } from "../../shared/page/pauses.js";
import { sortWith, withTicks } from "./choices.js";
import { Colours, striped } from "./colours.js";
import { askedWith, pinnedFirst } from "./column_groups.js";
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Children, ColumnsAsked, EditAsked, Keys, Page, Refused, RunRow, RunsStart, Sparklines, TableAsked, TableColumn, Wrong } from "./messages.d.ts" */
/** @import { KnownRun, RunsEvents } from "./runs_types.d.ts" */

/** @extends {Emitter<RunsEvents>} */
export class RunsState extends Emitter {
  /** `start` is the kernel's answer to "start".
   *  @param {PanelHost} host @param {RunsStart} start */
  constructor(host, start) {
    super();
    this.host = host;
    this.asked = start.state; // as table_state.py reads it
    this.ticked = [...start.selected];
    this.palette = start.palette;
    this.dashes = start.dashes; // of the first, the second … round through the palette
    this.clock = 0; // how far the kernel's is before ours, in milliseconds
    this.colours = new Colours();
    /** The newest answer to "page".
     *  @type {Page | null} */
    this.page = null;
    /** @type {Keys} */
    this.keys = { params: [], metrics: [], tags: [], experiments: [] };
    /** Rows, of whatever page, that the user may only look at.
     *  @type {Set<string>} */
    this.readOnly = new Set();
    /** Rows with their details.
     *  @type {Set<string>} */
    this.opened = new Set();
    /** @type {Map<string, KnownRun>} */
    this.details = new Map();
    /** Whether there are fields under the headers, to filter by one column. */
    this.areQuicksOpen = false;
    /** What is typed, not yet sent, by data-key.
     *  @type {Map<string, string>} */
    this.drafts = new Map();
    /** @type {Sparklines} */
    this.sparks = {};
    /** With what was asked for last.
     *  @type {Wrong} */
    this.wrong = { filter: "", quick: {} };
    host.onPush("page", (page) => page.view === host.view && this.takeNews(page));
    host.onPush("sparklines", (sparks) => this.takeSparks(sparks));
    host.onPush("selected", (ids) => this.setTicked(ids));
  }

  /** Ask for another page; what is typed wrong leaves the table as it is.
   *  @param {Partial<TableAsked>} [changes] */
  async show(changes = {}) {
    this.asked = { ...this.asked, ...changes };
    try {
      this.take(await this.host.ask("page", this.asked, { latest: "page" }));
      this.emit("trouble", "");
      if (this.page?.isGlance) this.showAfterPaint();
    } catch (error) {
      this.emit("trouble", wordsOf(error));
    }
  }

  /** The first page of a large project comes before its keys are known: these now follow. */
  showAfterPaint() {
    afterPaint(() => this.page?.isGlance && this.show());
  }

  /** They are of the last filter that was right, and say nothing of one that is typed.
   *  @param {Page} page */
  takeNews(page) {
    this.take({ ...page, wrong: this.wrong });
  }

  /** @param {Page | Refused} page */
  take(page) {
    this.wrong = page.wrong;
    if (!("columns" in page)) return this.emit("wrong", page.wrong);
    this.page = page;
    this.noteRights(page);
    this.clock = page.now - Date.now(); // the kernel's is another one
    this.asked.page = page.page;
    if (!page.view) this.asked.columns = page.chosen; // of another experiment: what it remembers
    this.giveColours();
    if (page.keys) this.keys = page.keys;
    this.emit("wrong", page.wrong);
    this.emit("page", page);
    if (page.keys) this.emit("keys", page.keys);
    if (!page.rows) return undefined;
    this.refreshDetails(page.rows);
    return page.view || this.readSparks(page.rows, page.columns);
  }

  /** Ticks outlast their page.
   *  @param {Page} page */
  noteRights({ rows = [], readOnly }) {
    for (const { id, experiment } of rows) this.noteRight(id, readOnly.includes(experiment));
  }

  /** @param {string} runId @param {boolean} isReadOnly */
  noteRight(runId, isReadOnly) {
    if (isReadOnly) this.readOnly.add(runId);
    else this.readOnly.delete(runId);
  }

  /** `column` is one of the page's.
   *  @param {TableColumn} column @param {{ isAdded: boolean }} options */
  sortBy(column, options) {
    return this.show({ sort: sortWith(this.asked.sort, column, options), page: 0 });
  }

  /** Which columns, and which of them always come first: the experiments keep it, and of all
   *  together the project does. What is left out stays as it is in each of them.
   *  @param {Omit<ColumnsAsked, "experiments">} choice */
  async chooseColumns(choice) {
    const { experiments } = this.asked;
    const { columns = pinnedFirst(this.asked.columns, choice.pin) } = choice;
    try {
      if (this.page?.keepsChoices) await this.host.ask("columns", { experiments, ...choice });
    } catch (error) {
      this.emit("trouble", wordsOf(error));
    }
    const shown = (this.page?.columns ?? []).map(({ id }) => id);
    await this.show(askedWith(this.asked, columns, shown));
  }

  get hasQuicks() {
    return this.areQuicksOpen || Object.keys(this.asked.quick).length > 0;
  }

  /** The fields under the headers: open them, or close them with what they say.
   *  @param {boolean} areOpen */
  turnQuicks(areOpen) {
    const wereFiltering = Object.keys(this.asked.quick).length > 0;
    this.areQuicksOpen = areOpen;
    if (!areOpen && wereFiltering) return this.show({ quick: {}, page: 0 });
    return this.emit("rows");
  }

  // --- ticked runs, and their colours

  /** @param {string} runId @param {boolean} isTicked */
  tick(runId, isTicked) {
    this.tickAll([runId], isTicked);
  }

  /** @param {string[]} runIds @param {boolean} isTicked */
  tickAll(runIds, isTicked) {
    this.setTicked(withTicks(this.ticked, runIds, isTicked));
    this.tellTicked();
  }

  /** Most of them may have been on no page.
   *  @param {Children} children */
  tickChildren({ ids, readOnly }) {
    const fixed = new Set(readOnly);
    for (const id of ids) this.noteRight(id, fixed.has(id));
    this.tickAll(ids, true);
  }

  /** @param {string[]} ids */
  setTicked(ids) {
    this.ticked = [...ids];
    this.giveColours();
    this.emit("ticked", this.ticked);
  }

  tellTicked() {
    this.host.ask("select", { runs: this.ticked }, { latest: "select" }).catch(() => {});
  }

  /** Those that charts and comparisons are about: what is ticked, else the first ten rows. */
  chosenRuns() {
    if (this.ticked.length > 0) return this.ticked;
    return (this.page?.rows ?? [])
      .filter((row) => row.depth === 0)
      .slice(0, 10)
      .map((row) => row.id);
  }

  giveColours() {
    this.colours.giveTo(this.chosenRuns());
  }

  /** What a swatch is filled with; null for a run that is not chosen. Past the palette colours
   *  come again, in stripes as the lines of the charts are dashed.
   *  @param {string} runId */
  colourOf(runId) {
    const place = this.colours.places.get(runId);
    if (place === undefined) return null;
    const colour = this.palette[place % this.palette.length];
    const round = Math.floor(place / this.palette.length);
    return striped(colour, this.dashes[round % this.dashes.length]);
  }

  /** Places in the palette, of those that have one.
   *  @param {Iterable<string>} [runIds] */
  placesOf(runIds = this.colours.places.keys()) {
    /** @type {Record<string, number>} */
    const places = {};
    for (const id of runIds) {
      const place = this.colours.places.get(id);
      if (place !== undefined) places[id] = place;
    }
    return places;
  }

  // --- one run

  /** @param {string} runId @param {boolean} [isOpen] */
  async open(runId, isOpen = !this.opened.has(runId)) {
    if (!isOpen) {
      this.opened.delete(runId);
      return this.emit("rows");
    }
    this.opened.add(runId);
    this.emit("rows");
    await this.readDetails(runId);
  }

  /** @param {string} runId */
  async readDetails(runId) {
    try {
      this.details.set(
        runId,
        await this.host.ask("details", { run: runId }, { latest: `details ${runId}` }),
      );
    } catch (error) {
      this.details.set(runId, { trouble: wordsOf(error) });
    }
    this.emit("rows");
  }

  /** Those of runs that have ended since they were read, or that the user may change only now, or
   *  no more.
   *  @param {RunRow[]} rows */
  refreshDetails(rows) {
    for (const row of rows.filter(({ id }) => this.opened.has(id))) {
      const known = this.details.get(row.id);
      if (!known || !("status" in known)) continue;
      const isReadOnly = this.readOnly.has(row.id);
      if (known.status !== row.status || known.mayEdit === isReadOnly) this.readDetails(row.id);
    }
  }

  /** Small curves of the metrics that are shown: they come after the table stands.
   *  @param {RunRow[]} rows @param {TableColumn[]} columns */
  async readSparks(rows, columns) {
    const keys = columns.filter(({ group }) => group === "Metrics").map(({ label }) => label);
    const runs = rows.map((row) => row.id);
    if (keys.length === 0 || runs.length === 0) return;
    try {
      const options = { latest: "sparklines", isSecond: true };
      this.takeSparks(await this.host.ask("sparklines", { runs, keys }, options));
    } catch {
      // the table says all of it in numbers
    }
  }

  /** @param {Sparklines} sparks */
  takeSparks(sparks) {
    if (JSON.stringify(sparks) === JSON.stringify(this.sparks)) return; // nearly always of none
    this.sparks = sparks;
    this.emit("rows");
  }

  /** A change of one run; false if the kernel refused it, with its words in the panel.
   *  @param {string} runId @param {EditAsked["what"]} what @param {Partial<EditAsked>} [more] */
  async edit(runId, what, more = {}) {
    try {
      this.details.set(runId, await this.host.ask("edit", { run: runId, what, ...more }));
      await this.show();
      return true;
    } catch (error) {
      this.emit("trouble", wordsOf(error));
      return false;
    }
  }

  /** One tag on all ticked runs; false if the kernel refused it.
   *  @param {string} key @param {string} text */
  async tagTicked(key, text) {
    const runs = [...this.ticked];
    try {
      await this.host.ask("tag", { runs, key, text });
    } catch (error) {
      this.emit("trouble", wordsOf(error));
      return false;
    }
    const opened = runs.filter((id) => this.opened.has(id));
    await Promise.all([this.show(), ...opened.map((id) => this.readDetails(id))]);
    return true;
  }

  /** The bin, or the table again: what was ticked there has no place here.
   *  @param {boolean} deleted */
  turnToBin(deleted) {
    this.tickAll(this.ticked, false);
    return this.show({ deleted, page: 0 });
  }

  /** @param {string[]} runIds */
  async remove(runIds) {
    try {
      const { ids } = await this.host.ask("delete", { runs: runIds });
      this.setTicked(this.ticked.filter((id) => !ids.includes(id)));
      this.tellTicked();
      this.emit("removed", ids);
      await this.show();
    } catch (error) {
      this.emit("trouble", wordsOf(error));
    }
  }

  /** @param {string[]} ids */
  async bringBack(ids) {
    try {
      const restored = await this.host.ask("restore", { ids });
      if (this.page?.isBin) this.tickAll(restored.ids, false);
      await this.show();
    } catch (error) {
      this.emit("trouble", wordsOf(error));
    }
  }
}
