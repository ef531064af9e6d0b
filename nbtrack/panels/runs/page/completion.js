// What the query box offers while somebody types a filter, and what it makes of a choice.

/** @import { Keys } from "./messages.d.ts" */

const RUN_KEYS = ["status", "start_time", "end_time", "duration", "run_name", "user_id", "run_id"];
const MOST_OFFERS = 9;
const LAST_WORD = /[\w.:/`-]*$/;

/** Keys that begin, or go on, like the word before the cursor; none inside of quotes.
 *  @param {Keys} keys @param {string} text before the cursor */
export function offersFor(keys, text) {
  if ((text.match(/'/g) ?? []).length % 2) return [];
  const typed = (text.match(LAST_WORD)?.[0] ?? "").toLowerCase();
  if (typed === "") return [];
  const plain = typed.replaceAll("`", "");
  const known = keyWords(keys);
  const found = known.filter((key) => key.replaceAll("`", "").toLowerCase().includes(plain));
  const first = found.filter((key) => key.toLowerCase().startsWith(typed));
  const all = [...new Set([...first, ...found])].slice(0, MOST_OFFERS);
  if (all.length === 1 && all[0].toLowerCase() === typed) return [];
  return isBareWord(text) && first.length === 0 ? [...all, nameFilter(text)] : all;
}

/** @param {Keys} keys */
function keyWords({ metrics, params, tags }) {
  return [
    ...metrics.map(({ key }) => `metrics.${inBackticks(key)}`),
    ...params.map(({ key }) => `params.${inBackticks(key)}`),
    ...tags.map(({ key }) => `tags.${inBackticks(key)}`),
    ...RUN_KEYS,
  ];
}

/** The text with `word` in place of the one before the cursor, and where the cursor is then.
 *  @param {string} text @param {number} cursor @param {string} word */
export function completed(text, cursor, word) {
  const isWhole = word === nameFilter(text);
  const before = isWhole ? "" : text.slice(0, cursor).replace(LAST_WORD, "");
  const after = text.slice(cursor).trimStart();
  return { text: `${before}${word} ${after}`, cursor: before.length + word.length + 1 };
}

/** What is no filter and no beginning of one: somebody looks for a name.
 *  @param {string} text */
export function isBareWord(text) {
  const word = text.trim();
  if (/^(metrics|params|tags)$/.test(word) || RUN_KEYS.includes(word)) return false;
  return /^[\w:/-]{2,}$/.test(word);
}

/** @param {string} text */
export function nameFilter(text) {
  return `run_name ILIKE '%${text.trim()}%'`;
}

/** Both filters at once.
 *  @param {string} filter @param {string} condition */
export function joinedFilter(filter, condition) {
  if (!filter) return condition;
  return `${/\bor\b/i.test(filter) ? `(${filter})` : filter} and ${condition}`;
}

/** @param {string} key */
function inBackticks(key) {
  if (/^[\w.:/-]+$/.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}
