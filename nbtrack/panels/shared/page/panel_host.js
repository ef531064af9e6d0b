// The line between one view of a panel and the kernel.

import { h } from "./dom.js";
import { afterPaint } from "./pauses.js";

/** @import { Pushes, Questions } from "./messages.d.ts" */
/** @import { WidgetModel } from "./panel_types.d.ts" */

const PATIENCE = 400; // milliseconds before the panel says that it waits
const LONGEST_PRESS = 1500; // milliseconds of a click, or a drag that is drawn by the page alone
/** @typedef {{ push?: string, id: number, result?: unknown, error?: string }} Message */
/** @typedef {{ resolve: (result: any) => void, reject: (fault: Error) => void, isSecond: boolean }} Waiting */

const LOST = "The kernel was restarted: run the cell again for a live panel.";

export class PanelHost {
  /** `root` is the element that carries data-nbtrack; it is empty, and becomes ours.
   *  @param {WidgetModel} model @param {HTMLElement} root */
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.view = randomId();
    /** By id, what to do with the answer.
     *  @type {Map<number, Waiting>} */
    this.waiting = new Map();
    /** By slot, the id of its newest question.
     *  @type {Map<string, number>} */
    this.newest = new Map();
    /** @type {Map<string, Array<(result: any) => unknown>>} */
    this.listeners = new Map();
    this.isLost = false;
    this.isClosed = false;
    this.isPressed = false; // a button of the pointer, in the panel
    /** What is to be drawn after that.
     *  @type {Array<() => unknown>} */
    this.held = [];
    // Other views of the same model hear our answers too: ids must differ between views.
    this.nextId = Math.floor(Math.random() * 2 ** 30) * 2 ** 20;
    this.status = h("span", { class: "nbt-waiting", role: "status" });
    /** @param {Message} message */
    this.hear = (message) => this.receive(message);
    this.lose = () => this.kernelLost();
    this.leave = () => this.tell("closed");
    model.on("msg:custom", this.hear);
    model.on("comm_live_update", this.lose);
    window.addEventListener("pagehide", this.leave);
    root.addEventListener("pointerdown", () => this.press(), true);
    this.twinCount = Number(model.get("_twins") ?? 0);
    this.hasTwins = this.twinCount > 0;
    root.hidden = this.hasTwins; // until there is more to see than they show
    /** @type {HTMLElement[]} */
    this.twins = [];
    /** @type {MutationObserver | undefined} */
    this.news = undefined;
    this.setBusy();
    this.tell("opened");
  }

  /** The panel stands: it is shown, and its static twins are not. */
  ready() {
    this.root.hidden = false;
    if (this.hasTwins && !this.observer) this.hideTwins();
  }

  /** The kernel's answer. A newer question in the same `latest` slot makes this one's answer late:
   *  its promise then stays open for ever, so nothing that awaits it goes on. With `isSecond` it
   *  lets what was drawn just now come to the screen first, and nobody is told that it waits.
   *  Rejects with an Error that has the kernel's words.
   *  @template {keyof Questions} Name
   *  @param {Name} name @param {Questions[Name]["arguments"]} args
   *  @param {{ latest?: string, isSecond?: boolean }} [options]
   *  @returns {Promise<Questions[Name]["answer"]>} */
  ask(name, args, { latest, isSecond = false } = {}) {
    if (this.isLost) return Promise.reject(new Error(LOST));
    const id = this.nextId++;
    if (latest) {
      this.waiting.delete(this.newest.get(latest) ?? -1);
      this.newest.set(latest, id);
    }
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, isSecond });
      this.setBusy();
      const send = () => this.send({ id, do: name, with: { ...args, view: this.view } });
      if (isSecond) afterPaint(send);
      else send();
    });
  }

  /** A question that still waits for its answer.
   *  @param {{ id: number, do: string, with: object }} question */
  send(question) {
    const asked = this.waiting.get(question.id);
    if (!asked || this.isClosed) return;
    try {
      this.model.send(question);
    } catch {
      this.waiting.delete(question.id); // a widget throws where its kernel is gone: no answer comes
      this.setBusy();
      asked.reject(new Error(LOST));
    }
  }

  /** `listen(result)` for each push of that name.
   *  @template {keyof Pushes} Name
   *  @param {Name} name @param {(result: Pushes[Name]) => unknown} listen */
  onPush(name, listen) {
    this.listeners.set(name, [...(this.listeners.get(name) ?? []), listen]);
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

  /** A question that wants no answer; a widget throws where its kernel is gone.
   *  @param {keyof Questions} name */
  tell(name) {
    try {
      this.model.send({ id: this.nextId++, do: name, with: { view: this.view } });
    } catch {
      // nobody is there to be told
    }
  }

  /** @param {Message} message */
  receive(message) {
    this.whenReleased(() => this.take(message));
  }

  /** @param {Message} message */
  take(message) {
    if (message.push !== undefined) {
      this.tellNews(message);
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

  /** @param {Message} news */
  tellNews({ push = "", result }) {
    for (const listen of this.listeners.get(push) ?? []) listen(result);
  }

  /** For what is drawn without a click of the user's: drawn anew in the middle of one, a button
   *  loses it.
   *  @param {() => unknown} draw */
  whenReleased(draw) {
    if (this.isPressed) this.held.push(draw);
    else draw();
  }

  /** Not for ever: of a menu that the system draws nobody hears the end. */
  press() {
    this.isPressed = true;
    const up = new AbortController();
    const release = () => {
      up.abort();
      clearTimeout(this.pressTimer);
      setTimeout(() => this.release(), 0); // after the click
    };
    for (const event of ["pointerup", "pointercancel", "dragend"])
      window.addEventListener(event, release, { capture: true, signal: up.signal });
    clearTimeout(this.pressTimer);
    this.pressTimer = setTimeout(release, LONGEST_PRESS);
  }

  release() {
    this.isPressed = false;
    const held = this.held.splice(0);
    if (!this.isClosed) for (const draw of held) draw();
  }

  setBusy() {
    this.root.setAttribute("aria-busy", String(this.waiting.size > 0));
    clearTimeout(this.timer);
    if (this.isLost) return;
    this.status.textContent = "";
    if (this.waiting.size > 0) this.timer = setTimeout(() => this.sayWaiting(), PATIENCE);
  }

  sayWaiting() {
    if ([...this.waiting.values()].every(({ isSecond }) => isSecond)) return;
    this.status.textContent = "waiting for the kernel";
  }

  /** The kernel was restarted or is gone: what is on the page stays, as it was. */
  kernelLost() {
    this.isLost = true;
    window.removeEventListener("pagehide", this.leave); // there is nobody to be told
    this.waiting.clear();
    this.setBusy();
    this.root.classList.add("nbt-lost");
    this.status.textContent = LOST;
  }

  // The static twins stand in the outputs just before ours. The page puts us into its document
  // only after we are made, and it may move us, hence the first observer; for a picture that comes
  // later it makes a new element, hence the second.

  hideTwins() {
    this.observer = new ResizeObserver(() => this.hideThem());
    this.observer.observe(this.root);
  }

  hideThem() {
    const outputs = this.root.closest(OUTPUT)?.parentElement;
    if (outputs && outputs !== this.outputs) this.follow(outputs);
    this.twins = this.findTwins();
    for (const twin of this.twins) twin.style.display = "none";
  }

  /** @param {Element} outputs */
  follow(outputs) {
    this.outputs = outputs;
    this.news ??= new MutationObserver(() => this.hideThem());
    this.news.observe(outputs, { childList: true });
  }

  showTwins() {
    for (const twin of this.twins) twin.style.display = "";
  }

  findTwins() {
    /** @type {HTMLElement[]} */
    const found = [];
    let before = outputBefore(this.root.closest(OUTPUT));
    for (let n = this.twinCount; n > 0 && before && isTwin(before); n--) {
      found.push(before);
      before = outputBefore(before);
    }
    return found;
  }
}

const OUTPUT = ".jp-OutputArea-child, .output_area, .cell-output";

/** @param {Element} output */
function isTwin(output) {
  return (
    output.querySelector(".nbtrack-static, .jp-RenderedImage, .jp-RenderedSVG, img, svg") !== null
  );
}

/** @param {Element | null | undefined} output @returns {HTMLElement | null} */
function outputBefore(output) {
  return /** @type {HTMLElement | null} */ (output?.previousElementSibling ?? null);
}

function randomId() {
  return Math.random().toString(36).slice(2, 12);
}

/** The element that a panel stands in.
 *  @param {HTMLElement} el what the page gives to the widget
 *  @param {string} name of the panel @param {string} label for who cannot see it */
export function panelRoot(el, name, label) {
  const named = { class: "nbtrack", "data-nbtrack": name, role: "region", "aria-label": label };
  const root = h("div", named);
  el.append(root);
  return root;
}
