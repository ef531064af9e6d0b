// "Register the model of calm-otter-91 as […]".

import { h, redraw } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { Child } from "../../shared/page/dom_types.d.ts" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */

export class RegisterOffer {
  /** @param {PanelHost} host @param {RunsState} state
   *  @param {(name: string) => void} registered is told the name of the model */
  constructor(host, state, registered) {
    this.host = host;
    this.state = state;
    this.registered = registered;
    this.name = ""; // as it is typed
    /** The run that is ticked.
     *  @type {string | null} */
    this.runId = null;
    /** Of the models that it has logged.
     *  @type {string[]} */
    this.paths = [];
    this.mayRegister = true;
    /** Of the registered models, those that may get a version more.
     *  @type {string[]} */
    this.names = [];
    this.trouble = "";
    this.el = h("div", { class: "nbt-register" });
  }

  /** @param {string | null} runId the only one that is ticked, if nobody says which */
  async show(runId = onlyOne(this.state.ticked)) {
    this.runId = runId;
    this.trouble = "";
    if (!this.runId) return this.say("Tick one run in the Runs tab to register its model here.");
    try {
      if (!(await this.read(this.runId))) return undefined;
    } catch (error) {
      return this.say(wordsOf(error));
    }
    if (!this.mayRegister) return this.say("Registering a model takes the role editor of one.");
    if (this.paths.length > 0) return this.draw(this.runId);
    return this.say(["The run ", this.runName(this.runId), " has logged no model."]);
  }

  /** False if another run is ticked by now.
   *  @param {string} runId */
  async read(runId) {
    const [{ paths, mayRegister }, { models }] = await Promise.all([
      this.host.ask("registry_models_of_run", { run: runId }),
      this.host.ask("registry_models", {}),
    ]);
    if (runId !== this.runId) return false;
    Object.assign(this, { paths, mayRegister });
    this.names = models.filter(({ mayEdit }) => mayEdit).map(({ name }) => name);
    return true;
  }

  /** @param {Child} words */
  say(words) {
    redraw(this.el, h("span", { class: "nbt-muted", role: "status" }, words));
  }

  /** @param {string} runId */
  runName(runId) {
    const row = (this.state.page?.rows ?? []).find(({ id }) => id === runId);
    return h("bdi", {}, row ? row.name : runId.slice(0, 8));
  }

  /** @param {string} runId */
  draw(runId) {
    const which = this.paths.length > 1 && this.pathChooser();
    const register = () => this.register(runId, which ? which.value : this.paths[0]);
    const look = { class: "nbt-button nbt-main", type: "button", "data-key": "register" };
    const button = h("button", { ...look, onclick: register }, "Register");
    const words = h("span", {}, "Register the model of ", h("b", {}, this.runName(runId)), " as");
    const trouble = this.trouble && h("div", { class: "nbt-error", role: "alert" }, this.trouble);
    redraw(this.el, words, which, this.nameField(button), button, trouble);
  }

  pathChooser() {
    const named = { "aria-label": "Which model", "data-key": "register path" };
    const options = this.paths.map((path) => h("option", { value: path }, path));
    return h("select", { class: "nbt-field", ...named }, options);
  }

  /** With the names that there are.
   *  @param {HTMLButtonElement} button what Enter presses, if there is a name */
  nameField(button) {
    const listId = `nbt-models-${this.host.view}`;
    /** @param {string} name */
    const take = (name) => {
      this.name = name;
      button.disabled = !name.trim();
    };
    take(this.name);
    const field = h("input", {
      class: "nbt-field",
      type: "text",
      list: listId,
      placeholder: "name of the registered model",
      "aria-label": "Name of the registered model",
      "data-key": "register name",
      value: this.name,
      oninput: ({ target }) => take(target.value),
      onkeydown: (event) => event.key === "Enter" && !button.disabled && button.click(),
    });
    const options = this.names.map((name) => h("option", { value: name }));
    return [field, h("datalist", { id: listId }, options)];
  }

  /** @param {string} run @param {string} path */
  async register(run, path) {
    try {
      const made = await this.host.ask("registry_register", { run, name: this.name, path });
      this.name = "";
      this.trouble = "";
      this.draw(run);
      this.registered(made.name);
    } catch (error) {
      this.trouble = wordsOf(error);
      this.draw(run);
    }
  }
}

/** @param {string[]} ids */
function onlyOne(ids) {
  return ids.length === 1 ? ids[0] : null;
}
