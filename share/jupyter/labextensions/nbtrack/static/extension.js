// The plugins of JupyterLab that this is. Each can be turned off by its id, all by "nbtrack".

import { panelFactory, RANK } from "./panels.js";

/** @param {(name: string) => Promise<any>} shared */
export async function pluginsWith(shared) {
  const [{ IRenderMimeRegistry }, { INotebookTracker }, { IConsoleTracker }, { Panel }] =
    await Promise.all(
      [
        "@jupyterlab/rendermime",
        "@jupyterlab/notebook",
        "@jupyterlab/console",
        "@lumino/widgets",
      ].map(shared),
    );
  return [
    {
      id: "nbtrack:panels",
      description: "Shows nbtrack's panels where their kernel lives, and says so where it is gone.",
      autoStart: true,
      requires: [IRenderMimeRegistry],
      optional: [INotebookTracker, IConsoleTracker],
      /** @param {unknown} _app @param {any} registry @param {any} notebooks @param {any} consoles */
      activate(_app, registry, notebooks, consoles) {
        registry.addFactory(panelFactory(Panel, { registry, notebooks, consoles }), RANK);
      },
    },
  ];
}
