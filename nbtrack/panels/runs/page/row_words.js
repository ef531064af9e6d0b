// What stands in the row of a run beside its values.

import { grouped } from "../../shared/page/formats.js";

/** @import { RunRow } from "./messages.d.ts" */

/** @typedef {{ words: string, title: string, isStrong?: boolean, isWarning?: boolean }} Badge */

const EXCEPTION = /^[\w.]+/;

/** What its dot does not say: nothing of a run that ended well, of a failed one why, and that a
 *  trial of a study was given up.
 *  @param {Pick<RunRow, "status" | "error">} row */
export function statusWords({ status, error }) {
  const word = status.toLowerCase();
  if (word === "finished") return "";
  const [exception = ""] = error.match(EXCEPTION) ?? [];
  if (word === "killed" && exception === "pruned") return exception;
  return (word === "failed" && exception.split(".").at(-1)) || word;
}

/** @type {Record<string, string>} */
const AGAIN = {
  reproduced: "it was run once more, and every value was there again",
  "differs again": "it was run once more, and values differ: open the row",
  "not runnable": "it could not be run once more: open the row",
};

/** @param {Pick<RunRow, "pinned" | "baseline" | "bestOf" | "children" | "reproduced" | "warnings">} row
 *  @returns {Badge[]} */
export function badgesOf({ pinned, baseline, bestOf, children, reproduced, warnings }) {
  const best = children ? "best" : `best of ${grouped(bestOf)}`; // a number stands on its button
  const sign = warnings.length > 1 ? `⚠ ${warnings.length}` : "⚠"; // words would cost the name
  const sentences = warnings.map(({ kind, sentence }) => `${kind}: ${sentence}`);
  const told = [
    { isThere: pinned, words: "pinned", title: "stands first" },
    { isThere: baseline, words: "baseline", title: "others are compared with it", isStrong: true },
    { isThere: reproduced !== "", words: reproduced, title: AGAIN[reproduced] ?? "" },
    { isThere: bestOf > 0, words: best, title: "it shows the values of its best child" },
    {
      isThere: warnings.length > 0,
      words: sign,
      title: sentences.join("\n"),
      isWarning: true,
    },
  ];
  return told.filter(({ isThere }) => isThere);
}
