// Pictures that several runs have logged under one path: next to each other, or one over another.

import { pictureElement } from "../../artifacts/page/artifact_preview.js";
import { breakable } from "../../shared/page/breakable.js";
import { h } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { pairOf, sidesHead } from "./compare_pair.js";
import { swipeElement } from "./swipe.js";

/** @import { Preview } from "../../artifacts/page/messages.d.ts" */
/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Comparison, RunHead, SharedFile } from "./messages.d.ts" */
/** @import { Pair, PairView } from "./compare_types.d.ts" */

const MIDDLE = 50; // percent

export class ComparePictures {
  /** @param {PanelHost} host @param {PairView} view @param {{ changed: () => void }} options */
  constructor(host, view, { changed }) {
    this.host = host;
    this.view = view;
    this.changed = changed;
    /** @type {SharedFile[]} */
    this.found = [];
    /** By run and path.
     *  @type {Map<string, HTMLElement>} */
    this.cells = new Map();
    /** By run and path.
     *  @type {Map<string, Promise<Preview>>} */
    this.previews = new Map();
    /** By path of a picture that lies over another, where the edge is.
     *  @type {Map<string, number>} */
    this.swiped = new Map();
    this.isLarge = false;
    /** One picture at a time: others may want the kernel too.
     *  @type {Promise<unknown>} */
    this.queue = Promise.resolve();
  }

  section() {
    return {
      name: "pictures",
      title: "Figures and images",
      lines: [],
      more: 0,
      isFolded: false,
      words: plural(this.found.length, "picture"),
    };
  }

  /** @param {Comparison} content @returns {Part[]} */
  parts(content) {
    return this.found.map((file) => {
      const pair = this.swiped.has(file.path) ? pairOf(content, file.runs, this.view.chosen) : null;
      const labels = content.runs.map(({ run_id: id, label }) => [id, label]);
      const laid = pair && [pair.before.run_id, pair.after.run_id];
      return {
        key: `picture ${file.path}`,
        looks: JSON.stringify([labels, file.runs, this.isLarge, laid]),
        make: () => this.row(file, content.runs, pair),
      };
    });
  }

  /** @param {SharedFile} file @param {RunHead[]} runs @param {Pair | null} pair */
  row({ path, runs: owners }, runs, pair) {
    const label = h("span", { class: "nbt-compare-label" }, breakable(path));
    const size = runs.length > 2 && !pair && this.sizeButton(path);
    const buttons = h("div", { class: "nbt-picture-buttons" }, this.swipeButton(path), size);
    const key = h("th", { scope: "row", class: "nbt-compare-key", title: path }, label, buttons);
    const none = () => h("td", { class: "nbt-compare-cell nbt-muted" }, "–");
    const cells = pair
      ? h("td", { class: "nbt-compare-cell", colspan: runs.length }, this.laid(pair, path))
      : runs.map((run) => (owners.includes(run.run_id) ? this.cell(run, path) : none()));
    return h("tr", { class: "nbt-picture-row", "data-picture": path }, key, cells);
  }

  /** @param {string} path */
  swipeButton(path) {
    const isSwiped = this.swiped.has(path);
    const onclick = () => this.turn(path);
    const title = isSwiped ? "Next to each other" : "One over the other, with an edge to move";
    const named = { "data-key": `swipe ${path}`, title };
    const look = { class: "nbt-quiet nbt-text-button", type: "button", onclick };
    return h("button", { ...look, ...named }, isSwiped ? "side by side" : "swipe");
  }

  /** @param {string} path */
  turn(path) {
    if (!this.swiped.delete(path)) this.swiped.set(path, MIDDLE);
    this.changed();
  }

  /** @param {string} path */
  sizeButton(path) {
    const onclick = () => this.resize();
    const look = { class: "nbt-quiet nbt-text-button", type: "button", onclick };
    const words = this.isLarge ? "smaller" : "larger";
    return h("button", { ...look, "data-key": `size ${path}` }, words);
  }

  resize() {
    this.isLarge = !this.isLarge;
    this.changed();
  }

  // --- one over the other

  /** @param {Pair} pair @param {string} path */
  laid(pair, path) {
    const choice = this.view.choice(`over ${path}`, `Run whose ${path} is seen on the right`);
    const body = h("div", { "aria-busy": "true" }, h("span", { class: "nbt-muted" }, "reading…"));
    fill(body, this.overlay(pair, path));
    return [sidesHead(pair, choice, this.view.colourOf), body];
  }

  /** @param {Pair} pair @param {string} path */
  async overlay({ before, after }, path) {
    const [left, right] = [await this.picture(before, path), await this.picture(after, path)];
    return swipeElement(
      { picture: left, label: before.label },
      { picture: right, label: after.label },
      { at: this.swiped.get(path) ?? MIDDLE, moved: (at) => this.swiped.set(path, at) },
    );
  }

  // --- next to each other

  /** Asked for when it comes into sight, and kept.
   *  @param {RunHead} run @param {string} path */
  cell(run, path) {
    const key = JSON.stringify([run.run_id, path]);
    const frame = this.cells.get(key) ?? this.frame(run, path);
    this.cells.set(key, frame);
    return h("td", { class: "nbt-compare-cell" }, frame);
  }

  /** @param {RunHead} run @param {string} path */
  frame(run, path) {
    const frame = h("div", { class: "nbt-picture", "aria-busy": "true" });
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      fill(frame, this.picture(run, path));
    });
    observer.observe(frame);
    return frame;
  }

  /** @param {RunHead} run @param {string} path */
  async picture(run, path) {
    return pictureOf(await this.preview(run, path), `${path} of ${run.label}`);
  }

  /** @param {RunHead} run @param {string} path @returns {Promise<Preview>} */
  preview(run, path) {
    const key = JSON.stringify([run.run_id, path]);
    const ask = () => this.host.ask("artifact_preview", { run: run.run_id, path });
    const asked = this.previews.get(key) ?? this.queue.then(ask);
    this.previews.set(key, asked);
    this.queue = asked.catch(() => null);
    return asked;
  }
}

/** `frame` is busy until what it is to hold is there, or why it is not.
 *  @param {HTMLElement} frame @param {Promise<HTMLElement>} coming */
async function fill(frame, coming) {
  try {
    frame.replaceChildren(await coming);
  } catch (error) {
    frame.replaceChildren(h("span", { class: "nbt-error" }, wordsOf(error)));
  }
  frame.setAttribute("aria-busy", "false");
}

/** What is too large, or no picture after all, says so.
 *  @param {Preview} preview @param {string} name */
function pictureOf({ kind, content }, name) {
  if (kind === "image") return h("div", { class: "nbt-checkered" }, pictureElement(content, name));
  return h("span", { class: "nbt-muted" }, kind === "none" ? content : "no picture");
}
