// A list with a field to find something in it.

import { h, redraw } from "./dom.js";
/** @import { Child } from "./dom_types.d.ts" */

export class SearchedList {
  /** `found(typed)` is what is shown of it; `typed` is in lower case, "" for all.
   *  @param {{
   *    name: string,
   *    placeholder: string,
   *    key: string,
   *    found: (typed: string) => Child,
   *  }} options */
  constructor({ name, placeholder, key, found }) {
    this.named = { placeholder, "aria-label": name, "data-key": key };
    this.found = found;
    this.text = ""; // stays while the list is closed
  }

  /** The field, and the list below it. */
  build() {
    const list = h("div", {}, this.shown());
    const field = h("input", {
      class: "nbt-field nbt-search",
      type: "search",
      ...this.named,
      value: this.text,
      oninput: ({ target }) => {
        this.text = target.value;
        redraw(list, this.shown());
      },
    });
    return { field, list };
  }

  shown() {
    return this.found(this.text.trim().toLowerCase());
  }
}
