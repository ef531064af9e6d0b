// The artifacts of a run: their tree, and beside it a look at the chosen one.

import { copyText } from "../../shared/page/clipboard.js";
import { h, redraw } from "../../shared/page/dom.js";
import { plural, wordsOf } from "../../shared/page/formats.js";
import { downloadArtifact, MOST_DOWNLOAD } from "./artifact_download.js";
import { previewElement } from "./artifact_preview.js";
import { firstLook, foldersOf, modelFolders, nameOf, treeOf } from "./artifact_tree.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { ArtifactFile } from "./messages.d.ts" */
/** @import { Folder } from "./artifact_tree.js" */

const MOST_UNFOLDED = 40; // files: of more, folders are closed at first

/** What a run's artifacts are shown as in `element`, which may be a new one after each redraw: what
 *  is open stays open. They are read again when `looks` is not what it was the last time.
 *  @param {PanelHost} host @param {HTMLElement} element @param {string} runId
 *  @param {{ looks?: string }} [options] */
export function mountArtifacts(host, element, runId, { looks = "" } = {}) {
  const views = VIEWS.get(host) ?? new Map();
  VIEWS.set(host, views);
  const view = views.get(runId) ?? new ArtifactsView(host, runId);
  views.set(runId, view);
  element.append(view.root);
  if (view.looks !== looks) view.read(looks);
}

/** By run, for each panel.
 *  @type {WeakMap<PanelHost, Map<string, ArtifactsView>>} */
const VIEWS = new WeakMap();

class ArtifactsView {
  /** @param {PanelHost} host @param {string} runId */
  constructor(host, runId) {
    this.host = host;
    this.runId = runId;
    /** @type {ArtifactFile[]} */
    this.files = [];
    this.more = 0; // files that are not among them
    this.home = ""; // the folder they are in
    /** Paths of folders.
     *  @type {Set<string>} */
    this.open = new Set();
    /** The path of a file.
     *  @type {string | null} */
    this.chosen = null;
    /** What it was read for the last time.
     *  @type {string | null} */
    this.looks = null;
    this.head = h("div", { class: "nbt-pane-head" });
    this.tree = h("div", { class: "nbt-tree-box" }, h("span", { class: "nbt-muted" }, "reading…"));
    this.pane = h("div", { class: "nbt-pane" });
    this.root = h("div", { class: "nbt-artifacts", "data-artifacts": runId }, this.tree, this.pane);
  }

  /** @param {string} looks */
  async read(looks) {
    const isFirst = this.looks === null;
    this.looks = looks;
    try {
      const { files, folder, more } = await this.host.ask(
        "artifacts",
        { run: this.runId },
        { latest: `artifacts ${this.runId}` },
      );
      const before = this.chosenFile();
      this.files = files;
      this.more = more;
      this.home = folder;
      if (isFirst) this.unfold();
      this.drawTree();
      const first = firstLook(this.files);
      if (this.chosen) await this.lookAgain(before);
      else if (isFirst && first) await this.choose(first);
      else this.drawNothing();
    } catch (error) {
      redraw(this.tree, h("div", { class: "nbt-error", role: "alert" }, wordsOf(error)));
    }
  }

  /** Small trees stand open, but for models: what is in them is asked for rarely. */
  unfold() {
    const isSmall = this.files.length <= MOST_UNFOLDED;
    this.root.classList.toggle("nbt-many-artifacts", !isSmall);
    if (!isSmall) return;
    const models = modelFolders(this.files);
    const folders = this.files.flatMap(({ path }) => foldersOf(path));
    for (const folder of folders) if (!models.has(folder)) this.open.add(folder);
  }

  // --- the tree

  drawTree() {
    const scrolled = this.tree.scrollTop;
    const count = this.files.length + this.more;
    if (count === 0) redraw(this.tree, h("span", { class: "nbt-muted" }, "none"));
    else redraw(this.tree, this.level(treeOf(this.files), ""), this.moreLine());
    this.root.classList.toggle("nbt-no-artifacts", count === 0);
    this.tree.scrollTop = scrolled;
  }

  moreLine() {
    const words = `${plural(this.more, "more file")} in the folder`;
    return this.more > 0 && h("p", { class: "nbt-muted" }, words);
  }

  /** @param {Folder} node @param {string} label @returns {HTMLElement} */
  level(node, label) {
    const folders = [...node.folders.values()].map((folder) => this.folder(folder));
    const files = node.files.map((file) => this.file(file));
    return h("ul", { class: "nbt-tree", "aria-label": label || "Artifacts" }, folders, files);
  }

  /** @param {Folder} node */
  folder(node) {
    const isOpen = this.open.has(node.path);
    const button = h(
      "button",
      {
        class: "nbt-quiet nbt-node",
        type: "button",
        "aria-expanded": String(isOpen),
        "data-folder": node.path,
        "data-key": `folder ${this.runId} ${node.path}`,
        title: node.path,
        onclick: () => this.fold(node.path, !isOpen),
      },
      h("span", { class: "nbt-caret", "aria-hidden": "true" }, "›"),
      h("bdi", { class: "nbt-node-name" }, `${node.name}/`),
      h("span", { class: "nbt-muted nbt-node-size" }, plural(node.count, "file")),
    );
    return h("li", {}, button, isOpen && this.level(node, node.name));
  }

