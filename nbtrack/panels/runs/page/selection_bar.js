// "3 selected", and what can be done with them.

import { h, redraw } from "../../shared/page/dom.js";
import { grouped, wordsOf } from "../../shared/page/formats.js";
import { parentsToOffer } from "./families.js";

/** @import { Attributes } from "../../shared/page/dom_types.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

export class SelectionBar {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    /** Parents whose children were ticked or seen with them.
     *  @type {Set<string>} */
    this.asked = new Set();
    this.words = h("span", { class: "nbt-ticked-words", role: "status" });
    this.actions = h("span", { class: "nbt-buttons" });
    this.el = h("span", { class: "nbt-buttons nbt-on-ticked" }, this.words, this.actions);
    state.on("ticked", () => this.draw());
    state.on("page", () => this.draw());
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
    return [
      this.offer(),
      action("Clear", () => state.tickAll(state.ticked, false), "clear ticks"),
      action("Delete", () => state.remove(state.ticked), "delete ticked", {
        class: "nbt-button nbt-danger",
      }),
    ];
  }

  /** "tick its 8 children too?" */
  offer() {
    const parents = parentsToOffer(this.state.page?.rows ?? [], this.state.ticked, this.asked);
    if (parents.length === 0) return null;
    const count = parents.reduce((sum, { children }) => sum + children, 0);
    const whose = parents.length > 1 ? "their" : "its";
    const children = count === 1 ? "child" : `${grouped(count)} children`;
    const ids = parents.map(({ id }) => id);
    return action(`tick ${whose} ${children} too?`, () => this.tickChildren(ids), "tick children", {
      class: "nbt-quiet nbt-text-button",
    });
  }

  /** @param {string[]} parents */
  async tickChildren(parents) {
    try {
      const { ids } = await this.state.host.ask("children", { runs: parents });
      for (const id of parents) this.asked.add(id);
      this.state.tickAll(ids, true);
    } catch (error) {
      this.state.emit("trouble", wordsOf(error));
    }
  }
}

/** @param {string} words @param {() => unknown} onclick @param {string} key
 *  @param {Attributes} [more] */
function action(words, onclick, key, more = {}) {
  return h(
    "button",
    { class: "nbt-button", type: "button", onclick, "data-key": key, ...more },
    words,
  );
}
