// What stands beside the query box: experiments, and grouping.

import { h, redraw } from "../../shared/page/dom.js";
import { plural } from "../../shared/page/formats.js";
import { choice, Popup } from "../../shared/page/popup.js";

/** @import { KnownExperiment } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

const MOST_LISTED = 300;

export class ExperimentChooser {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    const build = () => this.build();
    this.menu = new Popup("…", { name: "Experiments", key: "experiments", build });
    this.el = this.menu.el;
    const say = () => this.menu.say(experimentWords(state));
    state.on("keys", () => {
      say();
      this.menu.refresh();
    });
    state.on("page", say);
  }

  build() {
    const all = choice("all experiments", {
      checked: this.state.asked.experiments === null,
      key: "experiment *",
      onchange: ({ target }) => this.set(target.checked ? null : firstOf(this.state)),
    });
    const head = h("div", { class: "nbt-choices-head" }, "Experiments");
    return [all, head, this.state.keys.experiments.map((each) => this.one(each))];
  }

  /** @param {KnownExperiment} experiment */
  one({ id, name }) {
    const chosen = this.state.asked.experiments ?? [];
    const isChosen = chosen.includes(id);
    const next = isChosen ? chosen.filter((each) => each !== id) : [...chosen, id];
    const onchange = () => this.set(next.length ? next : null);
    return choice(name, { checked: isChosen, onchange, key: `experiment ${id}` });
  }

  /** @param {string[] | null} experiments */
  set(experiments) {
    this.state.show({ experiments, page: 0 }).then(() => this.menu.refresh());
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

/** One click from children below their parents to all runs in one order, and back.
 *  @param {RunsState} state */
export function treeSwitch(state) {
  const button = h("button", {
    class: "nbt-quiet nbt-text-button",
    type: "button",
    "data-key": "tree",
    onclick: () => state.show({ flat: !state.page?.isFlat, page: 0 }),
  });
  state.on("page", ({ isFlat, hasFamilies }) => {
    button.hidden = !hasFamilies;
    button.textContent = isFlat ? "as a tree" : "all runs, no tree";
    button.title = isFlat ? "Children below their parents" : "Parents and children in one order";
  });
  return button;
}

/** To what was deleted, and back.
 *  @param {RunsState} state */
export function binSwitch(state) {
  const button = h("button", {
    class: "nbt-quiet nbt-text-button",
    type: "button",
    "data-key": "bin",
    onclick: () => state.turnToBin(!state.asked.deleted),
  });
  state.on("page", () => {
    const { deleted } = state.asked;
    button.textContent = deleted ? "back to the runs" : "Deleted";
    button.title = deleted ? "Leave the bin" : "Deleted runs, to be restored";
  });
  return button;
}
