// The head of the table of runs: groups of columns, sorting, a quick filter for each column.

import { h, redraw } from "../../shared/page/dom.js";
import { afterPause } from "../../shared/page/pauses.js";
import { HeaderMenu } from "./header_menu.js";
import { ERROR_PAUSE, TYPING_PAUSE } from "./query_box.js";

/** @import { SortedAs, TableColumn } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */
/** @import { TableLayout } from "./table_layout.js" */

/** @type {Record<string, string>} */
const QUICK_HELP = {
  start_time: "2026-03-01, > 2026-03-01, or an age: < 2h",
  end_time: "2026-03-01, > 2026-03-01, or an age: < 2h",
  duration: "> 10, > 2 min, 1h..2h",
};
const NUMBER_HELP = "> 0.5, 0.2..0.8, = 3, – for none";
const TEXT_HELP = "a part of it, = all of it, != not it, – for none";

export class TableHead {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    this.looks = ""; // of the columns that are drawn
    this.el = h("thead");
    this.allBox = this.tickAllBox();
    this.menu = new HeaderMenu(state);
    /** What is wrong in the quick filters, by column.
     *  @type {Array<[string, string]>} */
    this.wrong = [];
    this.wrongWords = h("div", { class: "nbt-error", role: "alert" });
    this.sayWrongLater = afterPause(ERROR_PAUSE, () => this.sayWrong());
    this.filterLater = afterPause(TYPING_PAUSE, () =>
      state.show({ quick: this.quickTexts(), page: 0 }),
    );
    state.on("wrong", (wrong) => this.markWrong(wrong.quick));
  }

  /** Only when it changes: somebody may be typing in it.
   *  @param {TableColumn[]} columns @param {TableLayout} layout */
  draw(columns, layout) {
    const { page, hasQuicks } = this.state;
    const looks = JSON.stringify([columns, layout.widths, page?.pinned, hasQuicks]);
    if (looks === this.looks) return;
    this.looks = looks;
    this.allBox = this.tickAllBox();
    const quicks = hasQuicks ? this.quickRow(columns) : null;
    redraw(this.el, this.groupRow(columns), this.labelRow(columns, layout), quicks);
  }

  /** @param {TableColumn[]} columns */
  groupRow(columns) {
    const cells = groupsOf(columns).map(([group, span], n) => groupCells(group, span, n === 0));
    const tick = h("td", { class: "nbt-tick" }, this.quickSwitch());
    return h("tr", { class: "nbt-groups" }, tick, cells);
  }

  /** Shows the fields under the headers; once more takes them away, with what they say. */
  quickSwitch() {
    const { state } = this;
    const words = state.hasQuicks ? "No filter by column" : "Filter by column (f)";
    const look = `nbt-quiet nbt-quick-switch${state.hasQuicks ? " nbt-on" : ""}`;
    const funnel = h("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, [
      h("path", { d: "M1 1.5h10L7.3 6v4.5L4.7 9V6z" }),
    ]);
    const onclick = () => state.turnQuicks(!state.hasQuicks);
    const named = { "aria-label": words, title: words, "aria-pressed": String(state.hasQuicks) };
    const more = { type: "button", tabindex: "-1", "data-key": "quicks" };
    return h("button", { class: look, ...named, ...more, onclick }, funnel);
  }

  /** @param {TableColumn[]} columns @param {TableLayout} layout */
  labelRow(columns, layout) {
    const tick = h("th", { class: "nbt-tick", scope: "col" }, this.allBox);
    const labels = columns.map((column, n) => {
      const isPinned = this.state.page?.pinned.includes(column.id);
      const look = `${cellClass(column, columns[n - 1])}${isPinned ? " nbt-pinned" : ""}`;
      const head = [this.label(column, layout.cutLabel(column, n)), layout.grip(column, n)];
      const oncontextmenu = (/** @type {MouseEvent} */ event) => this.menu.open(event, column);
      const more = { "aria-sort": orderOf(column), oncontextmenu };
      return h("th", { class: look, scope: "col", ...more }, head);
    });
    return h("tr", { class: "nbt-labels" }, tick, labels);
  }

  /** @param {TableColumn} column @param {string} words as much of its name as there is room for */
  label(column, words) {
    const { sorted } = column;
    return h(
      "button",
      {
        class: `nbt-quiet nbt-sort${column.isOwn ? "" : " nbt-not-own"}`,
        type: "button",
        "aria-label": words === column.label ? null : column.label,
        "data-column": column.id,
        "data-key": `sort ${column.id}`,
        title: titleOf(column),
        onclick: (event) => this.state.sortBy(column, { isAdded: event.shiftKey }),
      },
      h("span", { class: "nbt-label" }, words),
      sorted && this.arrow(sorted),
    );
  }

  /** With which key it is, where there are several.
   *  @param {SortedAs} sorted */
  arrow({ descending, place }) {
    const sign = descending ? "▼" : "▲";
    const number = this.state.asked.sort.length > 1 ? String(place + 1) : null;
    return h("span", { class: "nbt-arrow", "aria-hidden": "true" }, sign, number);
  }

  // --- quick filters

  /** @param {TableColumn[]} columns */
  quickRow(columns) {
    const cells = columns.map((column, n) =>
      h("td", { class: cellClass(column, columns[n - 1]) }, this.quick(column)),
    );
    return h("tr", { class: "nbt-quicks" }, h("td", { class: "nbt-tick" }), cells);
  }

  /** @param {TableColumn} column */
  quick(column) {
    if (column.id === "experiment_id") return null; // there is a chooser for them
    return h("input", {
      class: "nbt-field nbt-quick-field",
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Filter ${column.label}`,
      title: QUICK_HELP[column.id] ?? (column.isNumber ? NUMBER_HELP : TEXT_HELP),
      placeholder: column.isNumber ? "> <" : "filter",
      "data-key": `quick ${column.id}`,
      "data-quick": column.id,
      value: this.state.asked.quick[column.id] ?? "",
      oninput: () => this.filterLater(),
    });
  }

  /** @returns {HTMLInputElement[]} */
  quickFields() {
    return [...this.el.querySelectorAll(/** @type {"input"} */ ("[data-quick]"))];
  }

  /** What is typed in them, by column. */
  quickTexts() {
    const filled = this.quickFields().filter(({ value }) => value.trim());
    return Object.fromEntries(filled.map(({ dataset, value }) => [dataset.quick ?? "", value]));
  }

  /** @param {Record<string, string>} wrong */
  markWrong(wrong) {
    for (const field of this.quickFields()) {
      const words = wrong[field.dataset.quick ?? ""];
      field.setAttribute("aria-invalid", String(Boolean(words)));
      if (words) field.title = words;
    }
    this.wrong = Object.entries(wrong);
    if (this.wrong.length && !this.wrongWords.textContent) this.sayWrongLater();
    else this.sayWrong();
  }

  sayWrong() {
    this.wrongWords.textContent = this.wrong
      .map(([column, words]) => `${column}: ${words}`)
      .join("\n");
  }

  // --- the box over all ticks

  tickAllBox() {
    return h("input", {
      type: "checkbox",
      "aria-label": "Tick all runs of this page",
      "data-key": "tick all",
      onchange: ({ target }) => this.state.tickAll(this.shownIds(), target.checked),
    });
  }

  shownIds() {
    return (this.state.page?.rows ?? []).map(({ id }) => id);
  }

  /** @param {string[]} ids of the runs that are shown */
  markAllBox(ids) {
    const ticked = ids.filter((id) => this.state.ticked.includes(id)).length;
    this.allBox.checked = ticked > 0 && ticked === ids.length;
    this.allBox.indeterminate = ticked > 0 && ticked < ids.length;
  }
}

/** @param {TableColumn} column */
function orderOf({ sorted }) {
  return sorted && (sorted.descending ? "descending" : "ascending");
}

/** With where its values came from.
 *  @param {TableColumn} column */
function titleOf({ label, origin }) {
  const name = origin ? `${label}, ${origin}` : label;
  return `${name}\nClick: sort. With Shift: sort by it too. Right click: more.`;
}

/** Neighbours of one group, with how many they are.
 *  @param {TableColumn[]} columns */
function groupsOf(columns) {
  /** @type {Array<[group: string, span: number]>} */
  const groups = [];
  for (const { group } of columns) {
    const last = groups.at(-1);
    if (last && last[0] === group) last[1]++;
    else groups.push([group, 1]);
  }
  return groups;
}

/** The name stays in sight, so the head over it does too.
 *  @param {string} group @param {number} span @param {boolean} isFirst */
function groupCells(group, span, isFirst) {
  const head = { scope: "colgroup", class: isFirst ? "nbt-name" : "nbt-first" };
  const words = h("span", {}, group);
  if (!isFirst || span === 1) return h("th", { ...head, colspan: span }, words);
  return [h("th", head, words), h("td", { colspan: span - 1 })];
}

/** @param {TableColumn} column @param {TableColumn | undefined} before the one on its left */
export function cellClass(column, before) {
  const names = [];
  if (column.id === "run_name") names.push("nbt-name");
  if (column.isNumber) names.push("nbt-number");
  if (before && before.group !== column.group) names.push("nbt-first");
  return names.join(" ");
}
