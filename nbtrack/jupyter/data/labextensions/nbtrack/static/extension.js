// The plugins of JupyterLab that this is. Each can be turned off by its id, all by "nbtrack".

import { colourLines } from "./colours.js";
import { markCells } from "./marks.js";
import { panelFactory, RANK } from "./panels.js";
import { addSide } from "./side.js";

const SHARED = {
  application: "@jupyterlab/application",
  apputils: "@jupyterlab/apputils",
  console: "@jupyterlab/console",
  notebook: "@jupyterlab/notebook",
  rendermime: "@jupyterlab/rendermime",
  services: "@jupyterlab/services",
  ui: "@jupyterlab/ui-components",
  widgets: "@lumino/widgets",
};
// Without one of these, cells have no colours of ours, and all else is there.
const EDITORS = ["@jupyterlab/codemirror", "@codemirror/view", "@codemirror/state"];

/** @param {(name: string) => Promise<any>} shared */
export async function pluginsWith(shared) {
  const names = Object.entries(SHARED);
  const found = names.map(async ([key, name]) => [key, await shared(name)]);
  /** @type {Record<keyof typeof SHARED, any>} */
  const jupyter = Object.fromEntries(await Promise.all(found));
  const plugins = [panels(jupyter), side(jupyter), marks(jupyter)];
  const editors = await Promise.all(EDITORS.map(shared)).catch(() => null);
  return editors ? [...plugins, colours(editors)] : plugins;
}

/** @param {Record<string, any>} jupyter */
function panels({ rendermime, notebook, console, widgets }) {
  return {
    id: "nbtrack:panels",
    description: "Shows nbtrack's panels where their kernel lives, and says so where it is gone.",
    autoStart: true,
    requires: [rendermime.IRenderMimeRegistry],
    optional: [notebook.INotebookTracker, console.IConsoleTracker],
    /** @param {unknown} _app @param {any} registry @param {any} notebooks @param {any} consoles */
    activate(_app, registry, notebooks, consoles) {
      registry.addFactory(panelFactory(widgets.Panel, { registry, notebooks, consoles }), RANK);
    },
  };
}

/** @param {Record<string, any>} jupyter */
function side(jupyter) {
  return {
    id: "nbtrack:side",
    description: "Shows the newest runs of a project at the side, without a kernel.",
    autoStart: true,
    requires: [jupyter.notebook.INotebookTracker],
    optional: [jupyter.application.ILayoutRestorer],
    /** @param {any} app @param {any} notebooks @param {any} restorer */
    activate(app, notebooks, restorer) {
      addSide(jupyter, app, notebooks, restorer);
    },
  };
}

/** @param {Record<string, any>} jupyter */
function marks({ notebook }) {
  return {
    id: "nbtrack:marks",
    description:
      "Marks the prompts of cells that are runs: how they ended, and which was the best.",
    autoStart: true,
    requires: [notebook.INotebookTracker],
    /** @param {unknown} _app @param {any} notebooks */
    activate(_app, notebooks) {
      markCells(notebooks);
    },
  };
}

/** @param {any[]} editors EDITORS */
function colours([codemirror, view, state]) {
  return {
    id: "nbtrack:colours",
    description: "Colours the line of %%track in the editor of a cell.",
    autoStart: true,
    optional: [codemirror.IEditorExtensionRegistry],
    /** @param {unknown} _app @param {any} registry null where there is none */
    activate(_app, registry) {
      if (registry) colourLines(view, state, registry);
    },
  };
}
