// The state of a run at a glance.

import { h } from "./dom.js";

/** @type {Record<string, string>} */
const LOOKS = {
  finished: "good",
  failed: "bad",
  killed: "warn",
  running: "busy",
  scheduled: "busy",
};

/** @param {string} status in any case */
export function statusDot(status) {
  const look = LOOKS[status.toLowerCase()] ?? "none";
  return h("span", { class: `nbt-dot nbt-dot-${look}`, "aria-hidden": "true" });
}
