// The tabs of the runs panel. Each is an object of its module, and the entry names them in order:
//
//   export const chartsTab = { name: "charts", label: "Charts", mount(host, el, state) { … } };
//
// `warm(host)` is called when the panel stands, `near(host)` when somebody is about to open the tab:
// pointer or focus are on the button.
// `mount` is called when the tab is first opened; it may return {shown(), hidden(), close()}.
// `label` may be a function of the state: it is asked again whenever runs are ticked.

import { append, h } from "../../shared/page/dom.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { RunsState } from "./runs_state.js" */
/** @import { OpenTab, Tab } from "./runs_types.d.ts" */

/** A tab with its button, and, once it was opened, with what is in it.
 *  @typedef {{ tab: Tab, button: HTMLElement, place?: { el: HTMLElement, api: OpenTab } }} Shelf */

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export class Tabs {
  /** @param {PanelHost} host @param {RunsState} state @param {Tab[]} tabs */
  constructor(host, state, tabs) {
    this.host = host;
    this.state = state;
    /** @type {Shelf[]} */
    this.shelves = tabs.map((tab) => ({ tab, button: this.button(tab) }));
    /** @type {Shelf | undefined} */
    this.opened = undefined;
    this.line = h("div", {
      class: "nbt-tabs",
      role: "tablist",
      "aria-label": "Views of the runs",
      onkeydown: (event) => this.move(event),
    });
    const buttons = this.shelves.map(({ button }) => button);
    append(this.line, buttons);
    this.body = h("div", { class: "nbt-body" });
    state.on("ticked", () => this.relabel());
  }

  /** @param {Tab} tab */
  button(tab) {
    return h(
      "button",
      {
        class: "nbt-tab",
        type: "button",
        role: "tab",
        id: this.id("tab", tab.name),
        "aria-controls": this.id("panel", tab.name),
        "data-tab": tab.name,
        "data-key": `tab ${tab.name}`,
        onclick: () => this.open(tab.name),
        onpointerenter: () => tab.near?.(this.host),
        onfocus: () => tab.near?.(this.host),
      },
      labelOf(tab, this.state),
    );
  }

  /** @param {string} kind @param {string} name */
  id(kind, name) {
    return `nbt-${kind}-${this.host.view}-${name}`;
  }

  relabel() {
    for (const { tab, button } of this.shelves) button.textContent = labelOf(tab, this.state);
  }

  /** @param {string} name */
  open(name) {
    const next = this.shelves.find(({ tab }) => tab.name === name);
    if (!next || next === this.opened) return next?.place?.api;
    this.opened?.place?.api.hidden?.();
    this.opened = next;
    next.place ??= this.mount(next.tab);
    for (const each of this.shelves) mark(each, each === next);
    next.place.api.shown?.();
    this.state.emit("opened", name);
    return next.place.api;
  }

  /** @param {Tab} tab */
  mount(tab) {
    const el = h("div", {
      role: "tabpanel",
      id: this.id("panel", tab.name),
      "aria-labelledby": this.id("tab", tab.name),
    });
    this.body.append(el);
    return { el, api: tab.mount(this.host, el, this.state) };
  }

  /** Have the kernel prepare what is asked for next. */
  warm() {
    for (const { tab } of this.shelves) tab.warm?.(this.host);
  }

  /** Arrow keys go from tab to tab.
   *  @param {KeyboardEvent} event */
  move(event) {
    const step = STEPS[event.key];
    if (!step) return;
    const count = this.shelves.length;
    const at = this.shelves.findIndex((each) => each === this.opened);
    const next = this.shelves[(at + step + count) % count];
    this.open(next.tab.name);
    next.button.focus();
    event.preventDefault();
  }

  close() {
    for (const { place } of this.shelves) place?.api.close?.();
  }
}

/** @param {Shelf} shelf @param {boolean} isOpen */
function mark({ button, place }, isOpen) {
  button.setAttribute("aria-selected", String(isOpen));
  button.tabIndex = isOpen ? 0 : -1;
  if (place) place.el.hidden = !isOpen;
}

/** @param {Tab} tab @param {RunsState} state */
function labelOf(tab, state) {
  return typeof tab.label === "function" ? tab.label(state) : tab.label;
}
