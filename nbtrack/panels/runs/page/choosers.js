// What stands beside the query box: experiments, grouping, columns.

import { grouped, h, plural, redraw } from "../../shared/page/dom.js";
import { choice, popup } from "../../shared/page/popup.js";

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

export function experimentChooser(state) {
  const menu = popup("…", { name: "Experiments", key: "experiments", build });
  const say = () => menu.say(experimentWords(state));
  state.on("keys", () => (say(), menu.refresh()));
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

  function one({ id, name }) {
    const chosen = state.asked.experiments;
    const isChosen = chosen !== null && chosen.includes(id);
    const onchange = () => {
      const others = (chosen || []).filter((each) => each !== id);
      const next = isChosen ? others : [...others, id];
      set(next.length ? next : null);
    };
    return choice(name, { checked: isChosen, onchange, key: `experiment ${id}` });
  }

  function set(experiments) {
    state.show({ experiments, page: 0 }).then(() => menu.refresh());
  }
}

function firstOf(state) {
  const first = state.keys.experiments[0];
  return first ? [first.id] : null;
}

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

export function groupChooser(state) {
  const select = h("select", {
    class: "nbt-field nbt-select",
    "aria-label": "Group by",
    "data-key": "group",
    onchange: () => state.show({ group: select.value, page: 0 }),
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

function groupOptions(state) {
  const option = (value, words) => h("option", { value }, words);
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
    const onchange = (event) => set(event.target.checked ? null : shownColumns(state));
    const checked = state.asked.columns === null;
    return choice("only columns that differ", { checked, onchange, key: "column differing" });
  }

  function lists() {
    const keyed = (kind) => state.keys[kind].map(({ key }) => [`${kind}.${key}`, key]);
    return [
      part("Run", RUN_COLUMNS),
      part("Params", keyed("params")),
      part("Metrics", keyed("metrics")),
      part("Tags", keyed("tags")),
    ];
  }

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

  function box(id, label) {
    const shown = shownColumns(state);
    const isShown = shown.includes(id);
    const onchange = () => set(isShown ? shown.filter((each) => each !== id) : [...shown, id]);
    return choice(label, { checked: isShown, onchange, key: `column ${id}` });
  }

  function set(columns) {
    state.show({ columns }).then(() => menu.refresh());
  }
}

function shownColumns(state) {
  return state.page ? state.page.columns.map(({ id }) => id) : [];
}
