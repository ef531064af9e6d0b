// The table of runs: head with sorting and quick filters, one row for each run.

import { afterPause, grouped, h, plural, reconcile, redraw } from "../../shared/page/dom.js";
import { ERROR_PAUSE, TYPING_PAUSE } from "./query_box.js";
import { detailsRow } from "./run_details.js";

const AGING = 5000; // milliseconds

export class RunsTable {
  constructor(state) {
    this.state = state;
    this.headDrawn = "";
    this.thead = h("thead");
    this.tbody = h("tbody");
    this.table = h("table", { class: "nbt-table", "aria-label": "Runs" }, this.thead, this.tbody);
    this.el = h("div", { class: "nbt-scroll", tabindex: "-1" }, this.table);
    this.filterLater = afterPause(TYPING_PAUSE, () =>
      state.show({ quick: this.quickTexts(), page: 0 }),
    );
    state.on("page", () => this.draw());
    this.ticking = setInterval(() => this.age(), AGING);
    state.on("rows", () => this.drawRows());
    state.on("ticked", () => this.drawRows());
    this.wrongWords = h("div", { class: "nbt-error", role: "alert" });
    this.el.prepend(this.wrongWords);
    this.sayWrongLater = afterPause(ERROR_PAUSE, () => this.sayWrong());
    state.on("wrong", (wrong) => this.markWrong(wrong.quick));
  }

  draw() {
    if (this.state.page.rows) this.drawHead();
    this.drawRows();
  }

  close() {
    clearInterval(this.ticking);
  }

  /** Runs grow older while nothing else happens. */
  age() {
    const { page, clock } = this.state;
    const at = page && page.rows ? page.columns.findIndex(({ id }) => id === "start_time") : -1;
    if (at < 0) return;
    for (const row of page.rows)
      row.cells[at] = ageWords((Date.now() + clock - row.started) / 1000);
    this.drawRows();
  }

  // --- head

  /** Only when it changes: somebody may be typing in it. */
  drawHead() {
    const columns = this.state.page.columns;
    const looks = JSON.stringify(columns);
    if (looks === this.headDrawn) return;
    this.headDrawn = looks;
    redraw(this.thead, this.groupRow(columns), this.labelRow(columns), this.quickRow(columns));
  }

  groupRow(columns) {
    const groups = [];
    for (const { group } of columns) {
      const last = groups[groups.length - 1];
      if (last && last.group === group) last.span++;
      else groups.push({ group, span: 1 });
    }
    return h(
      "tr",
      { class: "nbt-groups" },
      h("td", { class: "nbt-tick" }),
      groups.map(({ group, span }, n) => this.groupCells(group, span, n === 0)),
    );
  }

  /** The name stays in sight, so the head over it does too. */
  groupCells(group, span, isFirst) {
    const head = { scope: "colgroup", class: isFirst ? "nbt-name" : "nbt-first" };
    if (!isFirst || span === 1) return h("th", { ...head, colspan: span }, h("span", {}, group));
    return [h("th", head, h("span", {}, group)), h("td", { colspan: span - 1 })];
  }

  labelRow(columns) {
    return h(
      "tr",
      { class: "nbt-labels" },
      h("th", { class: "nbt-tick", scope: "col" }, this.tickAllBox()),
      columns.map((column, n) => this.label(column, columns[n - 1])),
    );
  }

  label(column, before) {
    const { sorted } = column;
    const order = sorted ? (sorted.descending ? "descending" : "ascending") : null;
    const arrow =
      sorted &&
      h(
        "span",
        { class: "nbt-arrow", "aria-hidden": "true" },
        sorted.descending ? "▼" : "▲",
        this.place(sorted),
      );
    const button = h(
      "button",
      {
        class: "nbt-quiet nbt-sort",
        type: "button",
        "data-column": column.id,
        "data-key": `sort ${column.id}`,
        title: `${column.label}: sort (with Shift: sort by it too)`,
        onclick: (event) => this.state.sortBy(column, { isAdded: event.shiftKey }),
      },
      h("span", { class: "nbt-label" }, column.label),
      arrow,
    );
    return h("th", { class: cellClass(column, before), scope: "col", "aria-sort": order }, button);
  }

  /** Which key it is, where there are several. */
  place(sorted) {
    return this.state.asked.sort.length > 1 ? String(sorted.place + 1) : null;
  }

  quickRow(columns) {
    return h(
      "tr",
      { class: "nbt-quicks" },
      h("td", { class: "nbt-tick" }),
      columns.map((column, n) =>
        h("td", { class: cellClass(column, columns[n - 1]) }, this.quick(column)),
      ),
    );
  }

