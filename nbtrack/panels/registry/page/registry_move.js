// Moving a version: where to, why, what the gate says, and who makes room.

import { byKey, h } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { versionList } from "./registry_words.js";
/** @import { VersionCard } from "./registry_messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */
/** @import { Move } from "./registry_types.d.ts" */

const USUAL_MOVES = { None: "Staging", Staging: "Production", Production: "Archived" };
const VERDICT_SIGNS = { passed: "✓", failed: "✕", unknown: "?", "nothing there": "✓" };

/** @param {RegistryState} state @param {VersionCard} card */
export function beginMove(state, card) {
  const stage = USUAL_MOVES[card.stage] || "Production";
  state.set({
    move: {
      version: card.version,
      from: card.stage,
      stage,
      reason: "",
      archive: null,
      override: false,
      check: null,
      trouble: "",
    },
    notice: "",
  });
  byKey(state.host.root, "move reason")?.focus();
  checkMove(state);
}

/** @param {RegistryState} state */
export function endMove(state) {
  const { version } = state.move;
  state.set({ move: null });
  byKey(state.host.root, `move ${version}`)?.focus({ preventScroll: true });
}

/** What would come of it, asked of the kernel.
 *  @param {RegistryState} state */
async function checkMove(state) {
  const { version, stage } = state.move;
  Object.assign(state.move, { check: null });
  state.emit("rows");
  try {
    const check = await state.host.ask(
      "registry_move_check",
      { name: state.name, version, stage },
      { latest: "move check" },
    );
    if (!state.move || state.move.version !== version) return;
    Object.assign(state.move, { check, archive: state.move.archive ?? check.archivesByDefault });
  } catch (error) {
    if (state.move) state.move.trouble = wordsOf(error);
  }
  state.emit("rows");
}

/** Somebody, perhaps in another kernel, has changed the model while the form stood open.
 *  @param {RegistryState} state */
export function recheckMove(state) {
  if (state.move.isSent) return undefined; // by us
  const card = state.cardOf(state.move.version);
  if (card && card.stage === state.move.from) return checkMove(state);
  const where = card ? `was moved to ${card.stage}` : "was deleted";
  return state.set({ move: null, notice: `v${state.move.version} ${where} meanwhile.` });
}

/** Why it cannot be confirmed yet; "" if it can.
 *  @param {Move} move */
function whyNotYet({ check, reason, override, isSent, trouble }) {
  if (isSent) return "Moving…";
  if (!check) return trouble ? "It could not be checked." : "Asking the gate…";
  const isFailed = check.gate && !check.gate.isPassed;
  if (isFailed && !override) return "The gate is closed.";
  if (!reason.trim() && check.needsReason)
    return `Say why: a move to ${check.stage} needs a reason.`;
  if (!reason.trim() && isFailed) return "Say why: overriding a gate needs a reason.";
  return "";
}

/** @param {RegistryState} state */
async function confirmMove(state) {
  const { version, from, stage, reason, override, check } = state.move;
  const archive = archives(state.move);
  Object.assign(state.move, { isSent: true, trouble: "" });
  state.emit("rows");
  try {
    const args = {
      name: state.name,
      version,
      from,
      stage,
      reason,
      archive,
      override,
      others: check.others,
    };
    await state.host.ask("registry_move", args);
  } catch (error) {
    if (!state.move) return;
    Object.assign(state.move, { trouble: wordsOf(error), isSent: false });
    byKey(state.host.root, "move reason")?.focus();
    state.refresh();
    checkMove(state);
    return;
  }
  const after = { notice: `v${version} is in ${stage} now.`, focus: `move ${version}` };
  Object.assign(state, { move: null, offset: 0, stamp: "", after });
  state.refresh();
}

/** @param {Move} move */
function archives({ check, archive }) {
  return Boolean(check && check.archives && check.others.length > 0 && archive);
}

/** @param {RegistryState} state */
export function movePart(state) {
  const { move, page } = state;
  if (!move) return [];
  const { reason, ...rest } = move;
  return [{ key: "move", looks: JSON.stringify([rest, page.stages]), make: () => moveForm(state) }];
}

