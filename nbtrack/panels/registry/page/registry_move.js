// Moving a version: where to, why, and whether it may.

import { byKey } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { archives, usualMove } from "./move_words.js";
/** @import { MoveCheck, VersionCard } from "./messages.d.ts" */
/** @import { RegistryState } from "./registry_state.js" */
/** @import { Move } from "./registry_types.d.ts" */

/** @param {RegistryState} state @param {VersionCard} card */
export function beginMove(state, card) {
  /** @type {Move} */
  const move = {
    version: card.version,
    from: card.stage,
    stage: usualMove(card.stage),
    reason: "",
    archive: null,
    override: false,
    check: null,
    trouble: "",
  };
  state.set({ move, notice: "" });
  byKey(state.host.root, "move reason")?.focus();
  checkMove(state, move);
}

/** @param {RegistryState} state @param {string} version */
export function endMove(state, version) {
  state.set({ move: null });
  byKey(state.host.root, `move ${version}`)?.focus({ preventScroll: true });
}

/** What would come of it, asked of the kernel.
 *  @param {RegistryState} state @param {Move} move */
export async function checkMove(state, move) {
  const { version, stage } = move;
  move.check = null;
  state.emit("rows");
  try {
    const asked = { name: state.model, version, stage };
    const check = await state.host.ask("registry_move_check", asked, { latest: "move check" });
    if (state.move?.version !== version) return;
    Object.assign(state.move, { check, archive: state.move.archive ?? check.archivesByDefault });
  } catch (error) {
    if (state.move) state.move.trouble = wordsOf(error);
  }
  state.emit("rows");
}

/** Somebody, perhaps in another kernel, has changed the model while the form stood open.
 *  @param {RegistryState} state @param {Move} move */
export function recheckMove(state, move) {
  if (move.isSent) return; // by us
  const card = state.cardOf(move.version);
  if (card && card.stage === move.from) {
    checkMove(state, move);
    return;
  }
  const where = card ? `was moved to ${card.stage}` : "was deleted";
  state.set({ move: null, notice: `v${move.version} ${where} meanwhile.` });
}

/** @param {RegistryState} state @param {Move} move @param {MoveCheck} check */
export async function confirmMove(state, move, check) {
  const { version, from, stage, reason, override } = move;
  const said = { version, from, stage, reason, override, archive: archives(move) };
  Object.assign(move, { isSent: true, trouble: "" });
  state.emit("rows");
  try {
    const args = { name: state.model, others: check.others, ...said };
    await state.host.ask("registry_move", args);
  } catch (error) {
    if (state.move) refused(state, state.move, wordsOf(error));
    return;
  }
  const after = { notice: `v${version} is in ${stage} now.`, focus: `move ${version}` };
  Object.assign(state, { move: null, offset: 0, stamp: "", after });
  state.refresh();
}

/** @param {RegistryState} state @param {Move} move @param {string} trouble */
function refused(state, move, trouble) {
  Object.assign(move, { trouble, isSent: false });
  byKey(state.host.root, "move reason")?.focus();
  state.refresh();
  checkMove(state, move);
}
