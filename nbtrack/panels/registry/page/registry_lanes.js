// The versions of a model: a lane for each stage, a card for each version, the newest first.

import { h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { beginMove, endMove } from "./registry_move.js";
import { aliasChip } from "./registry_words.js";

/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { ModelPage, StageLane, VersionCard } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */

const MOST_CARDS = 4; // of a lane that is folded
const FEW_LANES = 4; // have room beside each other in a usual notebook

/** @param {RegistryState} state @param {ModelPage} page @returns {Part} */
export function lanesPart(state, page) {
  const { opened, move } = state;
  const looks = JSON.stringify([
    page.lanes,
    page.metric,
    page.mayMove,
    opened,
    move?.version,
    [...state.fullLanes],
  ]);
  return { key: "lanes", looks, make: () => lanesView(state, page) };
}

/** @param {RegistryState} state @param {ModelPage} page */
function lanesView(state, { lanes, metric }) {
  const look = lanes.length > FEW_LANES ? "nbt-lanes nbt-many-lanes" : "nbt-lanes";
  return h(
    "div",
    { class: look, style: { "--lanes": lanes.length } },
    lanes.map((lane) => laneView(state, lane, metric)),
  );
}

/** @param {RegistryState} state @param {StageLane} lane @param {string} metric */
function laneView(state, { stage, cards }, metric) {
  const isFull = state.fullLanes.has(stage);
  const shown = isFull ? cards : cards.slice(0, MOST_CARDS);
  const title = h(
    "h4",
    { class: "nbt-lane-title" },
    h("span", {}, stage),
    h("span", { class: "nbt-lane-count" }, grouped(cards.length)),
  );
  const body = cards.length
    ? shown.map((card) => cardView(state, card, metric))
    : h("div", { class: "nbt-empty-lane" }, "no version");
  return h(
    "section",
    {
      class: "nbt-lane",
      "data-lane": stage,
      "data-stage": stage,
      "aria-label": `${stage}: ${plural(cards.length, "version")}`,
    },
    title,
    h("div", { class: isFull ? "nbt-lane-cards nbt-full" : "nbt-lane-cards" }, body),
    foldButton(state, stage, cards.length),
  );
}

/** @param {RegistryState} state @param {string} stage @param {number} count */
function foldButton(state, stage, count) {
  if (count <= MOST_CARDS) return null;
  const isFull = state.fullLanes.has(stage);
  const toggle = () => {
    if (!state.fullLanes.delete(stage)) state.fullLanes.add(stage);
    state.emit("rows");
  };
  const words = isFull ? "Show fewer" : `+${grouped(count - MOST_CARDS)} more`;
  return h(
    "button",
    {
      class: "nbt-quiet nbt-text-button nbt-fold-lane",
      type: "button",
      "aria-expanded": String(isFull),
      "data-key": `fold ${stage}`,
      onclick: toggle,
    },
    words,
  );
}

/** @param {RegistryState} state @param {VersionCard} card @param {string} metric */
function cardView(state, card, metric) {
  const isMoving = state.move?.version === card.version;
  const isOpen = state.opened === card.version;
  const look = ["nbt-card", isMoving && "nbt-moving", isOpen && "nbt-open-card"]
    .filter(Boolean)
    .join(" ");
  return h(
    "article",
    {
      class: look,
      "data-version": card.version,
      "data-stage": card.stage,
      "aria-label": `Version ${card.version}`,
    },
    h(
      "div",
      { class: "nbt-card-line" },
      versionButton(state, card, isOpen),
      metric && metricValue(card, metric),
    ),
    h("div", { class: "nbt-card-run nbt-muted", title: runTitle(card) }, runWords(card)),
    card.aliases.length > 0 &&
      h(
        "div",
        { class: "nbt-card-aliases" },
        card.aliases.map((alias) => aliasChip(alias)),
      ),
    h(
      "div",
      { class: "nbt-card-line" },
      h(
        "span",
        { class: "nbt-card-who nbt-muted", title: `${card.who}, ${card.moment}` },
        h("bdi", {}, card.who),
        ` · ${card.age}`,
      ),
      state.page?.mayMove && moveButton(state, card, isMoving),
    ),
  );
}

/** @param {RegistryState} state @param {VersionCard} card @param {boolean} isOpen */
function versionButton(state, card, isOpen) {
  return h(
    "button",
    {
      class: "nbt-quiet nbt-version",
      type: "button",
      "aria-expanded": String(isOpen),
      "aria-label": `v${card.version}: details`,
      title: "Details of this version",
      "data-key": `open ${card.version}`,
      onclick: () => state.openVersion(card.version),
    },
    `v${card.version}`,
  );
}

/** @param {VersionCard} card @param {string} metric */
function metricValue(card, metric) {
  return h(
    "span",
    { class: "nbt-card-value", title: `${metric}: ${card.value}` },
    h("span", { class: "nbt-card-metric" }, h("bdi", {}, metric)),
    ` ${card.value}`,
  );
}

/** @param {VersionCard} card */
function runTitle(card) {
  if (!card.run_id) return "no run";
  return card.is_run_gone
    ? `run ${card.run_id} was deleted; its metrics were kept`
    : `${card.run_name} (run ${card.run_id})`;
}

/** @param {VersionCard} card */
function runWords(card) {
  if (!card.run_id) return "no run";
  return card.is_run_gone ? `run ${card.run_name} (deleted)` : h("bdi", {}, card.run_name);
}

/** @param {RegistryState} state @param {VersionCard} card @param {boolean} isMoving */
function moveButton(state, card, isMoving) {
  return h(
    "button",
    {
      class: "nbt-button nbt-move-button",
      type: "button",
      "aria-expanded": String(isMoving),
      "aria-label": `Move version ${card.version}`,
      "data-key": `move ${card.version}`,
      onclick: () => (isMoving ? endMove(state, card.version) : beginMove(state, card)),
    },
    "Move…",
  );
}
