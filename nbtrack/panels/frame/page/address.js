// What is shown, as the address of the page says it, and the other way round.
//
//   /runs?experiment=3&filter=metrics.f1+>+0.9&sort=-metrics.f1&run=4b1c…&tab=compare
//   /models/churn
//
// What an address does not say is as the panel begins. Nothing in it is certain.

/** @import { TableAsked } from "../../runs/page/messages.d.ts" */
/** @import { RunsPlace } from "../../runs/page/runs_types.d.ts" */
/** @import { Place } from "./frame_types.d.ts" */

/** @param {{ pathname: string, search: string }} location @returns {Place} */
export function placeOf({ pathname, search }) {
  const [, view, name] = pathname.split("/");
  if (view === "models") return { view: "models", model: decoded(name ?? "") || null };
  return { view: "runs", runs: runsOf(new URLSearchParams(search)) };
}

/** @param {Place} place */
export function addressOf(place) {
  if (place.view === "models")
    return place.model ? `/models/${encodeURIComponent(place.model)}` : "/models";
  const said = String(paramsOf(place.runs));
  return said ? `/runs?${said}` : "/runs";
}

/** Whether one comes back to `before` by the browser's own button: ticks and columns are small.
 *  @param {Place} before @param {Place} now */
export function isAnotherPage(before, now) {
  return addressOf(withoutTrifles(before)) !== addressOf(withoutTrifles(now));
}

/** @param {Place} place @returns {Place} */
function withoutTrifles(place) {
  if (place.view === "models") return place;
  const { asked, tab } = place.runs;
  const counts = { ...asked, columns: null, unfolded: {} };
  return { view: "runs", runs: { asked: counts, ticked: [], tab } };
}

/** @param {URLSearchParams} said @returns {RunsPlace} */
function runsOf(said) {
  /** @type {Partial<TableAsked>} */
  const asked = {
    experiments: listOf(said, "experiment"),
    filter: said.get("filter") ?? "",
    group: said.get("group") ?? "",
    page: Math.max(0, (Number(said.get("page")) || 1) - 1),
    columns: listOf(said, "column"),
    quick: objectOf(said.get("quick")),
    unfolded: objectOf(said.get("unfolded")),
    flat: said.has("flat") ? said.get("flat") === "1" : null,
    deleted: said.get("deleted") === "1",
    sort: said.getAll("sort").filter(Boolean).map(sortKeyOf),
  };
  return { asked, ticked: said.getAll("run"), tab: said.get("tab") ?? "runs" };
}

/** @param {RunsPlace} runs */
function paramsOf({ asked, ticked, tab }) {
  const said = new URLSearchParams();
  /** @param {string} name @param {string | undefined} value */
  const say = (name, value) => value && said.append(name, value);
  for (const id of asked.experiments ?? []) say("experiment", id);
  say("filter", asked.filter);
  for (const [column, isDescending] of asked.sort ?? [])
    say("sort", `${isDescending ? "-" : ""}${column}`);
  say("group", asked.group);
  for (const id of asked.columns ?? []) say("column", id);
  say("quick", textOf(asked.quick));
  say("unfolded", textOf(asked.unfolded));
  if (typeof asked.flat === "boolean") say("flat", asked.flat ? "1" : "0");
  if (asked.deleted) say("deleted", "1");
  if (asked.page) say("page", String(asked.page + 1));
  for (const id of ticked) say("run", id);
  if (tab !== "runs") say("tab", tab);
  return said;
}

/** @param {string} text @returns {[string, boolean]} */
function sortKeyOf(text) {
  return text.startsWith("-") ? [text.slice(1), true] : [text, false];
}

/** @param {URLSearchParams} said @param {string} name */
function listOf(said, name) {
  return said.has(name) ? said.getAll(name) : null;
}

/** @param {string | null} text @returns {Record<string, any>} */
function objectOf(text) {
  try {
    const found = JSON.parse(text ?? "{}");
    return found && typeof found === "object" && !Array.isArray(found) ? found : {};
  } catch {
    return {};
  }
}

/** @param {object | undefined} value */
function textOf(value) {
  return value && Object.keys(value).length > 0 ? JSON.stringify(value) : "";
}

/** @param {string} path */
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
