// The newest runs at the side, over a line to the Jupyter server: no kernel is asked.
//
// The page is that of nbtrack's own panels; the server puts it together, and it is asked for when
// somebody looks: at the start of JupyterLab nothing is loaded.

import { goToCell, insertBelow } from "./notebooks.js";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161"><path d="M2 9h2.6v5H2zM6.7 6h2.6v8H6.7zM11.4 10h2.6v4h-2.6z"/>
  <path d="m8 .6.8 1.6 1.8.3-1.3 1.2.3 1.8L8 4.6l-1.6.9.3-1.8-1.3-1.2 1.8-.3z"/></g></svg>`;
const AWAY = "The Jupyter server does not answer. This list comes back when it does.";
const OFF = "The part of nbtrack in the Jupyter server is off, or is not installed there.";
const RETRY = 2000; // milliseconds between looks whether the server is there again

/** @param {Record<string, any>} jupyter its modules @param {any} app @param {any} notebooks
 *  @param {any} restorer null where nothing is restored */
export function addSide(jupyter, app, notebooks, restorer) {
  const { LabIcon } = jupyter.ui;
  const Side = sideClass(jupyter, app, notebooks);
  const side = new Side();
  side.id = "nbtrack-side";
  side.title.caption = "Runs (nbtrack)";
  side.title.icon = new LabIcon({ name: "nbtrack:runs", svgstr: ICON });
  app.shell.add(side, "left", { rank: 700 });
  restorer?.add(side, side.id);
}

/** @param {Record<string, any>} jupyter @param {any} app @param {any} notebooks */
function sideClass({ services, widgets }, app, notebooks) {
  const settings = app.serviceManager.serverSettings;

  /** @param {string} name @param {Record<string, string>} [asked] */
  const addressOf = (name, asked = {}) => {
    const said = new URLSearchParams(settings.token ? { ...asked, token: settings.token } : asked);
    return `${settings.baseUrl}nbtrack/${name}?${said}`;
  };

  /** Of the project that notebooks of a folder have; null where nobody answers for it.
   *  @param {string} folder */
  const projectOf = async (folder) => {
    const address = `${settings.baseUrl}nbtrack/project?${new URLSearchParams({ of: folder })}`;
    const answer = await services.ServerConnection.makeRequest(address, {}, settings);
    return answer.ok ? answer.json() : null;
  };

  return class extends widgets.Widget {
    constructor() {
      super();
      this.addClass("nbtrack-side");
      this.node.style.overflow = "auto";
      this.said = document.createElement("div");
      this.said.setAttribute("role", "status");
      this.said.style.cssText = "padding: 8px 12px; color: var(--jp-ui-font-color2)";
      this.said.hidden = true;
      this.place = document.createElement("div");
      this.node.append(this.said, this.place);
      this.project = this.shown = null;
      notebooks.currentChanged.connect(() => this.isVisible && this.follow());
    }

    /** @param {unknown} message */
    onAfterShow(message) {
      super.onAfterShow(message);
      this.follow();
    }

    /** The project of the notebook that is open; without one, what was shown stays. */
    async follow() {
      const path = notebooks.currentWidget?.context.localPath;
      if (path === undefined && this.project) return;
      const folder = (path ?? "").split("/").slice(0, -1).join("/");
      try {
        const project = await projectOf(folder);
        if (!project) return this.say(OFF);
        if (project.key !== this.project?.key) await this.take({ ...project, folder });
      } catch {
        this.lose();
      }
    }

    /** @param {any} project */
    async take(project) {
      this.project = project;
      this.leave();
      const page = await pageOf(addressOf);
      if (this.project !== project) return; // another one, meanwhile
      const { line, close } = this.open(page, this.place, project, (model) =>
        page.render({ model, el: this.place, lab: this.lab(page, project) }),
      );
      this.shown = close;
      this.say("");
      line.on("away", () => this.shown === close && this.lose());
      line.on("trouble", (/** @type {string} */ words) => {
        this.leave(); // it would be the same again
        this.say(words);
      });
    }

    /** A line to the project, and what *render* makes of it.
     *  @param {any} page @param {HTMLElement} el @param {any} project
     *  @param {(line: any) => () => void} render */
    open(page, el, project, render) {
      const line = page.lineTo(
        addressOf("line", { of: project.folder }),
        (/** @type {string} */ source) => insertBelow(notebooks.currentWidget, source),
      );
      const leave = render(line);
      const close = () => {
        leave();
        line.close();
        el.replaceChildren();
      };
      return { line, close };
    }

    /** What the page asks of what is around it.
     *  @param {any} page @param {any} project */
    lab(page, project) {
      return {
        title: project.title,
        /** @param {{ notebook: string, id: string }} cell @param {string} source */
        openCell: (cell, source) => goToCell(app.commands, project.root, cell, source),
        /** @param {any} begin */
        openRuns: (begin) => this.openRuns(page, project, begin),
      };
    }

    /** The whole panel, in the main area.
     *  @param {any} page @param {any} project @param {any} begin where */
    openRuns(page, project, begin) {
      const widget = new widgets.Widget();
      widget.id = `nbtrack-runs-${Date.now()}`;
      widget.title.label = `Runs · ${project.title}`;
      widget.title.icon = this.title.icon;
      widget.title.closable = true;
      widget.node.style.cssText = "overflow: auto; background: var(--jp-layout-color1)";
      app.shell.add(widget, "main");
      if (!widget.isAttached) app.shell.add(widget, "down"); // Notebook 7 has one thing in "main"
      app.shell.activateById(widget.id);
      const { close } = this.open(page, widget.node, project, (model) =>
        page.renderRuns({ model, el: widget.node, place: { begin, changed() {} } }),
      );
      widget.disposed.connect(close);
    }

    leave() {
      this.shown?.();
      this.shown = null;
    }

    /** What was shown stays, to be read. */
    lose() {
      this.project = null;
      this.say(AWAY);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.isDisposed || this.follow(), RETRY);
    }

    /** @param {string} words */
    say(words) {
      this.said.textContent = words;
      this.said.hidden = words === "";
    }
  };
}

/** @type {Promise<any> | null} */
let page = null;

/** The script and the style, once.
 *  @param {(name: string) => string} addressOf */
function pageOf(addressOf) {
  page ??= load(addressOf).catch((fault) => {
    page = null; // another try may have it
    throw fault;
  });
  return page;
}

/** @param {(name: string) => string} addressOf */
async function load(addressOf) {
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = addressOf("side.css");
  const styled = new Promise((resolve) => {
    sheet.onload = sheet.onerror = resolve;
  });
  document.head.append(sheet);
  const [script] = await Promise.all([import(addressOf("side.js")), styled]);
  return script.default;
}