  /** @param {string} path @param {boolean} isOpen */
  fold(path, isOpen) {
    if (isOpen) this.open.add(path);
    else this.open.delete(path);
    this.drawTree();
  }

  /** @param {ArtifactFile} file */
  file(file) {
    const isChosen = file.path === this.chosen;
    return h(
      "li",
      {},
      h(
        "button",
        {
          class: "nbt-quiet nbt-node nbt-node-file",
          type: "button",
          "aria-current": isChosen ? "true" : null,
          "data-artifact": file.path,
          "data-key": `artifact ${this.runId} ${file.path}`,
          title: file.path,
          onclick: () => this.choose(file.path),
        },
        h("bdi", { class: "nbt-node-name" }, nameOf(file.path)),
        file.state && h("span", { class: "nbt-badge" }, file.state),
        h("span", { class: "nbt-muted nbt-node-size" }, file.words),
      ),
    );
  }

  // --- the chosen one

  /** @param {string} path */
  async choose(path) {
    this.chosen = path;
    this.drawTree();
    this.head = h("div", { class: "nbt-pane-head" });
    const body = h(
      "div",
      { class: "nbt-pane-body" },
      h("span", { class: "nbt-muted" }, "reading…"),
    );
    redraw(this.pane, this.head, body);
    this.drawHead();
    try {
      const found = await this.host.ask(
        "artifact_preview",
        { run: this.runId, path },
        { latest: `preview ${this.runId}` },
      );
      redraw(body, previewElement(found, path));
    } catch (error) {
      redraw(body, h("div", { class: "nbt-error", role: "alert" }, wordsOf(error)));
    }
  }

  chosenFile() {
    return this.files.find(({ path }) => path === this.chosen);
  }

  /** A run that goes on may have written another one by that name.
   *  @param {ArtifactFile | undefined} before */
  async lookAgain(before) {
    const now = this.chosenFile();
    if (now && now.sha256 !== before?.sha256) await this.choose(now.path);
    else this.drawHead();
  }

  drawNothing() {
    const hint = { class: "nbt-muted nbt-pane-hint" };
    redraw(this.pane, this.files.length > 0 && h("span", hint, "Choose a file to look at it."));
  }

  drawHead() {
    const file = this.chosenFile();
    if (!file) return;
    const state = file.state && h("span", { class: "nbt-badge" }, file.state);
    const place = `${this.home}/${file.path}`;
    redraw(
      this.head,
      h("bdi", { class: "nbt-pane-path", title: file.path }, file.path),
      h(
        "div",
        { class: "nbt-pane-facts" },
        h("span", {}, file.words),
        file.sha256 && this.digest(file.sha256),
        state,
      ),
      h(
        "div",
        { class: "nbt-buttons" },
        this.downloadButton(file),
        this.copyButton("Copy path", () => place),
      ),
    );
    if (isTooLarge(file)) this.showToCopy(place);
  }

  /** @param {string} sha256 */
  digest(sha256) {
    const copy = this.copyButton("Copy sha256", () => sha256, `sha256 ${sha256.slice(0, 8)}`);
    copy.classList.replace("nbt-button", "nbt-digest");
    copy.classList.add("nbt-quiet");
    copy.title = `Copy sha256 ${sha256}`;
    return copy;
  }

  /** @param {string} name @param {() => string} textOf @param {string} [words] */
  copyButton(name, textOf, words = name) {
    const named = { "aria-label": name, "data-key": `${name} ${this.runId}` };
    const button = h("button", { class: "nbt-button nbt-small", type: "button", ...named }, words);
    button.addEventListener("click", async () => {
      const text = textOf();
      if (await copyText(text)) button.textContent = "Copied";
      else this.showToCopy(text).select();
      setTimeout(() => {
        button.textContent = words;
      }, 1500);
    });
    return button;
  }

  /** @param {ArtifactFile} file */
  downloadButton(file) {
    const isLarge = isTooLarge(file);
    const title = isLarge ? "Too large for the browser: copy its path" : null;
    const state = {
      disabled: isLarge || file.state === "missing",
      title,
      "data-key": `download ${this.runId}`,
    };
    const button = h(
      "button",
      { class: "nbt-button nbt-small", type: "button", ...state },
      "Download",
    );
    button.addEventListener("click", () => this.download(file, button));
    return button;
  }

  /** @param {ArtifactFile} file @param {HTMLButtonElement} button */
  async download(file, button) {
    button.disabled = true;
    try {
      await downloadArtifact(this.host, this.runId, file.path, (words) => {
        button.textContent = words;
      });
    } catch (error) {
      this.head.append(h("div", { class: "nbt-error", role: "alert" }, wordsOf(error)));
    }
    button.textContent = "Download";
    button.disabled = false;
  }

  /** Where the page may not write to the clipboard, and for what is too large for it.
   *  @param {string} text */
  showToCopy(text) {
    const look = { class: "nbt-field nbt-to-copy", type: "text", readonly: true };
    const field = h("input", { ...look, value: text, "aria-label": "To copy by hand" });
    this.head.querySelector(".nbt-to-copy")?.remove();
    this.head.append(field);
    return field;
  }
}

/** @param {ArtifactFile} file */
function isTooLarge({ size }) {
  return size !== null && size > MOST_DOWNLOAD;
}
