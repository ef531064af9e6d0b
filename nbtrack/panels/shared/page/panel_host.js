// The line between one view of a panel and the kernel.

import { h } from "./dom.js";

const PATIENCE = 400; // milliseconds before the panel says that it waits
const LOST = "The kernel was restarted: run the cell again for a live panel.";

export class PanelHost {
  /** `root` is the element that carries data-nbtrack; it is empty, and becomes ours. */
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.view = randomId();
    this.waiting = new Map(); // by id: what to do with the answer
    this.newest = new Map(); // by slot: the id of its newest question
    this.listeners = new Map();
    // Other views of the same model hear our answers too: ids must differ between views.
    this.nextId = Math.floor(Math.random() * 2 ** 30) * 2 ** 20;
    this.status = h("span", { class: "nbt-waiting", role: "status" });
    this.hear = (message) => this.receive(message);
    this.lose = () => this.kernelLost();
    this.leave = () => this.tell("closed");
    model.on("msg:custom", this.hear);
    model.on("comm_live_update", this.lose);
    window.addEventListener("pagehide", this.leave);
    this.hasTwins = (model.get("_twins") || 0) > 0;
    root.hidden = this.hasTwins; // until there is more to see than they show
    this.twins = [];
    this.setBusy();
    this.tell("opened");
  }

  /** The panel stands: it is shown, and its static twins are not. */
  ready() {
    this.root.hidden = false;
    if (this.hasTwins && !this.observer) this.hideTwins();
  }

  /** The kernel's answer. A newer question in the same `latest` slot makes this one's answer late:
   *  its promise then stays open for ever, so nothing that awaits it goes on. Rejects with an
   *  Error that has the kernel's words. */
  ask(name, args = {}, { latest } = {}) {
    if (this.isLost) return Promise.reject(new Error(LOST));
    const id = this.nextId++;
    if (latest) {
      this.waiting.delete(this.newest.get(latest));
      this.newest.set(latest, id);
    }
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, since: Date.now() });
      this.setBusy();
      this.model.send({ id, do: name, with: { ...args, view: this.view } });
    });
  }

  /** `listen(result)` for each push of that name. */
  onPush(name, listen) {
    this.listeners.set(name, [...(this.listeners.get(name) || []), listen]);
  }

  close() {
    if (this.isClosed) return;
    this.isClosed = true;
    this.tell("closed");
    this.model.off("msg:custom", this.hear);
    this.model.off("comm_live_update", this.lose);
    window.removeEventListener("pagehide", this.leave);
    clearTimeout(this.timer);
    this.observer?.disconnect();
    this.news?.disconnect();
    this.showTwins();
  }

  /** A question that wants no answer. */
  tell(name) {
    this.model.send({ id: this.nextId++, do: name, with: { view: this.view } });
  }

  receive(message) {
    if (message.push !== undefined) {
      for (const listen of this.listeners.get(message.push) || []) listen(message.result);
      return;
    }
    const asked = this.waiting.get(message.id);
    if (!asked) return; // late, or another view's
    this.waiting.delete(message.id);
    if (message.error === undefined) asked.resolve(message.result);
    else asked.reject(new Error(message.error));
    // After the promise's own work, which draws: not busy means that it is drawn.
    setTimeout(() => this.setBusy(), 0);
  }

  setBusy() {
    this.root.setAttribute("aria-busy", String(this.waiting.size > 0));
    clearTimeout(this.timer);
    if (this.isLost) return;
    this.status.textContent = "";
    if (this.waiting.size > 0) this.timer = setTimeout(() => this.sayWaiting(), PATIENCE);
  }

  sayWaiting() {
    this.status.textContent = "waiting for the kernel";
  }

  /** The kernel was restarted or is gone: what is on the page stays, as it was. */
  kernelLost() {
    this.isLost = true;
    this.waiting.clear();
    this.setBusy();
    this.root.classList.add("nbt-lost");
    this.status.textContent = LOST;
    for (const listen of this.listeners.get("lost") || []) listen();
  }

  // The static twins stand in the outputs just before ours. The page puts us into its document
  // only after we are made, and it may move us, hence the first observer; for a picture that comes
  // later it makes a new element, hence the second.

  hideTwins() {
    this.observer = new ResizeObserver(() => this.hideThem());
    this.news = new MutationObserver(() => this.hideThem());
    this.observer.observe(this.root);
  }

  hideThem() {
    const outputs = this.root.closest(OUTPUT)?.parentElement;
    if (outputs && outputs !== this.outputs)
      this.news.observe((this.outputs = outputs), { childList: true });
    this.twins = this.findTwins();
    for (const twin of this.twins) twin.style.display = "none";
  }

  showTwins() {
    for (const twin of this.twins) twin.style.display = "";
  }

  findTwins() {
    const found = [];
    let before = this.root.closest(OUTPUT)?.previousElementSibling;
    for (let n = this.model.get("_twins") || 0; n > 0 && before && isTwin(before); n--) {
      found.push(before);
      before = before.previousElementSibling;
    }
    return found;
  }
}

const OUTPUT = ".jp-OutputArea-child, .output_area, .cell-output";

function isTwin(output) {
  return (
    output.querySelector(".nbtrack-static, .jp-RenderedImage, .jp-RenderedSVG, img, svg") !== null
  );
}

function randomId() {
  return Math.random().toString(36).slice(2, 12);
}
