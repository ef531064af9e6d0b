// The output of a panel: live where the kernel knows it, else one quiet line.
//
// What a panel shows without a kernel, its table or picture, stands in the outputs before this one:
// JupyterLab shows them itself, sanitised as all HTML of a notebook that nobody trusts.

const PANEL = "application/vnd.nbtrack.panel+json";
const WIDGET = "application/vnd.jupyter.widget-view+json";
const DEAD = "Run the cell for the live panel.";
const LOOK = 100; // milliseconds between looks for the widget manager
const LOOKS = 100;
const FRESH = 5000; // milliseconds for which a kernel's list of comms is good
const PATIENCE = 800; // milliseconds in which a panel that lives may come: until then, no words

export const RANK = -20; // before widgets, which are at -10

/** JupyterLab's registry of renderers, and who knows which kernel a notebook has.
 *  @typedef {{ registry: any, notebooks: any, consoles: any }} Lab */

/** It is safe: of an output that nobody trusts it shows the quiet line.
 *  @param {any} Panel Lumino's @param {Lab} lab */
export function panelFactory(Panel, lab) {
  const Output = outputClass(Panel, lab);
  return { safe: true, mimeTypes: [PANEL], createRenderer: () => new Output() };
}

/** @param {any} Panel @param {Lab} lab */
function outputClass(Panel, { registry, notebooks, consoles }) {
  return class extends Panel {
    constructor() {
      super();
      this.model = this.rendermime = this.session = null;
      this.line = quietLine();
      this.node.append(this.line);
    }

    /** @param {any} model of the output */
    async renderModel(model) {
      this.model = model;
      this.settle();
    }

    /** @param {unknown} message */
    onAfterAttach(message) {
      super.onAfterAttach(message);
      this.settle();
    }

    dispose() {
      this.session?.kernelChanged.disconnect(this.settle, this);
      super.dispose();
    }

    /** Not before it is in its notebook: only from there it is known which one that is. */
    async settle() {
      if (this.isLive || !this.isAttached || !this.model) return;
      if (!this.rendermime) this.find();
      setTimeout(() => this.line.toggleAttribute("hidden", this.isLive === true), PATIENCE);
      if (await this.isKnown()) await this.live();
    }

    find() {
      let place = this.parent;
      while (place && !place.rendermime) place = place.parent;
      const rendermime = place?.rendermime ?? null;
      const host =
        notebooks?.find((/** @type {any} */ each) => each.content.rendermime === rendermime) ??
        consoles?.find((/** @type {any} */ each) => each.console.rendermime === rendermime);
      this.rendermime = rendermime;
      this.session = host?.sessionContext ?? null;
      this.session?.kernelChanged.connect(this.settle, this); // also when it comes
    }

    /** Whether the kernel has the panel. A kernel that works says what it has made meanwhile; what
     *  was there before, it says when it rests. */
    async isKnown() {
      const kernel = this.session?.session?.kernel;
      const id = this.model.data[WIDGET]?.model_id;
      if (!kernel || !id || !this.model.trusted) return false;
      return kernel.hasComm?.(id) || (await commsOf(kernel)).has(id);
    }

    async live() {
      for (let look = 0; look < LOOKS && !this.hasManager(); look++)
        await new Promise((resolve) => setTimeout(resolve, LOOK));
      if (this.isLive || this.isDisposed || !this.hasManager()) return;
      this.isLive = true;
      this.line.hidden = true;
      const view = this.rendermime.createRenderer(WIDGET);
      this.addWidget(view);
      const data = { [WIDGET]: { ...this.model.data[WIDGET] } }; // it writes into that
      await view.renderModel(this.rendermime.createModel({ data, trusted: true }));
    }

    /** ipywidgets gives each notebook a renderer of its own, when there is a kernel. */
    hasManager() {
      const own = this.rendermime.getFactory(WIDGET);
      return own !== undefined && own !== registry.getFactory(WIDGET);
    }
  };
}

function quietLine() {
  const line = document.createElement("div");
  line.className = "nbtrack-quiet";
  line.hidden = true;
  line.textContent = DEAD;
  line.style.cssText =
    "padding: 2px 0 4px; color: var(--jp-ui-font-color2); font: var(--jp-ui-font-size1) var(--jp-ui-font-family)";
  return line;
}

/** By kernel, the ids of what it has.
 *  @type {WeakMap<object, Promise<Set<string>>>} */
const known = new WeakMap();

/** @param {any} kernel @returns {Promise<Set<string>>} */
function commsOf(kernel) {
  const asked = known.get(kernel) ?? askComms(kernel);
  known.set(kernel, asked);
  return asked;
}

/** @param {any} kernel @returns {Promise<Set<string>>} */
async function askComms(kernel) {
  setTimeout(() => known.delete(kernel), FRESH);
  try {
    const { content } = await kernel.requestCommInfo({ target_name: "jupyter.widget" });
    return new Set(Object.keys(content.comms ?? {}));
  } catch {
    return new Set(); // it has gone
  }
}
