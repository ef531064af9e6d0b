// What a page says in place of the buttons that its user may not press.

import { h } from "./dom.js";

const CURE = "An admin of this server gives roles: nbtrack server user grant";

/** @param {string} words which role is missing, for what */
export function readOnlyNote(words) {
  return h("span", { class: "nbt-muted nbt-read-only", title: CURE }, words);
}
