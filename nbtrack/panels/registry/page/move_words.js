// What can be said of a move before it is made.

/** @import { GateResult } from "./messages.d.ts" */
/** @import { Move } from "./registry_types.d.ts" */

/** @type {Record<string, string>} */
const USUAL_MOVES = { None: "Staging", Staging: "Production", Production: "Archived" };

/** Where a version of `stage` mostly goes.
 *  @param {string} stage */
export function usualMove(stage) {
  return USUAL_MOVES[stage] ?? "Production";
}

/** Why it cannot be confirmed yet; "" if it can.
 *  @param {Pick<Move, "check" | "reason" | "override" | "isSent" | "trouble">} move */
export function whyNotYet({ check, reason, override, isSent, trouble }) {
  if (isSent) return "Moving…";
  if (!check) return trouble ? "It could not be checked." : "Asking the gate…";
  const isFailed = check.gate && !check.gate.isPassed;
  if (isFailed && check.gate?.isKnown && !override) return "The gate is closed.";
  if (reason.trim()) return "";
  if (check.needsReason) return `Say why: a move to ${check.stage} needs a reason.`;
  return isFailed && override ? "Say why: overriding a gate needs a reason." : "";
}

/** @param {Pick<GateResult, "isPassed" | "isKnown">} gate */
export function gateWords({ isPassed, isKnown }) {
  if (isPassed) return "Gate passed";
  return isKnown ? "Gate not passed" : "The gate is asked when it is moved";
}

/** Whether others make room for it.
 *  @param {Pick<Move, "check" | "archive">} move */
export function archives({ check, archive }) {
  return Boolean(check?.archives && check.others.length > 0 && archive);
}