  quick(column) {
    if (column.id === "experiment_id") return null; // there is a chooser for them
    return h("input", {
      class: "nbt-field nbt-quick-field",
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `Filter ${column.label}`,
      title:
        QUICK_HELP[column.id] ||
        (column.isNumber
          ? "> 0.5, 0.2..0.8, = 3, – for none"
          : "a part of it, = all of it, != not it, – for none"),
      placeholder: column.isNumber ? "> <" : "filter",
      "data-key": `quick ${column.id}`,
      "data-quick": column.id,
      value: this.state.asked.quick[column.id] || "",
      oninput: () => this.filterLater(),
    });
  }

  quickTexts() {
    const fields = [...this.thead.querySelectorAll("[data-quick]")];
    return Object.fromEntries(
      fields.filter(({ value }) => value.trim()).map((field) => [field.dataset.quick, field.value]),
    );
  }

  markWrong(wrong) {
    for (const field of this.thead.querySelectorAll("[data-quick]")) {
      const words = wrong && wrong[field.dataset.quick];
      field.setAttribute("aria-invalid", String(Boolean(words)));
      if (words) field.title = words;
    }
    this.wrong = Object.entries(wrong || {});
    if (this.wrong.length && !this.wrongWords.textContent) this.sayWrongLater();
    else this.sayWrong();
  }

  sayWrong() {
    this.wrongWords.textContent = this.wrong
      .map(([column, words]) => `${column}: ${words}`)
      .join("\n");
  }

  tickAllBox() {
    const onchange = (event) => this.state.tickAll(this.shownIds(), event.target.checked);
    this.allBox = h("input", {
      type: "checkbox",
      "aria-label": "Tick all runs of this page",
      "data-key": "tick all",
      onchange,
    });
    return this.allBox;
  }

  shownIds() {
    return ((this.state.page && this.state.page.rows) || []).map(({ id }) => id);
  }

  // --- rows

  drawRows() {
    const { page } = this.state;
    if (!page || !page.rows) return;
    reconcile(
      this.tbody,
      page.rows.length ? page.rows.flatMap((row) => this.parts(row)) : [this.emptyPart()],
    );
    this.markAllBox();
  }

  markAllBox() {
    const ids = this.shownIds();
    const ticked = ids.filter((id) => this.state.ticked.includes(id)).length;
    this.allBox.checked = ticked > 0 && ticked === ids.length;
    this.allBox.indeterminate = ticked > 0 && ticked < ids.length;
  }

  parts(row) {
    const { state } = this;
    const isOpen = state.opened.has(row.id);
    const looks = [
      row,
      isOpen,
      state.ticked.includes(row.id),
      state.colourOf(row.id),
      state.sparks[row.id],
      state.asked.unfolded.includes(row.id),
      this.headDrawn,
    ];
    const parts = [{ key: row.id, looks: JSON.stringify(looks), make: () => this.row(row) }];
    if (isOpen) parts.push(this.detailsPart(row));
    return parts;
  }

  /** Remade when an edit begins or ends in it, not while somebody types. */
  detailsPart(row) {
    const { state } = this;
    const drafts = [...state.drafts.keys()].filter((key) => key.endsWith(` ${row.id}`));
    const looks = JSON.stringify([state.details.get(row.id), drafts, state.page.columns.length]);
    return { key: `details ${row.id}`, looks, make: () => detailsRow(state, row) };
  }

  emptyPart() {
    const words = this.state.page.all ? "No run matches." : "No runs yet.";
    const span = this.state.page.columns.length + 1;
    const make = () =>
      h(
        "tr",
        { class: "nbt-empty" },
        h("td", { colspan: span }, h("span", { class: "nbt-muted" }, words)),
      );
    return { key: "empty", looks: `${words} ${span}`, make };
  }

  row(row) {
    const isTicked = this.state.ticked.includes(row.id);
    const isOpen = this.state.opened.has(row.id);
    const look = `nbt-run${isTicked ? " nbt-ticked" : ""}${isOpen ? " nbt-open" : ""}`;
    const { columns } = this.state.page;
    return h(
      "tr",
      { class: look, "data-run-id": row.id },
      this.tickCell(row, isTicked),
      columns.map((column, n) => this.cell(row, column, n)),
    );
  }

  tickCell(row, isTicked) {
    const colour = this.state.colourOf(row.id);
    return h(
      "td",
      { class: "nbt-tick" },
      h("input", {
        type: "checkbox",
        checked: isTicked,
        "aria-label": `Tick ${row.name}`,
        "data-key": `tick ${row.id}`,
        onchange: (event) => this.state.tick(row.id, event.target.checked),
      }),
      h("span", {
        class: "nbt-swatch",
        style: { background: colour || "transparent" },
        "aria-hidden": "true",
      }),
    );
  }

  cell(row, column, n) {
    const text = row.cells[n];
    const look = cellClass(column, this.state.page.columns[n - 1]);
    if (column.id === "run_name") return this.nameCell(row, look);
    if (column.id === "status") return h("td", { class: look }, statusWord(row.status));
    if (column.group === "Metrics") return this.metricCell(row, column, n, look);
    const title =
      column.id === "start_time" ? new Date(row.started).toLocaleString() : row.titles[n] || text;
    return h(
      "td",
      { class: text === "–" ? `${look} nbt-muted` : look, title },
      h("span", { class: "nbt-text" }, text),
    );
  }

