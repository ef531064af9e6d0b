// Who changed what, when and why; and whether that record is as it was written.

import { h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { stageDot } from "./registry_words.js";
/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { Audit, EventLine, ModelPage } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */

/** @param {RegistryState} state @param {ModelPage} page @returns {Part} */
export function timelinePart(state, page) {
  return {
    key: "timeline",
    looks: JSON.stringify([page.events, page.offset, page.total]),
    make: () => timelineView(state, page),
  };
}

/** @param {RegistryState} state @param {ModelPage} page */
function timelineView(state, page) {
  return h(
    "section",
    { class: "nbt-timeline", "aria-label": "Record of changes" },
    h(
      "h4",
      { class: "nbt-lane-title" },
      h("span", {}, "Record"),
      h("span", { class: "nbt-utc" }, "times in UTC"),
    ),
    h("ol", { class: "nbt-events" }, page.events.map(eventLine)),
    eventPages(state, page),
  );
}

/** @param {EventLine} event */
function eventLine(event) {
  const moment = h(
    "time",
    {
      class: "nbt-muted",
      title: event.moment,
      datetime: event.moment.replace(" UTC", "Z").replace(" ", "T"),
    },
    event.moment.slice(0, 16),
  );
  const version = event.version && h("b", {}, `v${event.version} `);
  const reason = event.reason && [
    h("span", { class: "nbt-muted" }, " — "),
    h("em", { dir: "auto" }, event.reason),
  ];
  const run =
    event.run_name &&
    h(
      "span",
      { class: "nbt-event-run nbt-muted", title: `run ${event.run_id}` },
      h("bdi", {}, event.run_name),
    );
  return h(
    "li",
    { class: "nbt-event", "data-event": event.n, "data-stage": event.stage },
    stageDot(event.stage),
    moment,
    h(
      "span",
      { class: "nbt-event-words" },
      version,
      h("bdi", {}, event.words),
      h("span", { class: "nbt-muted" }, " by "),
      h("bdi", {}, event.who),
      reason,
    ),
    run,
  );
}

/** @param {RegistryState} state @param {ModelPage} page */
function eventPages(state, { offset, total, pageSize }) {
  if (total <= pageSize) return null;
  const first = offset + 1;
  const last = Math.min(total, offset + pageSize);
  /** @param {string} words @param {string} name @param {number} to */
  const button = (words, name, to) =>
    h(
      "button",
      {
        class: "nbt-button nbt-page",
        type: "button",
        "aria-label": name,
        title: name,
        "data-key": name,
        disabled: to < 0 || to >= total,
        onclick: () => state.showEvents(to),
      },
      words,
    );
  return h(
    "div",
    { class: "nbt-event-pages nbt-buttons" },
    button("‹", "Newer changes", offset - pageSize),
    h(
      "span",
      { role: "status", class: "nbt-muted" },
      `${grouped(first)}–${grouped(last)} of ${grouped(total)}`,
    ),
    button("›", "Older changes", offset + pageSize),
  );
}

/** @param {RegistryState} state @returns {Part} */
export function auditPart(state) {
  return {
    key: "audit",
    looks: JSON.stringify([state.audit, state.isTellingLimits]),
    make: () => auditLine(state),
  };
}

/** @param {RegistryState} state */
function auditLine(state) {
  const { audit } = state;
  const verify = h(
    "button",
    { class: "nbt-button", type: "button", "data-key": "verify", onclick: () => state.verify() },
    "Verify",
  );
  const limits =
    audit &&
    h(
      "button",
      {
        class: "nbt-quiet nbt-text-button",
        type: "button",
        "aria-expanded": String(state.isTellingLimits),
        "data-key": "limits",
        onclick: () => state.set({ isTellingLimits: !state.isTellingLimits }),
      },
      "what this proves",
    );
  const line = h("div", { class: "nbt-audit-line" }, auditWords(audit), limits, verify);
  const problems = audit?.problems.map((words) =>
    h("div", { class: "nbt-error", role: "alert" }, words),
  );
  const remarks = audit?.remarks.map((words) => h("div", { class: "nbt-muted" }, words));
  const told = audit &&
    state.isTellingLimits && [
      h("p", { class: "nbt-muted" }, audit.limits),
      h("p", { class: "nbt-muted" }, "Head: ", h("code", {}, audit.head)),
    ];
  return h(
    "div",
    { class: "nbt-audit", "data-intact": audit && String(audit.isIntact) },
    line,
    problems,
    remarks,
    told,
  );
}

/** @param {Audit | null} audit */
function auditWords(audit) {
  if (!audit)
    return h("span", { class: "nbt-muted", role: "status" }, "The record is not verified yet.");
  if (audit.isIntact)
    return h(
      "span",
      { class: "nbt-audit-words nbt-passed", role: "status" },
      h("span", { "aria-hidden": "true" }, "✓ "),
      `chain of ${plural(audit.events, "event")} verified`,
    );
  const where = audit.brokenAt === null ? "" : ` at event ${audit.brokenAt}`;
  return h(
    "span",
    { class: "nbt-audit-words nbt-failed", role: "status" },
    h("span", { "aria-hidden": "true" }, "✕ "),
    `The record is broken${where}.`,
  );
}
