// The newest runs at the side, over a line to the Jupyter server: no kernel is asked.
//
// The page is that of nbtrack's own panels; the server puts it together, and it is asked for when
// somebody looks: at the start of JupyterLab nothing is loaded.

import { goToCell, insertBelow } from "./notebooks.js";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161"><path d="M2 9h2.6v5H2zM6.7 6h2.6v8H6.7zM11.4 10h2.6v4h-2.6z"/>
  <path d="m8 .6.8 1.6 1.8.3-1.3 1.2.3 1.8L8 4.6l-1.6.9.3-1.8-1.3-1.2 1.8-.3z"/></g></svg>`;
const AWAY = "No answer from the Jupyter server. What is here comes back with one.";
const OFF = "The part of nbtrack in the Jupyter server is off, or is not installed there.";
const AGAIN = "Close this and open it again when that is mended.";
// The server is not there, says who stands before it: JupyterHub, or a proxy.
const GONE = new Set([424, 502, 503, 504]);
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

  /** Of a line, which cannot have the token elsewhere.
   *  @param {string} folder */
  const lineOf = (folder) => {
    const token = settings.token ? { token: settings.token } : undefined;
    return `${settings.baseUrl}nbtrack/line?${new URLSearchParams({ of: folder, ...token })}`;
  };

  /** @param {string} name @param {Record<string, string>} [asked] */
  const answerOf = async (name, asked = {}) => {
    const address = `${settings.baseUrl}nbtrack/${name}?${new URLSearchParams(asked)}`;
    const answer = await services.ServerConnection.makeRequest(address, {}, settings);
    if (GONE.has(answer.status)) throw new Error(AWAY);
    return answer;
  };

  /** @param {string} name */
  const textOf = async (name) => {
    const answer = await answerOf(name);
    if (!answer.ok) throw new Error(await refusalOf(answer));
    return answer.text();
  };

  /** Of the project that notebooks of a folder have; or why there is none to be seen.
   *  @param {string} folder @returns {Promise<{ project?: any, refusal?: string }>} */
  const projectOf = async (folder) => {
    const answer = await answerOf("project", { of: folder });
    return answer.ok ? { project: await answer.json() } : { refusal: await refusalOf(answer) };
  };

  /** @param {any} project @param {() => void} then */
  const whenBack = async (project, then) => {
    do await new Promise((resolve) => setTimeout(resolve, RETRY));
    while (!(await projectOf(project.folder).then(Boolean, () => false)));
    then();
  };

  return class extends widgets.Widget {
    constructor() {
      super();
      this.addClass("nbtrack-side");
      this.node.style.overflow = "auto";
      this.said = spokenLine();
      this.place = document.createElement("div");
      this.node.append(this.said, this.place);
      this.project = this.shown = null;
      this.folder = ""; // of the project that is shown, or was
      this.asked = 0; // how often: a late answer to a question before is none
      notebooks.currentChanged.connect(() => this.isVisible && this.follow());
    }

    /** @param {unknown} message */
    onAfterShow(message) {
      super.onAfterShow(message);
      this.follow();
    }

    /** Folded, it asks for nothing.
     *  @param {unknown} message */
    onAfterHide(message) {
      super.onAfterHide(message);
      this.asked++;
      this.forget();
      this.leave();
    }

    /** The project of the notebook that is open; without one, what was shown stays. */
    async follow() {
      const path = notebooks.currentWidget?.context.localPath;
      if (path === undefined && this.project) return;
      const folder = path === undefined ? this.folder : path.split("/").slice(0, -1).join("/");
      const asked = ++this.asked;
      const isLate = () => asked !== this.asked;
      try {
        const { project, refusal } = await projectOf(folder);
        if (isLate()) return;
        if (refusal !== undefined) this.refuse(refusal);
        else if (project.key !== this.project?.key) await this.take({ ...project, folder }, isLate);
      } catch {
        if (!isLate()) this.lose();
      }
    }

    /** @param {any} project @param {() => boolean} isLate */
    async take(project, isLate) {
      const page = await pageOf(textOf);
      if (isLate()) return;
      this.leave();
      this.project = project;
      this.folder = project.folder;
      const { line, close } = this.open(page, this.place, project, (model) =>
        page.render({ model, el: this.place, lab: this.lab(page, project) }),
      );
      this.shown = close;
      this.say("");
      line.on("away", () => this.shown === close && this.lose());
      line.on("trouble", (/** @type {string} */ words) => this.refuse(words));
    }

    /** A line to the project, and what *render* makes of it.
     *  @param {any} page @param {HTMLElement} el @param {any} project
     *  @param {(line: any) => () => void} render */
    open(page, el, project, render) {
      const line = page.lineTo(lineOf(project.folder), (/** @type {string} */ source) =>
        insertBelow(notebooks.currentWidget, source),
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
      if (!widget.isAttached) {
        // Notebook 7 has one thing in "main"; below it, what asks for no height has none.
        widget.node.style.minHeight = "min(50vh, 360px)";
        app.shell.add(widget, "down");
      }
      app.shell.activateById(widget.id);
      this.keepRuns(page, project, begin, widget);
    }

    /** It comes back with the server, where it was.
     *  @param {any} page @param {any} project @param {any} begin @param {any} widget */
    keepRuns(page, project, begin, widget) {
      const said = spokenLine();
      const el = document.createElement("div");
      widget.node.append(said, el);
      let here = begin;
      const place = { begin, changed: (/** @type {any} */ now) => (here = now) };
      const { line, close } = this.open(page, el, project, (model) =>
        page.renderRuns({ model, el, place }),
      );
      const again = () => {
        if (widget.isDisposed) return;
        close();
        widget.node.replaceChildren();
        widget.disposed.disconnect(close);
        this.keepRuns(page, project, here, widget);
      };
      widget.disposed.connect(close);
      line.on("trouble", (/** @type {string} */ words) => {
        line.close();
        speak(said, `${words} ${AGAIN}`);
      });
      line.on("away", () => {
        el.inert = true; // to be read
        speak(said, AWAY);
        whenBack(project, again);
      });
    }

    leave() {
      this.shown?.();
      this.shown = null;
    }

    /** What was shown stays, to be read. */
    lose() {
      this.forget();
      this.say(AWAY);
      this.timer = setTimeout(() => this.isDisposed || this.follow(), RETRY);
    }

    /** At once it would be the same again: it is tried when somebody looks, or goes elsewhere.
     *  @param {string} words */
    refuse(words) {
      this.forget();
      this.leave();
      this.say(words);
    }

    /** The next question is as the first. */
    forget() {
      clearTimeout(this.timer);
      this.project = null;
    }

    /** @param {string} words */
    say(words) {
      speak(this.said, words);
    }
  };
}

function spokenLine() {
  const said = document.createElement("div");
  said.setAttribute("role", "status");
  said.style.cssText = "padding: 8px 12px; color: var(--jp-ui-font-color2)";
  said.hidden = true;
  return said;
}

/** @param {HTMLElement} said @param {string} words */
function speak(said, words) {
  said.textContent = words;
  said.hidden = words === "";
}

/** What the server says; without our part of it, it knows no such address.
 *  @param {Response} answer */
async function refusalOf(answer) {
  if (answer.status === 404) return OFF;
  const { message } = await answer.json().catch(() => ({}));
  return message || `The Jupyter server answered ${answer.status} ${answer.statusText}`.trim();
}

/** @type {Promise<any> | null} */
let page = null;

/** The script and the style, once.
 *  @param {(name: string) => Promise<string>} textOf */
function pageOf(textOf) {
  page ??= load(textOf).catch((fault) => {
    page = null; // another try may have it
    throw fault;
  });
  return page;
}

/** Asked for as all that JupyterLab asks: JupyterHub sends a bare import to its login.
 *  @param {(name: string) => Promise<string>} textOf */
async function load(textOf) {
  const [source, style] = await Promise.all([textOf("side.js"), textOf("side.css")]);
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    const script = await import(address);
    const sheet = document.createElement("style");
    sheet.textContent = style;
    document.head.append(sheet);
    return script.default;
  } finally {
    URL.revokeObjectURL(address);
  }
}
