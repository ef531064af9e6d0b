// What JupyterLab loads at its start: a container of webpack's module federation, written by hand,
// so that neither who installs nbtrack nor who works on it needs a build.
// https://webpack.js.org/concepts/module-federation/#dynamic-remote-containers

(() => {
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  const extension = import(String(new URL("extension.js", here))); // while others come, too
  /** What JupyterLab shares, by name and version.
   *  @type {Record<string, Record<string, any>>} */
  let scope = {};

  /** The module of JupyterLab's own that has that name: of those that we ask for there is one.
   *  @param {string} name */
  const shared = async (name) => {
    const versions = Object.values(scope[name] ?? {});
    if (versions.length === 0) throw new Error(`nbtrack: this JupyterLab does not share ${name}`);
    return (await (versions.find(({ loaded }) => loaded) ?? versions[0]).get())();
  };

  const page = /** @type {any} */ (window);
  page._JUPYTERLAB ??= {};
  page._JUPYTERLAB.nbtrack = {
    /** @param {typeof scope} found */
    init(found) {
      scope = found;
    },

    async get() {
      const { pluginsWith } = await extension;
      const plugins = await pluginsWith(shared);
      return () => ({ __esModule: true, default: plugins });
    },
  };
})();