  nameCell(row, look) {
    const isOpen = this.state.opened.has(row.id);
    const name = h(
      "button",
      {
        class: "nbt-quiet nbt-name-button",
        type: "button",
        "aria-expanded": String(isOpen),
        title: row.name,
        "data-key": `open ${row.id}`,
        onclick: () => this.state.open(row.id),
      },
      h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›"),
      h("bdi", { class: "nbt-label" }, row.name),
    );
    return h(
      "th",
      { class: look, scope: "row", style: { "--depth": row.depth } },
      h("div", { class: "nbt-name-line" }, name, this.fold(row), badges(row)),
    );
  }

  /** Children under their parent. */
  fold(row) {
    if (!row.children) return null;
    const { unfolded } = this.state.asked;
    const isUnfolded = unfolded.includes(row.id);
    const most = this.state.page.mostChildren;
    const next = isUnfolded ? unfolded.filter((id) => id !== row.id) : [...unfolded, row.id];
    return h(
      "button",
      {
        class: "nbt-quiet nbt-fold",
        type: "button",
        "aria-expanded": String(isUnfolded),
        "aria-label": `${isUnfolded ? "Fold" : "Unfold"} ${plural(row.children, "child run")} of ${row.name}`,
        title: plural(row.children, "child run"),
        "data-key": `fold ${row.id}`,
        onclick: () => this.state.show({ unfolded: next }),
      },
      isUnfolded ? "−" : "+",
      isUnfolded && row.children > most
        ? `${grouped(most)} of ${grouped(row.children)}`
        : grouped(row.children),
    );
  }

  metricCell(row, column, n, look) {
    const share = row.shares[n];
    const isBest = row.best.includes(column.id);
    const style = share === null ? {} : { "--share": `${4 + share * 92}%` };
    const curve = sparkline((this.state.sparks[row.id] || {})[column.label]);
    const number = h("span", { class: row.cells[n] === "–" ? "nbt-muted" : null }, row.cells[n]);
    const star =
      isBest &&
      h(
        "span",
        { class: "nbt-best", title: "the best" },
        "★",
        h("span", { class: "nbt-hidden-words" }, " best "),
      );
    return h(
      "td",
      { class: `${look} nbt-metric`, style, title: row.cells[n] },
      h("span", { class: "nbt-metric-line" }, curve, star, number),
    );
  }
}

const QUICK_HELP = {
  start_time: "2026-03-01, > 2026-03-01, or an age: < 2h",
  end_time: "2026-03-01, > 2026-03-01, or an age: < 2h",
  duration: "> 10, > 2 min, 1h..2h",
};

const AGES = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [1209600, 86400, "d"],
  [31557600, 604800, "w"],
  [Infinity, 31557600, "y"],
];

/** As `format_age` writes it in Python. */
function ageWords(seconds) {
  if (seconds < 5) return "just now";
  const [, unit, name] = AGES.find(([limit]) => seconds < limit);
  return `${Math.floor(seconds / unit)} ${name} ago`;
}

function cellClass(column, before) {
  const names = [];
  if (column.id === "run_name") names.push("nbt-name");
  if (column.isNumber) names.push("nbt-number");
  if (before && before.group !== column.group) names.push("nbt-first");
  return names.join(" ");
}

const STATUS_LOOK = {
  FINISHED: "good",
  FAILED: "bad",
  KILLED: "warn",
  RUNNING: "busy",
  SCHEDULED: "busy",
};

function statusWord(status) {
  const dot = h("span", {
    class: `nbt-dot nbt-dot-${STATUS_LOOK[status] || "none"}`,
    "aria-hidden": "true",
  });
  return h("span", { class: "nbt-status" }, dot, status.toLowerCase());
}

function badges(row) {
  return [
    row.pinned && h("span", { class: "nbt-badge", title: "stands first" }, "pinned"),
    row.baseline &&
      h(
        "span",
        { class: "nbt-badge nbt-badge-strong", title: "others are compared with it" },
        "baseline",
      ),
  ];
}

/** A curve of numbers; words such as "NaN" are gaps. */
function sparkline(values) {
  const numbers = (values || []).filter((value) => typeof value === "number");
  if (numbers.length < 3) return null;
  const low = Math.min(...numbers);
  const span = Math.max(...numbers) - low || 1;
  const x = (n) => ((n / (values.length - 1)) * 46 + 1).toFixed(1);
  const y = (value) => (13 - ((value - low) / span) * 11).toFixed(1);
  const points = values
    .map((value, n) => (typeof value === "number" ? `${x(n)},${y(value)}` : ""))
    .filter(Boolean);
  return h(
    "svg",
    { class: "nbt-spark", viewBox: "0 0 48 14", "aria-hidden": "true" },
    h("polyline", { points: points.join(" ") }),
  );
}
