// "3 selected: Compare · Charts · Tag · Register · CSV · Delete".

import { h, redraw } from "../../shared/page/dom.js";
import { chipField, splitTag } from "../../shared/page/drafts.js";
import { grouped, wordsOf } from "../../shared/page/formats.js";
import { giveFile } from "../../shared/page/give_file.js";
import { readOnlyNote } from "../../shared/page/read_only.js";
import { parentsToOffer } from "./families.js";

/** @import { Attributes } from "../../shared/page/dom_types.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

const TAG = "tag ticked";
const LOOK = "nbt-quiet nbt-text-button";

export class SelectionBar {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    /** Parents whose children were ticked with them.
     *  @type {Set<string>} */
    this.asked = new Set();
    /** Of the one run that is ticked, whether it has a model that may be registered.
     *  @type {Map<string, boolean>} */
    this.models = new Map();
    this.words = h("span", { class: "nbt-ticked-words", role: "status" });
    this.actions = h("span", { class: "nbt-buttons" });
    this.el = h("span", { class: "nbt-buttons nbt-on-ticked" }, this.words, this.actions);
    for (const event of /** @type {const} */ (["ticked", "page", "rows"])) {
      state.on(event, () => this.draw());
    }
    state.on("ticked", (ids) => this.lookForModel(ids));
    this.draw();
  }

  draw() {
    const { ticked } = this.state;
    for (const id of this.asked) if (!ticked.includes(id)) this.asked.delete(id);
    const words = ticked.length ? `${grouped(ticked.length)} selected` : "";
    if (this.words.textContent !== words) this.words.textContent = words; // said aloud once
    redraw(this.actions, ticked.length ? this.buttons() : []);
  }

  buttons() {
    const { state } = this;
    const { ticked } = state;
    const fixed = ticked.filter((id) => state.readOnly.has(id)).length;
    const mayEdit = fixed === 0;
    const note = fixed > 0 && fixed < ticked.length && readOnlyNote(fixedWords(fixed));
    if (state.page?.isBin) {
      return [
        mayEdit && action("Restore", () => state.bringBack(ticked), "restore ticked"),
        note,
        this.clearButton(),
      ];
    }
    return [
      this.offer(),
      ticked.length > 1 && action("Compare", () => state.emit("tab", "compare"), "compare ticked"),
      action("Charts", () => state.emit("tab", "charts"), "chart ticked"),
      mayEdit && this.tagField(),
      ticked.length === 1 &&
        this.models.get(ticked[0]) &&
        action("Register", () => state.emit("register", ticked[0]), "register ticked"),
      action("CSV", () => this.giveCsv(), "csv ticked", { title: "These runs as a file" }),
      mayEdit &&
        action("Delete", () => state.remove(ticked), "delete ticked", {
          class: `${LOOK} nbt-danger`,
        }),
      note,
      this.clearButton(),
    ];
  }

  clearButton() {
    const { state } = this;
    const look = { class: "nbt-quiet", "aria-label": "Clear the selection", title: "Clear" };
    return action("×", () => state.tickAll(state.ticked, false), "clear ticks", look);
  }

  /** "tick its 8 children too?" */
  offer() {
    const parents = parentsToOffer(this.state.page?.rows ?? [], this.state.ticked, this.asked);
    if (parents.length === 0) return null;
    const count = parents.reduce((sum, { children }) => sum + children, 0);
    const whose = parents.length > 1 ? "their" : "its";
    const children = count === 1 ? "child" : `${grouped(count)} children`;
    const ids = parents.map(({ id }) => id);
    return action(`tick ${whose} ${children} too?`, () => this.tickChildren(ids), "tick children");
  }

  tagField() {
    const { state } = this;
    return chipField(state, TAG, {
      words: "Tag",
      name: "Tag of the selected runs, as key=value",
      placeholder: "key=value",
      save: (text) => state.tagTicked(...splitTag(text)),
    });
  }

  /** @param {string[]} parents */
  async tickChildren(parents) {
    await this.tried(async () => {
      const children = await this.state.host.ask("children", { runs: parents });
      for (const id of parents) this.asked.add(id);
      this.state.tickChildren(children);
    });
  }

  async giveCsv() {
    await this.tried(async () => {
      const { name, text } = await this.state.host.ask("csv", { runs: this.state.ticked });
      giveFile(new Blob([text], { type: "text/csv" }), name);
    });
  }

  /** Of one run: several have no model together.
   *  @param {string[]} ticked */
  async lookForModel(ticked) {
    const [run] = ticked;
    if (ticked.length !== 1 || this.models.has(run)) return;
    await this.tried(async () => {
      const found = await this.state.host.ask("registry_models_of_run", { run });
      this.models.set(run, found.mayRegister && found.paths.length > 0);
      this.draw();
    });
  }

  /** @param {() => Promise<unknown>} act */
  async tried(act) {
    try {
      await act();
    } catch (error) {
      this.state.emit("trouble", wordsOf(error));
    }
  }
}

/** @param {number} fixed how many of the ticked runs are to be looked at only */
function fixedWords(fixed) {
  return `${grouped(fixed)} of these ${fixed === 1 ? "is" : "are"} read-only for you.`;
}

/** @param {string} words @param {() => unknown} onclick @param {string} key
 *  @param {Attributes} [more] */
function action(words, onclick, key, more = {}) {
  return h("button", { class: LOOK, type: "button", onclick, "data-key": key, ...more }, words);
}
