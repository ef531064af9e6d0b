// Pictures that several runs have logged under one path, next to each other.

import { pictureElement } from "../../artifacts/page/artifact_preview.js";
import { h } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
/** @import { Preview } from "../../artifacts/page/messages.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { RunHead, SharedPicture } from "./messages.d.ts" */

export class ComparePictures {
  /** @param {PanelHost} host @param {{ changed: () => void }} options */
  constructor(host, { changed }) {
    this.host = host;
    this.changed = changed;
    /** @type {SharedPicture[]} */
    this.found = [];
    this.asked = "";
    /** By run and path.
     *  @type {Map<string, HTMLElement>} */
    this.cells = new Map();
    this.isLarge = false;
    this.queue = Promise.resolve(); // one picture at a time: others may want the kernel too
  }

  /** Which there are, asked once for the same runs.
   *  @param {string[]} runIds */
  async read(runIds) {
    const asked = JSON.stringify(runIds);
    if (asked === this.asked) return;
    this.asked = asked;
    try {
      this.found = await this.host.ask(
        "compare_pictures",
        { runs: runIds },
        { latest: "pictures" },
      );
    } catch {
      this.found = []; // the comparison itself says what is wrong
    }
    this.changed();
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

  /** @param {RunHead[]} runs */
  parts(runs) {
    return this.found.map(({ path, runs: owners }) => ({
      key: `picture ${path}`,
      looks: JSON.stringify([
        runs.map(({ run_id: id, label }) => [id, label]),
        owners,
        this.isLarge,
      ]),
      make: () => this.row(path, owners, runs),
    }));
  }

  /** @param {string} path @param {string[]} owners @param {RunHead[]} runs */
  row(path, owners, runs) {
    const label = h("span", { class: "nbt-compare-label" }, path);
    const size = runs.length > 2 && this.sizeButton(path);
    const key = h("th", { scope: "row", class: "nbt-compare-key", title: path }, label, size);
    const none = () => h("td", { class: "nbt-compare-cell nbt-muted" }, "–");
    const cells = runs.map((run) => (owners.includes(run.run_id) ? this.cell(run, path) : none()));
    return h("tr", { class: "nbt-picture-row", "data-picture": path }, key, cells);
  }

  /** @param {string} path */
  sizeButton(path) {
    const onclick = () => this.resize();
    const look = {
      class: "nbt-quiet nbt-text-button",
      type: "button",
      "data-key": `size ${path}`,
      onclick,
    };
    return h("button", look, this.isLarge ? "smaller" : "larger");
  }

  resize() {
    this.isLarge = !this.isLarge;
    this.changed();
  }

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
      this.queue = this.queue.then(() => this.fill(frame, run, path));
    });
    observer.observe(frame);
    return frame;
  }

  /** @param {HTMLElement} frame @param {RunHead} run @param {string} path */
  async fill(frame, run, path) {
    try {
      const found = await this.host.ask("artifact_preview", { run: run.run_id, path });
      frame.replaceChildren(pictureOf(found, `${path} of ${run.label}`));
    } catch (error) {
      frame.replaceChildren(h("span", { class: "nbt-error" }, wordsOf(error)));
    }
    frame.setAttribute("aria-busy", "false");
  }
}

/** What is too large, or no picture after all, says so.
 *  @param {Preview} preview @param {string} name */
function pictureOf({ kind, content }, name) {
  if (kind === "image") return h("div", { class: "nbt-checkered" }, pictureElement(content, name));
  return h("span", { class: "nbt-muted" }, kind === "none" ? content : "no picture");
}
