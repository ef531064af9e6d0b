// Controls of the Charts tab: plain inputs with a name each.

import { append, h, redraw } from "../../shared/page/dom.js";
import { lineSwatch } from "./line_swatch.js";

/** @import { ChartedRun } from "./messages.d.ts" */
/** @import { Choice, ChoiceGroup } from "./chart_types.d.ts" */

/** One of a few, all in sight: radio buttons that look like one button.
 *  @param {string} name @param {readonly Choice[]} options @param {string} value
 *  @param {(value: string) => unknown} onchange */
export function segmented(name, options, value, onchange) {
  const group = `nbt-${name}-${Math.random().toString(36).slice(2, 10)}`;
  const parts = options.map(([option, words]) => {
    const input = h("input", {
      type: "radio",
      name: group,
      value: option,
      checked: option === value,
      "data-key": `${name} ${option}`,
      onchange: () => onchange(option),
    });
    return h(
      "label",
      { class: "nbt-segment", "data-segment": option },
      input,
      h("span", {}, words),
    );
  });
  return h("span", { class: "nbt-segments", role: "radiogroup", "aria-label": name }, parts);
}

/** A select beside its words. `groups` are [label, [[value, words]]]; no label, no group.
 *  @param {string} words @param {readonly ChoiceGroup[]} groups @param {string} value
 *  @param {(value: string) => unknown} onchange @param {string} [key] */
export function labelledSelect(words, groups, value, onchange, key = words) {
  const select = h("select", {
    class: "nbt-field nbt-select",
    "aria-label": words,
    "data-key": `chart ${key}`,
    onchange: ({ target }) => onchange(target.value),
  });
  /** @param {Choice} choice */
  const option = ([each, text]) => h("option", { value: each }, text);
  append(
    select,
    groups
      .filter(([, options]) => options.length)
      .map(([label, options]) =>
        label ? h("optgroup", { label }, options.map(option)) : options.map(option),
      ),
  );
  select.value = value;
  return h("label", { class: "nbt-labelled" }, h("span", { class: "nbt-muted" }, words), select);
}

/** A checkbox with its words.
 *  @param {string} words @param {boolean} checked @param {(isOn: boolean) => unknown} onchange */
export function toggle(words, checked, onchange) {
  const box = h("input", {
    type: "checkbox",
    checked,
    "data-key": `chart ${words}`,
    onchange: (event) => onchange(event.target.checked),
  });
  return h("label", { class: "nbt-labelled" }, box, h("span", {}, words));
}

/** A slider from 0 to `most`; its number stands beside it, "off" for 0.
 *  @param {string} words
 *  @param {{ value: number, most: number, step: number, onchange: (value: number) => unknown }} options */
export function slider(words, { value, most, step, onchange }) {
  const shown = h("output", { class: "nbt-slider-value" });
  const input = h("input", {
    type: "range",
    class: "nbt-slider",
    min: 0,
    max: most,
    step,
    value,
    "aria-label": words,
    "data-key": `chart ${words}`,
    oninput: () => {
      say();
      onchange(Number(input.value));
    },
  });
  const say = () => {
    const text = Number(input.value) === 0 ? "off" : Number(input.value).toFixed(2);
    shown.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  say();
  return h(
    "label",
    { class: "nbt-labelled" },
    h("span", { class: "nbt-muted" }, words),
    input,
    shown,
  );
}

/** `run`, but not while a button is held down in `el`: who rests in the middle of a drag has not
 *  done with it. Of several calls the last one counts.
 *  @template {unknown[]} Given
 *  @param {HTMLElement} el @param {(...given: Given) => unknown} run
 *  @returns {(...given: Given) => void} */
export function afterDrag(el, run) {
  let isDown = false;
  /** @type {Given | null} */
  let waiting = null;
  el.addEventListener(
    "pointerdown",
    () => {
      isDown = true;
      const release = () => {
        isDown = false;
        if (waiting) run(...waiting);
        waiting = null;
      };
      window.addEventListener("pointerup", release, { once: true, capture: true });
    },
    true,
  );
  return (...given) => {
    if (isDown) waiting = given;
    else run(...given);
  };
}

/** Names and looks of the runs, once for all charts. `onHighlight(label | null)` follows pointer
 *  and focus; a click holds it. */
export class RunLegend {
  /** @param {(label: string | null) => unknown} onHighlight */
  constructor(onHighlight) {
    this.onHighlight = onHighlight;
    /** @type {ChartedRun[]} */
    this.runs = [];
    /** The label of the run that stays in the foreground.
     *  @type {string | null} */
    this.held = null;
    this.el = h("div", { class: "nbt-legend", role: "group", "aria-label": "Runs in the charts" });
  }

  /** @param {ChartedRun[]} runs */
  draw(runs) {
    this.runs = runs;
    if (!runs.some(({ label }) => label === this.held)) this.held = null;
    redraw(
      this.el,
      runs.map((run) => this.entry(run)),
    );
  }

  /** @param {ChartedRun} run */
  entry(run) {
    /** @param {string | null} label */
    const show = (label) => this.onHighlight(label ?? this.held);
    return h(
      "button",
      {
        class: "nbt-quiet nbt-legend-run",
        type: "button",
        title: `${run.label}: hold in the foreground`,
        "aria-pressed": String(run.label === this.held),
        "data-legend-run": run.id,
        "data-key": `legend ${run.id}`,
        onclick: () => this.hold(run.label),
        onpointerenter: () => show(run.label),
        onpointerleave: () => show(null),
        onfocus: () => show(run.label),
        onblur: () => show(null),
      },
      lineSwatch(run),
      h("bdi", { class: "nbt-label" }, run.label),
    );
  }

  /** @param {string} label */
  hold(label) {
    this.held = this.held === label ? null : label;
    for (const [n, button] of [...this.el.children].entries()) {
      button.setAttribute("aria-pressed", String(this.runs[n].label === this.held));
    }
    this.onHighlight(this.held);
  }
}
