// Names that may break between their words, and nowhere else.

import { h } from "./dom.js";

const ENDS = /(?<=[_./:,=-])(?=[^_./:,=\s-])|(?<=[a-z\d])(?=[A-Z])/;

/** Pieces of `training_accuracy_score`, each of which stays whole.
 *  @param {string} name */
export function wordsIn(name) {
  return name.split(ENDS);
}

/** @param {string} name */
export function breakable(name) {
  return wordsIn(name).flatMap((word, n) => (n > 0 ? [h("wbr"), word] : [word]));
}
