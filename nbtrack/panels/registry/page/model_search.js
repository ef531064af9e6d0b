// Looking for a model in the list of all.

import { grouped, plural } from "../../shared/page/formats.js";
/** @import { ModelLine } from "./messages.d.ts" */

/** Every word that was typed stands somewhere in it.
 *  @param {ModelLine[]} models @param {string} query */
export function foundModels(models, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => {
    const text = textOf(model);
    return words.every((word) => text.includes(word));
  });
}

/** @param {ModelLine} model */
function textOf({ name, description, aliases, in_use: inUse }) {
  return [name, description, ...aliases.flat(), ...inUse.flat()].join(" ").toLowerCase();
}

/** "2 of 14 models"
 *  @param {number} found @param {number} all */
export function countWords(found, all) {
  return found === all ? plural(all, "model") : `${grouped(found)} of ${plural(all, "model")}`;
}
