// The Registry tab of the runs panel: the registry, and the way into it for a ticked run's model.

import { append, h, redraw } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { RegistryBrowser } from "./registry.js";
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { Child } from "../../shared/page/dom_types.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */

export const registryTab = { name: "registry", label: "Registry", mount: mountRegistryTab };

/** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
function mountRegistryTab(host, el, state) {
  const offer = new RegisterOffer(host, state);
  const body = h("div", { class: "nbt-registry" });
  const browser = new RegistryBrowser(host, body);
  let isShown = false;
  append(el, [offer.el, body]);
  offer.on = (name) => browser.state.openModel(name);
  state.on("ticked", () => isShown && offer.show());
  host.onPush("page", () => isShown && browser.state.refresh());
  browser.state.openList();
  return {
    shown: () => {
      isShown = true;
      offer.show();
      if (browser.state.models) browser.state.refresh();
    },
    hidden: () => (isShown = false),
  };
}

/** "Register the model of calm-otter-91 as […]", when exactly one run is ticked. */
class RegisterOffer {
  /** @param {PanelHost} host @param {RunsState} state */
  constructor(host, state) {
    Object.assign(this, { host, state, on: () => {}, name: "", runId: null, trouble: "" });
    this.el = h("div", { class: "nbt-register" });
  }

  async show() {
    const { ticked } = this.state;
    this.runId = ticked.length === 1 ? ticked[0] : null;
    this.trouble = "";
    if (!this.runId) return this.say("Tick one run in the Runs tab to register its model here.");
    const runId = this.runId;
    try {
      const [{ paths }, { models }] = await Promise.all([
        this.host.ask("registry_models_of_run", { run: runId }),
        this.host.ask("registry_models", {}),
      ]);
      if (runId !== this.runId) return undefined;
      Object.assign(this, { paths, names: models.map(({ name }) => name) });
    } catch (error) {
      return this.say(wordsOf(error));
    }
    if (this.paths.length === 0)
      return this.say(["The run ", this.runName(), " has logged no model."]);
    return this.draw();
  }

  /** @param {Child} words */
  say(words) {
    redraw(this.el, h("span", { class: "nbt-muted", role: "status" }, words));
  }

  runName() {
    const row = (this.state.page?.rows || []).find(({ id }) => id === this.runId);
    return h("bdi", {}, row ? row.name : this.runId.slice(0, 8));
  }

  draw() {
    const listId = `nbt-models-${this.host.view}`;
    const field = h("input", {
      class: "nbt-field",
      type: "text",
      list: listId,
      placeholder: "name of the registered model",
      "aria-label": "Name of the registered model",
      "data-key": "register name",
      value: this.name,
    });
    const which =
      this.paths.length > 1 &&
      h(
        "select",
        { class: "nbt-field", "aria-label": "Which model", "data-key": "register path" },
        this.paths.map((path) => h("option", { value: path }, path)),
      );
    const button = h(
      "button",
      {
        class: "nbt-button nbt-main",
        type: "button",
        "data-key": "register",
        onclick: () => this.register(which ? which.value : this.paths[0]),
      },
      "Register",
    );
    const sync = () => {
      this.name = field.value;
      button.disabled = !field.value.trim();
    };
    field.addEventListener("input", sync);
    field.addEventListener(
      "keydown",
      (event) => event.key === "Enter" && !button.disabled && button.click(),
    );
    sync();
    const words = h("span", {}, "Register the model of ", h("b", {}, this.runName()), " as");
    const trouble = this.trouble && h("div", { class: "nbt-error", role: "alert" }, this.trouble);
    redraw(
      this.el,
      words,
      which,
      field,
      h(
        "datalist",
        { id: listId },
        this.names.map((name) => h("option", { value: name })),
      ),
      button,
      trouble,
    );
  }

  /** @param {string} path */
  async register(path) {
    try {
      const made = await this.host.ask("registry_register", {
        run: this.runId,
        name: this.name,
        path,
      });
      this.name = "";
      this.trouble = "";
      this.draw();
      this.on(made.name);
    } catch (error) {
      this.trouble = wordsOf(error);
      this.draw();
    }
  }
}
