// What can be said of a move before it is made.

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
  if (isFailed && !override) return "The gate is closed.";
  if (reason.trim()) return "";
  if (check.needsReason) return `Say why: a move to ${check.stage} needs a reason.`;
  return isFailed ? "Say why: overriding a gate needs a reason." : "";
}

/** Whether others make room for it.
 *  @param {Pick<Move, "check" | "archive">} move */
export function archives({ check, archive }) {
  return Boolean(check?.archives && check.others.length > 0 && archive);
}
