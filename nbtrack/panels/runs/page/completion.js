// What the query box offers while somebody types a filter, and what it makes of a choice.

/** @import { Keys } from "./messages.d.ts" */

const HEADERS = ["name", "status", "started", "ended", "duration", "user", "experiment", "id"];
const RUN_KEYS = ["run_name", "start_time", "end_time", "user_id", "run_id", "lifecycle_stage"];
const RESERVED = [...HEADERS, ...RUN_KEYS, "and", "or", "not", "in", "is", "like", "ilike", "null"];
const OF_MACHINERY = /^(mlflow|nbtrack)\./; // tags of it come last
const MOST_OFFERS = 9;
const WHOLE_QUOTE = /'[^']*'|"[^"]*"/g;
const LAST_WORD = /[\w.:/`-]*$/;

/** How a key is called, and how it is written in a filter.
 *  @typedef {{ name: string, word: string }} Offer */

/** Keys that begin, or go on, like the word before the cursor; none inside of quotes.
 *  @param {Keys} keys @param {string} text before the cursor */
export function offersFor(keys, text) {
  if (/['"]/.test(text.replace(WHOLE_QUOTE, ""))) return [];
  const typed = lastWord(text);
  if (typed === "") return [];
  const short = shortOffers(keys);
  const found = [
    ...short.filter(({ name }) => name.startsWith(typed)),
    ...prefixedOffers(keys).filter(({ name }) => name.startsWith(typed)),
    ...short.filter(({ name }) => name.includes(typed)),
  ];
  const words = [...new Set(found.map(({ word }) => word))].slice(0, MOST_OFFERS);
  return words.length === 1 && plain(words[0]) === typed ? [] : words;
}

/** Whether the text ends in a key, or in what may become one: then it is no word to look for yet.
 *  @param {Keys} keys @param {string} text */
export function isHalfAComparison(keys, text) {
  const typed = lastWord(text.trimEnd());
  const offers = [...shortOffers(keys), ...prefixedOffers(keys)];
  return typed !== "" && offers.some(({ name }) => name.startsWith(typed));
}

/** @param {string} text */
function lastWord(text) {
  return plain(text.match(LAST_WORD)?.[0] ?? "");
}

/** @param {string} word */
function plain(word) {
  return word.replaceAll("`", "").toLowerCase();
}

/** Without a prefix where one kind has the key: the user's own, the header's, then all others.
 *  @param {Keys} keys @returns {Offer[]} */
function shortOffers(keys) {
  const own = shortestWords(keys).map(({ key, word }) => ({ name: plain(key), word }));
  const rest = [...HEADERS, ...RUN_KEYS].map((word) => ({ name: word, word }));
  const isOwn = (/** @type {Offer} */ { name }) => !OF_MACHINERY.test(name);
  return [...own.filter(isOwn), ...rest, ...own.filter((offer) => !isOwn(offer))];
}

/** How each key is written with as little as possible.
 *  @param {Keys} keys */
export function shortestWords(keys) {
  const prefixed = ownKeys(keys);
  const count = new Map();
  for (const { key } of prefixed) count.set(key, (count.get(key) ?? 0) + 1);
  return prefixed.map(({ kind, key }) => {
    const isShort = count.get(key) === 1 && !RESERVED.includes(key.toLowerCase());
    return { id: `${kind}.${key}`, key, word: (isShort ? "" : `${kind}.`) + inBackticks(key) };
  });
}

/** @param {Keys} keys @returns {Offer[]} */
function prefixedOffers(keys) {
  return ownKeys(keys).map(({ kind, key }) => ({
    name: `${kind}.${plain(key)}`,
    word: `${kind}.${inBackticks(key)}`,
  }));
}

/** @param {Keys} keys */
function ownKeys({ metrics, params, tags }) {
  return Object.entries({ metrics, params, tags }).flatMap(([kind, known]) =>
    known.map(({ key }) => ({ kind, key })),
  );
}

/** The text with `word` in place of the one before the cursor, and where the cursor is then.
 *  @param {string} text @param {number} cursor @param {string} word */
export function completed(text, cursor, word) {
  const before = text.slice(0, cursor).replace(LAST_WORD, "");
  const after = text.slice(cursor).trimStart();
  return { text: `${before}${word} ${after}`, cursor: before.length + word.length + 1 };
}

/** Both filters at once.
 *  @param {string} filter @param {string} condition */
export function joinedFilter(filter, condition) {
  if (!filter) return condition;
  return `${/\bor\b/i.test(filter) ? `(${filter})` : filter} and ${condition}`;
}

/** @param {string} key */
function inBackticks(key) {
  if (/^[A-Za-z_][\w.:/-]*$/.test(key)) return key;
  return key.includes("`") ? `"${key}"` : `\`${key}\``;
}
