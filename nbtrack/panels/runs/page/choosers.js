// What stands beside the query box: experiments, grouping, columns.

import { h, redraw } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { choice, popup } from "../../shared/page/popup.js";

/** @import { KnownExperiment } from "./runs_messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

/** @type {Array<[id: string, label: string]>} */
const RUN_COLUMNS = [
  ["run_name", "name"],
  ["status", "status"],
  ["start_time", "started"],
  ["duration", "duration"],
  ["experiment_id", "experiment"],
  ["end_time", "ended"],
  ["user_id", "user"],
  ["run_id", "id"],
];
const MOST_LISTED = 300;

/** @param {RunsState} state */
export function experimentChooser(state) {
  const menu = popup("…", { name: "Experiments", key: "experiments", build });
  const say = () => menu.say(experimentWords(state));
  state.on("keys", () => {
    say();
    menu.refresh();
  });
  state.on("page", say);
  return menu;

  function build() {
    const chosen = state.asked.experiments;
    const all = choice("all experiments", {
      checked: chosen === null,
      key: "experiment *",
      onchange: (event) => set(event.target.checked ? null : firstOf(state)),
    });
    return [
      all,
      h("div", { class: "nbt-choices-head" }, "Experiments"),
      ...state.keys.experiments.map(one),
    ];
  }

  /** @param {KnownExperiment} experiment */
  function one({ id, name }) {
    const chosen = state.asked.experiments;
    const isChosen = chosen?.includes(id) ?? false;
    const onchange = () => {
      const others = (chosen || []).filter((each) => each !== id);
      const next = isChosen ? others : [...others, id];
      set(next.length ? next : null);
    };
    return choice(name, { checked: isChosen, onchange, key: `experiment ${id}` });
  }

  /** @param {string[] | null} experiments */
  function set(experiments) {
    state.show({ experiments, page: 0 }).then(() => menu.refresh());
  }
}

/** @param {RunsState} state */
function firstOf(state) {
  const first = state.keys.experiments[0];
  return first ? [first.id] : null;
}

/** @param {RunsState} state */
function experimentWords(state) {
  const chosen = state.asked.experiments;
  if (chosen === null) return "all experiments";
  const names = state.keys.experiments
    .filter(({ id }) => chosen.includes(id))
    .map(({ name }) => name);
  if (names.length === 0)
    return chosen.length > 1 ? plural(chosen.length, "experiment") : "experiment";
  return names.length > 2 ? `${names[0]} +${names.length - 1}` : names.join(", ");
}

/** @param {RunsState} state */
export function groupChooser(state) {
  const select = h("select", {
    class: "nbt-field nbt-select",
    "aria-label": "Group by",
    "data-key": "group",
    onchange: ({ target }) => state.show({ group: target.value, page: 0 }),
  });
  const draw = () => {
    redraw(select, groupOptions(state));
    select.value = state.asked.group;
  };
  state.on("keys", draw);
  state.on("page", () => select.value === state.asked.group || draw());
  draw();
  return h("label", { class: "nbt-labelled" }, h("span", { class: "nbt-muted" }, "Group"), select);
}

/** @param {RunsState} state */
function groupOptions(state) {
  /** @param {string} value @param {string} words */
  const option = (value, words) => h("option", { value }, words);
  /** @param {"params" | "tags"} kind @param {string} label */
  const of = (kind, label) => {
    const keys = state.keys[kind].filter(
      ({ key, differs }) => differs && !/^(mlflow|nbtrack)\./.test(key),
    );
    const options = keys.slice(0, MOST_LISTED).map(({ key }) => option(`${kind}.${key}`, key));
    return options.length ? h("optgroup", { label }, options) : null;
  };
  return [
    option("", "none"),
    h(
      "optgroup",
      { label: "Runs" },
      option("experiment", "experiment"),
      option("cell", "cell"),
      option("status", "status"),
    ),
    of("params", "Params"),
    of("tags", "Tags"),
  ];
}

/** @param {RunsState} state */
export function columnPicker(state) {
  let search = "";
  const menu = popup("Columns", { name: "Columns", key: "columns", build, toLeft: true });
  state.on("keys", menu.refresh);
  return menu;

  function build() {
    const list = h("div", {}, lists());
    const field = h("input", {
      class: "nbt-field nbt-search",
      type: "search",
      placeholder: "find a column",
      "aria-label": "Find a column",
      "data-key": "column search",
      value: search,
      oninput: () => {
        search = field.value;
        redraw(list, lists());
      },
    });
    return [field, differing(), list];
  }

  function differing() {
    return choice("only columns that differ", {
      checked: state.asked.columns === null,
      onchange: ({ target }) => set(target.checked ? null : shownColumns(state)),
      key: "column differing",
    });
  }

  function lists() {
    /** @param {"params" | "metrics" | "tags"} kind
     *  @returns {Array<[id: string, label: string]>} */
    const keyed = (kind) => state.keys[kind].map(({ key }) => [`${kind}.${key}`, key]);
    return [
      part("Run", RUN_COLUMNS),
      part("Params", keyed("params")),
      part("Metrics", keyed("metrics")),
      part("Tags", keyed("tags")),
    ];
  }

  /** @param {string} title @param {Array<readonly [string, string]>} columns */
  function part(title, columns) {
    const typed = search.trim().toLowerCase();
    const found = columns.filter(([, label]) => label.toLowerCase().includes(typed));
    if (found.length === 0) return null;
    const rest = found.length - MOST_LISTED;
    return [
      h("div", { class: "nbt-choices-head" }, title),
      found.slice(0, MOST_LISTED).map(([id, label]) => box(id, label)),
      rest > 0 &&
        h("div", { class: "nbt-muted nbt-choice" }, `${grouped(rest)} more: search for them`),
    ];
  }

  /** @param {string} id @param {string} label */
  function box(id, label) {
    const shown = shownColumns(state);
    const isShown = shown.includes(id);
    const onchange = () => set(isShown ? shown.filter((each) => each !== id) : [...shown, id]);
    return choice(label, { checked: isShown, onchange, key: `column ${id}` });
  }

  /** @param {string[] | null} columns */
  function set(columns) {
    state.show({ columns }).then(() => menu.refresh());
  }
}

/** @param {RunsState} state */
function shownColumns(state) {
  return state.page ? state.page.columns.map(({ id }) => id) : [];
}
