// A part of what is told of a run, or of a version, under its title.

import { h } from "./dom.js";
/** @import { Child } from "./dom_types.d.ts" */

/** @param {string} title @param {Child} content */
export function titled(title, content) {
  return h("section", { class: "nbt-part" }, h("h4", {}, title), content);
}
