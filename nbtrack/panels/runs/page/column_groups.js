// Which columns there are, in the groups of the Columns menu, and how a choice of them changes.

/** @import { Keys, KnownKey, TableAsked } from "./messages.d.ts" */

/** @typedef {{ id: string, label: string, part: string }} Offered */
/** @typedef {{ name: string, title: string, columns: Offered[] }} Group */

/** @type {Array<[id: string, label: string]>} */
const FACTS = [
  ["run_name", "name"],
  ["status", "status"],
  ["start_time", "started"],
  ["duration", "duration"],
  ["experiment_id", "experiment"],
  ["end_time", "ended"],
  ["user_id", "user"],
  ["run_id", "id"],
];
/** @type {Record<string, string>} */
const TITLES = {
  "metrics.mine": "Your metrics",
  "params.mine": "Your params",
  measured: "Measured",
  defaults: "Defaults",
  bookkeeping: "Bookkeeping",
  tags: "Tags",
  facts: "Run",
};
const FIRST_FACTS = ["run_name", "status", "start_time"];

/** @param {Keys} keys @returns {Group[]} */
export function columnGroups(keys) {
  const all = [
    ...offered(keys.metrics, "metrics"),
    ...offered(keys.params, "params"),
    ...offered(keys.tags, "tags"),
    ...FACTS.map(([id, label]) => ({ id, label, part: "facts" })),
  ];
  return Object.entries(TITLES).map(([name, title]) => {
    return { name, title, columns: all.filter(({ part }) => part === name) };
  });
}

/** @param {KnownKey[]} keys @param {string} kind @returns {Offered[]} */
function offered(keys, kind) {
  return keys.map(({ key, part }) => {
    return { id: `${kind}.${key}`, label: key, part: part === "mine" ? `${kind}.mine` : part };
  });
}

/** Name, status and age, and what the user wrote down.
 *  @param {Keys} keys */
export function onlyMine(keys) {
  const mine = columnGroups(keys).filter(({ name }) => name.endsWith(".mine"));
  return [...FIRST_FACTS, ...mine.flatMap(({ columns }) => columns.map(({ id }) => id))];
}

/** What was written down or measured, and is not in the table.
 *  @param {Keys} keys @param {readonly string[]} shown */
export function hiddenOfThose(keys, shown) {
  const telling = columnGroups(keys).filter(
    ({ name }) => name.endsWith(".mine") || name === "measured",
  );
  const ids = telling.flatMap(({ columns }) => columns.map(({ id }) => id));
  return ids.filter((id) => !shown.includes(id));
}

/** @param {Keys} keys */
export function allColumns(keys) {
  const ids = columnGroups(keys).flatMap(({ columns }) => columns.map(({ id }) => id));
  return [...new Set([...FIRST_FACTS, ...ids])];
}

/** @param {readonly string[]} shown @param {readonly string[]} ids @param {boolean} isShown */
export function withColumns(shown, ids, isShown) {
  if (!isShown) return shown.filter((id) => !ids.includes(id));
  return [...shown, ...ids.filter((id) => !shown.includes(id))];
}

/** `id` where `to` is now: behind it if it comes from before it. The name stays in front.
 *  @param {readonly string[]} shown @param {string} id @param {number} to */
export function movedTo(shown, id, to) {
  const others = shown.filter((each) => each !== id);
  const place = Math.min(others.length, Math.max(others[0] === "run_name" ? 1 : 0, to));
  return [...others.slice(0, place), id, ...others.slice(place)];
}

/** Chosen columns once `id` is pinned, if one is.
 *  @param {string[] | null} columns @param {string} [id] */
export function pinnedFirst(columns, id) {
  return columns && id ? movedTo(columns, id, 0) : columns;
}

/** What is asked with other columns: the table is not sorted or filtered by what is hidden.
 *  @param {TableAsked} asked @param {string[] | null} columns @param {readonly string[]} shown
 *  @returns {Partial<TableAsked>} */
export function askedWith(asked, columns, shown) {
  if (columns === null) return { columns };
  const hidden = shown.filter((id) => !columns.includes(id));
  const sort = asked.sort.filter(([id]) => !hidden.includes(id));
  const quick = Object.entries(asked.quick).filter(([id]) => !hidden.includes(id));
  return { columns, sort, quick: Object.fromEntries(quick) };
}
