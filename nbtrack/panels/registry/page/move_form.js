// The form in which a version is moved: what the gate says, and who makes room.

import { h } from "../../shared/page/dom.js";
import { gateWords, whyNotYet } from "./move_words.js";
import { checkMove, confirmMove, endMove } from "./registry_move.js";
import { versionList } from "./registry_words.js";

/** @import { Part } from "../../shared/page/dom_types.d.ts" */
/** @import { GateCheck } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */
/** @import { Move } from "./registry_types.d.ts" */

const VERDICT_SIGNS = { passed: "✓", failed: "✕", unknown: "?", "nothing there": "✓" };

/** @param {RegistryState} state @returns {Part[]} */
export function movePart(state) {
  const { move, page } = state;
  if (!move || !page?.mayMove) return [];
  const { reason, ...rest } = move; // what is typed redraws nothing
  const looks = JSON.stringify([rest, page.stages]);
  return [{ key: "move", looks, make: () => moveForm(state, move, page.stages) }];
}

/** @param {RegistryState} state @param {Move} move @param {string[]} stages */
function moveForm(state, move, stages) {
  const hintId = `nbt-hint-${state.host.view}`;
  const hint = h("span", { class: "nbt-move-hint", id: hintId, role: "status" });
  const confirm = () => {
    if (move.check && !whyNotYet(move)) confirmMove(state, move, move.check);
  };
  const button = confirmButton(hintId, confirm);
  const sync = () => {
    hint.textContent = whyNotYet(move);
    button.disabled = hint.textContent !== "";
  };
  sync();
  const line = h(
    "div",
    { class: "nbt-move-line" },
    h("span", { class: "nbt-move-what" }, h("b", {}, `v${move.version} ${move.from} →`)),
    stageChooser(state, move, stages),
    reasonField(move, { hintId, sync, confirm }),
    archiveBox(state, move),
    h("span", { class: "nbt-buttons" }, cancelButton(state, move), button),
  );
  const trouble = move.trouble && h("div", { class: "nbt-error", role: "alert" }, move.trouble);
  return h(
    "div",
    {
      class: "nbt-move",
      "data-move": move.version,
      role: "group",
      "aria-label": `Move version ${move.version}`,
      onkeydown: (event) => leaveMove(state, move, event),
    },
    line,
    gateResult(state, move),
    hint,
    trouble,
  );
}

/** @param {string} hintId @param {() => void} confirm */
function confirmButton(hintId, confirm) {
  const named = { "data-key": "move confirm", "aria-describedby": hintId };
  const look = { class: "nbt-button nbt-main", type: "button" };
  return h("button", { ...look, ...named, onclick: confirm }, "Confirm");
}

/** @param {RegistryState} state @param {Move} move */
function cancelButton(state, { version }) {
  const look = { class: "nbt-button", type: "button", "data-key": "move cancel" };
  return h("button", { ...look, onclick: () => endMove(state, version) }, "Cancel");
}

/** @param {RegistryState} state @param {Move} move @param {KeyboardEvent} event */
function leaveMove(state, move, event) {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  endMove(state, move.version);
}

/** @param {RegistryState} state @param {Move} move @param {string[]} stages */
function stageChooser(state, move, stages) {
  const others = stages.filter((stage) => stage !== move.from);
  const chooser = h(
    "select",
    {
      class: "nbt-field",
      "aria-label": "To stage",
      "data-key": "move stage",
      onchange: ({ target }) => {
        Object.assign(move, { stage: target.value, archive: null, override: false, trouble: "" });
        checkMove(state, move);
      },
    },
    others.map((stage) => h("option", { value: stage }, stage)),
  );
  chooser.value = move.stage;
  return chooser;
}

/** @param {Move} move
 *  @param {{ hintId: string, sync: () => void, confirm: () => void }} options */
function reasonField(move, { hintId, sync, confirm }) {
  const isNeeded = move.stage === "Production";
  return h("input", {
    class: "nbt-field nbt-reason",
    type: "text",
    placeholder: isNeeded ? "why (goes into the record)" : "why (if there is something to say)",
    "aria-label": "Reason",
    "aria-describedby": hintId,
    "aria-required": String(isNeeded),
    autocomplete: "off",
    "data-key": "move reason",
    value: move.reason,
    oninput: ({ target }) => {
      move.reason = target.value;
      sync();
    },
    onkeydown: (event) => event.key === "Enter" && confirm(),
  });
}

/** @param {RegistryState} state @param {Move} move */
function archiveBox(state, move) {
  if (!move.check?.archives || move.check.others.length === 0) return null;
  const others = versionList(move.check.others);
  const box = h("input", {
    type: "checkbox",
    checked: move.archive,
    "data-key": "move archive",
    onchange: ({ target }) => {
      move.archive = target.checked;
      state.emit("rows");
    },
  });
  const stays = move.check.others.length === 1 ? "stays" : "stay";
  const words = move.archive ? `archives ${others}` : `${others} ${stays} in ${move.stage} too`;
  const title = `Move ${others} to Archived in the same change`;
  return h("label", { class: "nbt-archives", title }, box, words);
}

/** @param {RegistryState} state @param {Move} move */
function gateResult(state, move) {
  const gate = move.check?.gate;
  if (!gate) return null;
  const look = gate.isPassed ? "nbt-passed" : gate.isKnown ? "nbt-failed" : "";
  return h(
    "div",
    { class: "nbt-gate", "data-passed": String(gate.isPassed) },
    h("div", { class: `nbt-verdict ${look}`, role: "status" }, gateWords(gate)),
    h("ul", {}, gate.checks.map(checkLine)),
    !gate.isPassed && overrideBox(state, move),
  );
}

/** @param {GateCheck} check */
function checkLine({ verdict, text, says }) {
  const sign = { class: "nbt-check-sign", "aria-hidden": "true" };
  return h(
    "li",
    { class: "nbt-check", "data-verdict": verdict },
    h("span", sign, VERDICT_SIGNS[verdict]),
    h("span", { class: "nbt-hidden-words" }, `${verdict}: `),
    h("code", { class: "nbt-rule" }, text),
    says && h("span", { class: "nbt-check-says" }, says),
  );
}

/** @param {RegistryState} state @param {Move} move */
function overrideBox(state, move) {
  const box = h("input", {
    type: "checkbox",
    checked: move.override,
    "data-key": "move override",
    onchange: ({ target }) => {
      move.override = target.checked;
      state.emit("rows");
    },
  });
  const words = "Move it all the same: that the gate was overridden, and why, goes into the record";
  return h("label", { class: "nbt-override" }, box, words);
}
