// The tabs of the runs panel. Each is an object of its module, and the entry names them in order:
//
//   export const chartsTab = { name: "charts", label: "Charts", mount(host, el, state) { … } };
//
// `near(host)` is called when somebody is about to open it: pointer or focus are on the button.
// `mount` is called when the tab is first opened; it may return {shown(), hidden(), close()}.
// `label` may be a function of the state: it is asked again whenever runs are ticked.

import { append, h } from "../../shared/page/dom.js";

export class Tabs {
  constructor(host, state, tabs) {
    this.host = host;
    this.state = state;
    this.tabs = tabs;
    this.mounted = new Map();
    this.line = h("div", {
      class: "nbt-tabs",
      role: "tablist",
      "aria-label": "Views of the runs",
      onkeydown: (event) => this.move(event),
    });
    this.body = h("div", { class: "nbt-body" });
    this.buttons = new Map(tabs.map((tab) => [tab.name, this.button(tab)]));
    append(this.line, [...this.buttons.values()]);
    state.on("ticked", () => this.relabel());
  }

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

  id(kind, name) {
    return `nbt-${kind}-${this.host.view}-${name}`;
  }

  relabel() {
    for (const tab of this.tabs) this.buttons.get(tab.name).textContent = labelOf(tab, this.state);
  }

  open(name) {
    if (name === this.opened) return;
    this.mounted.get(this.opened)?.api?.hidden?.();
    this.opened = name;
    const place = this.mounted.get(name) || this.mount(this.tabs.find((tab) => tab.name === name));
    for (const [each, { el }] of this.mounted) el.hidden = each !== name;
    for (const [each, button] of this.buttons) {
      button.setAttribute("aria-selected", String(each === name));
      button.tabIndex = each === name ? 0 : -1;
    }
    place.api?.shown?.();
  }

  mount(tab) {
    const el = h("div", {
      role: "tabpanel",
      id: this.id("panel", tab.name),
      "aria-labelledby": this.id("tab", tab.name),
    });
    this.body.append(el);
    const place = { el, api: tab.mount(this.host, el, this.state) };
    this.mounted.set(tab.name, place);
    return place;
  }

  /** Arrow keys go from tab to tab. */
  move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = this.tabs.map(({ name }) => name);
    const next = names[(names.indexOf(this.opened) + step + names.length) % names.length];
    this.open(next);
    this.buttons.get(next).focus();
    event.preventDefault();
  }

  close() {
    for (const { api } of this.mounted.values()) api?.close?.();
  }
}

function labelOf(tab, state) {
  return typeof tab.label === "function" ? tab.label(state) : tab.label;
}
