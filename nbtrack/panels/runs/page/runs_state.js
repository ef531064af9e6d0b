// What one view of the runs panel shows, shared by its tabs.

export class RunsState {
  /** `start` is the kernel's answer to "start". */
  constructor(host, start) {
    this.host = host;
    this.asked = start.state; // as table_state.py reads it
    this.ticked = [...start.selected];
    this.palette = start.palette;
    this.dashes = start.dashes; // of the first, the second … round through the palette
    this.colours = new Map(); // run id -> place in the palette
    this.lastColours = new Map(); // also of runs that are chosen no more
    this.page = null; // the newest answer to "page"
    this.keys = { params: [], metrics: [], tags: [], experiments: [] };
    this.opened = new Set(); // rows with their details
    this.details = new Map();
    this.drafts = new Map(); // what is typed, not yet sent, by data-key
    this.sparks = {}; // by run, by metric
    this.listeners = new Map();
    host.onPush("page", (page) => page.view === host.view && this.take(page));
    host.onPush("sparklines", (sparks) => this.takeSparks(sparks));
    host.onPush("selected", (ids) => this.setTicked(ids));
  }

  on(name, listen) {
    this.listeners.set(name, [...(this.listeners.get(name) || []), listen]);
  }

  emit(name, value) {
    for (const listen of this.listeners.get(name) || []) listen(value);
  }

  /** Ask for another page; what is typed wrong leaves the table as it is. */
  async show(changes = {}) {
    this.asked = { ...this.asked, ...changes };
    try {
      this.take(await this.host.ask("page", this.asked, { latest: "page" }));
      this.emit("trouble", "");
      if (this.page.isGlance) this.showAfterPaint();
    } catch (error) {
      this.emit("trouble", error.message);
    }
  }

  /** The first page of a large project comes before its keys are known: these now follow. */
  showAfterPaint() {
    requestAnimationFrame(() => setTimeout(() => this.page.isGlance && this.show(), 0));
  }

  take(page) {
    if (page.columns) {
      this.page = page;
      this.clock = page.now - Date.now(); // the kernel's is another one
      this.asked.page = page.page;
      this.giveColours();
      if (page.keys) this.keys = page.keys;
    }
    this.emit("wrong", page.wrong);
    if (page.columns) this.emit("page", page);
    if (page.keys) this.emit("keys", page.keys);
    if (page.rows) this.refreshDetails();
    if (page.rows && !page.view) this.readSparks();
  }

  /** `column` is one of the page's; a second click turns it, `isAdded` keeps the other keys. */
  sortBy(column, { isAdded }) {
    const before = this.asked.sort.find(([id]) => id === column.id);
    const natural = this.asked.sort.length === 0 && column.sorted;
    const descending = before || natural ? !column.sorted.descending : column.descendingFirst;
    const key = [column.id, descending];
    if (!isAdded) return this.show({ sort: [key], page: 0 });
    const kept = this.asked.sort.map((each) => (each[0] === column.id ? key : each));
    return this.show({ sort: before ? kept : [...kept, key], page: 0 });
  }

  // --- ticked runs, and their colours

  tick(runId, isTicked) {
    const others = this.ticked.filter((id) => id !== runId);
    this.setTicked(isTicked ? [...others, runId] : others);
    this.tellTicked();
  }

  tickAll(runIds, isTicked) {
    const others = this.ticked.filter((id) => !runIds.includes(id));
    this.setTicked(isTicked ? [...others, ...runIds] : others);
    this.tellTicked();
  }

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
    const rows = (this.page && this.page.rows) || [];
    return rows
      .filter((row) => row.depth === 0)
      .slice(0, 10)
      .map((row) => row.id);
  }

  /** A run keeps its colour as long as it is chosen, and has it again if it is free. */
  giveColours() {
    const chosen = this.chosenRuns();
    for (const id of this.colours.keys()) if (!chosen.includes(id)) this.colours.delete(id);
    const taken = new Set(this.colours.values());
    for (const id of chosen) {
      if (this.colours.has(id)) continue;
      let place = this.lastColours.get(id) ?? 0;
      if (taken.has(place)) place = 0;
      while (taken.has(place)) place++;
      this.colours.set(id, place);
      this.lastColours.set(id, place);
      taken.add(place);
    }
  }

  /** What a swatch is filled with; null for a run that is not chosen. Past the palette colours
   *  come again, in stripes as the lines of the charts are dashed. */
  colourOf(runId) {
    const place = this.colours.get(runId);
    if (place === undefined) return null;
    const colour = this.palette[place % this.palette.length];
    return striped(
      colour,
      this.dashes[Math.floor(place / this.palette.length) % this.dashes.length],
    );
  }

  // --- one run

  async open(runId, isOpen = !this.opened.has(runId)) {
    if (!isOpen) {
      this.opened.delete(runId);
      return this.emit("rows");
    }
    this.opened.add(runId);
    this.emit("rows");
    await this.readDetails(runId);
  }

  async readDetails(runId) {
    try {
      this.details.set(
        runId,
        await this.host.ask("details", { run: runId }, { latest: `details ${runId}` }),
      );
    } catch (error) {
      this.details.set(runId, { trouble: error.message });
    }
    this.emit("rows");
  }

  /** Those of runs that have ended, or were renamed, since they were read. */
  refreshDetails() {
    for (const row of this.page.rows) {
      const known = this.opened.has(row.id) && this.details.get(row.id);
      if (known && known.status && known.status !== row.status) this.readDetails(row.id);
    }
  }

  /** Small curves of the metrics that are shown: they come after the table stands. */
  async readSparks() {
    const keys = this.page.columns
      .filter(({ group }) => group === "Metrics")
      .map(({ label }) => label);
    const runs = this.page.rows.map((row) => row.id);
    if (keys.length === 0 || runs.length === 0) return;
    try {
      this.takeSparks(await this.host.ask("sparklines", { runs, keys }, { latest: "sparklines" }));
    } catch {
      // the table says all of it in numbers
    }
  }

  takeSparks(sparks) {
    this.sparks = sparks;
    this.emit("rows");
  }

  /** A change of one run; false if the kernel refused it, with its words in the panel. */
  async edit(runId, what, more = {}) {
    try {
      this.details.set(runId, await this.host.ask("edit", { run: runId, what, ...more }));
      await this.show();
      return true;
    } catch (error) {
      this.emit("trouble", error.message);
      return false;
    }
  }

  async remove(runIds) {
    try {
      const { ids } = await this.host.ask("delete", { runs: runIds });
      this.setTicked(this.ticked.filter((id) => !ids.includes(id)));
      this.tellTicked();
      this.emit("removed", ids);
      await this.show();
    } catch (error) {
      this.emit("trouble", error.message);
    }
  }

  async bringBack(ids) {
    try {
      await this.host.ask("restore", { ids });
      await this.show();
    } catch (error) {
      this.emit("trouble", error.message);
    }
  }
}

/** Strokes and gaps in pixels, from top to bottom; none is a plain colour. */
function striped(colour, dash) {
  if (dash.length === 0) return colour;
  let at = 0;
  const stops = dash.map(
    (length, n) => `${n % 2 ? "transparent" : colour} ${at}px ${(at += length)}px`,
  );
  return `repeating-linear-gradient(${stops.join(", ")})`;
}