/** @param {RegistryState} state */
function moveForm(state) {
  const { move } = state;
  const hintId = `nbt-hint-${state.host.view}`;
  const hint = h("span", { class: "nbt-move-hint", id: hintId, role: "status" });
  const confirm = h(
    "button",
    {
      class: "nbt-button nbt-main",
      type: "button",
      "data-key": "move confirm",
      "aria-describedby": hintId,
      onclick: () => confirmMove(state),
    },
    "Confirm",
  );
  const sync = () => {
    hint.textContent = whyNotYet(move);
    confirm.disabled = hint.textContent !== "";
  };
  const reason = reasonField(state, {
    hintId,
    sync,
    confirm: () => confirm.disabled || confirmMove(state),
  });
  sync();
  const cancel = h(
    "button",
    {
      class: "nbt-button",
      type: "button",
      "data-key": "move cancel",
      onclick: () => endMove(state),
    },
    "Cancel",
  );
  const line = h(
    "div",
    { class: "nbt-move-line" },
    h("span", { class: "nbt-move-what" }, h("b", {}, `v${move.version} ${move.from} →`)),
    stageChooser(state),
    reason,
    archiveBox(state),
    h("span", { class: "nbt-buttons" }, cancel, confirm),
  );
  const trouble = move.trouble && h("div", { class: "nbt-error", role: "alert" }, move.trouble);
  return h(
    "div",
    {
      class: "nbt-move",
      "data-move": move.version,
      role: "group",
      "aria-label": `Move version ${move.version}`,
      onkeydown: (event) => leaveMove(state, event),
    },
    line,
    gateResult(state),
    hint,
    trouble,
  );
}

/** @param {RegistryState} state @param {KeyboardEvent} event */
function leaveMove(state, event) {
  if (event.key !== "Escape") return;
  event.stopPropagation();
  endMove(state);
}

/** @param {RegistryState} state */
function stageChooser(state) {
  const { move, page } = state;
  const choose = () => {
    Object.assign(move, { stage: chooser.value, archive: null, override: false, trouble: "" });
    checkMove(state);
  };
  const stages = page.stages.filter((stage) => stage !== move.from);
  const chooser = h(
    "select",
    { class: "nbt-field", "aria-label": "To stage", "data-key": "move stage", onchange: choose },
    stages.map((stage) => h("option", { value: stage }, stage)),
  );
  chooser.value = move.stage;
  return chooser;
}

/** @param {RegistryState} state
 *  @param {{ hintId: string, sync: () => void, confirm: () => unknown }} options */
function reasonField(state, { hintId, sync, confirm }) {
  const { move } = state;
  const field = h("input", {
    class: "nbt-field nbt-reason",
    type: "text",
    placeholder:
      move.stage === "Production"
        ? "why (goes into the record)"
        : "why (if there is something to say)",
    "aria-label": "Reason",
    "aria-describedby": hintId,
    "aria-required": String(move.stage === "Production"),
    autocomplete: "off",
    "data-key": "move reason",
    value: move.reason,
    oninput: () => {
      move.reason = field.value;
      sync();
    },
    onkeydown: (event) => event.key === "Enter" && confirm(),
  });
  return field;
}

/** @param {RegistryState} state */
function archiveBox(state) {
  const { move } = state;
  if (!move.check || !move.check.archives || move.check.others.length === 0) return null;
  const others = versionList(move.check.others);
  const onchange = (event) => {
    move.archive = event.target.checked;
    state.emit("rows");
  };
  const box = h("input", {
    type: "checkbox",
    checked: move.archive,
    "data-key": "move archive",
    onchange,
  });
  const stays = move.check.others.length === 1 ? "stays" : "stay";
  return h(
    "label",
    { class: "nbt-archives", title: `Move ${others} to Archived in the same change` },
    box,
    move.archive ? `archives ${others}` : `${others} ${stays} in ${move.stage} too`,
  );
}

/** @param {RegistryState} state */
function gateResult(state) {
  const { move } = state;
  const gate = move.check && move.check.gate;
  if (!gate) return null;
  const checks = gate.checks.map((check) =>
    h(
      "li",
      { class: "nbt-check", "data-verdict": check.verdict },
      h("span", { class: "nbt-check-sign", "aria-hidden": "true" }, VERDICT_SIGNS[check.verdict]),
      h("span", { class: "nbt-hidden-words" }, `${check.verdict}: `),
      h("code", { class: "nbt-rule" }, check.text),
      check.says && h("span", { class: "nbt-check-says" }, check.says),
    ),
  );
  const verdict = gate.isPassed ? "Gate passed" : "Gate not passed";
  const title = h(
    "div",
    { class: gate.isPassed ? "nbt-verdict nbt-passed" : "nbt-verdict nbt-failed", role: "status" },
    verdict,
  );
  return h(
    "div",
    { class: "nbt-gate", "data-passed": String(gate.isPassed) },
    title,
    h("ul", {}, checks),
    !gate.isPassed && overrideBox(state),
  );
}

/** @param {RegistryState} state */
function overrideBox(state) {
  const { move } = state;
  const onchange = (event) => {
    move.override = event.target.checked;
    state.emit("rows");
  };
  const box = h("input", {
    type: "checkbox",
    checked: move.override,
    "data-key": "move override",
    onchange,
  });
  return h(
    "label",
    { class: "nbt-override" },
    box,
    "Move it all the same: that the gate was overridden, and why, goes into the record",
  );
}
