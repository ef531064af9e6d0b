// A page of its own: the places of the project at the left, beside them the panel of one, and an
// address for each.

import "../../shared/page/panel.css";
import "./frame.css";
import { render as renderModels } from "../../registry/page/registry_panel.js";
import { render as renderRuns } from "../../runs/page/runs_panel.js";
import { append, h } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { Line } from "../../shared/page/line.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { addressOf, isAnotherPage, placeOf } from "./address.js";
import { Side } from "./side.js";

/** @import { Places } from "./messages.d.ts" */
/** @import { Place } from "./frame_types.d.ts" */

const RETRY = 1000; // milliseconds between looks whether the server is there again
const PATIENCE = 2000; // milliseconds for which the place before stands until the next one is there
const AWAY = "nbtrack has ended, or does not answer. This page comes back when it does.";
const STRANGE = "nbtrack ui was started anew: open the address that it has printed.";

/** @param {{ el: HTMLElement }} opening */
export function render({ el }) {
  const frame = new Frame();
  el.append(frame.el);
  frame.begin();
}

class Frame {
  constructor() {
    this.side = new Side((place) => this.go(place));
    this.said = h("div", { class: "nbt-away", role: "status" });
    this.main = h("main", { class: "nbt-main" });
    this.el = h("div", { class: "nbtrack nbt-frame" });
    append(this.el, [this.side.el, h("div", { class: "nbt-stage" }, this.said, this.main)]);
    this.project = "nbtrack";
    /** By the panel they lead to.
     *  @type {Map<string, Line>} */
    this.lines = new Map();
    /** @type {{ el: HTMLElement, close: () => void } | null} */
    this.shown = null;
    /** @type {Place} */
    this.here = placeOf(location);
    this.isAway = this.isRefused = false;
  }

  begin() {
    const host = new PanelHost(this.lineTo("frame"), this.side.el);
    const places = /** @type {Promise<Places>} */ (host.ask("start", {}));
    places.then(
      (found) => this.take(found),
      (error) => this.refuse(wordsOf(error)),
    );
    host.onPush("places", (found) => this.take(found));
    window.addEventListener("popstate", () => this.show(placeOf(location)));
    this.show(this.here);
  }

  /** @param {Places} places */
  take(places) {
    this.project = places.project;
    this.side.take(places);
    this.entitle();
  }

  // --- from place to place

  /** @param {Place} place */
  go(place) {
    history.pushState(null, "", addressOf(place));
    this.show(place);
  }

  /** What was shown before stays until there is something to see of the next place.
   *  @param {Place} place */
  show(place) {
    this.at(place);
    const before = this.shown;
    const el = h("div", { class: "nbt-place nbt-coming" });
    const arrive = () => {
      el.classList.remove("nbt-coming");
      before?.el.remove();
    };
    const shown = { el, close: () => {} };
    this.shown = shown;
    this.main.append(el);
    before?.close();
    if (before) before.el.inert = true; // it answers no more
    let isFirst = true;
    shown.close = this.render(place, el, (now) => {
      if (this.shown !== shown) return;
      if (isFirst) arrive();
      this.moved(now, { isNew: !isFirst && isAnotherPage(this.here, now) });
      isFirst = false;
    });
    setTimeout(arrive, PATIENCE); // or it says why there is nothing
  }

  /** @param {Place} place @param {HTMLElement} el @param {(now: Place) => void} changed */
  render(place, el, changed) {
    if (place.view === "runs") {
      const model = this.lineTo("runs");
      const begin = place.runs;
      return renderRuns({
        model,
        el,
        place: { begin, changed: (runs) => changed({ view: "runs", runs }) },
      });
    }
    const model = this.lineTo("registry");
    return renderModels({
      model,
      el,
      place: { begin: place.model, changed: (name) => changed({ view: "models", model: name }) },
    });
  }

  /** The address follows.
   *  @param {Place} place @param {{ isNew: boolean }} options */
  moved(place, { isNew }) {
    const address = addressOf(place);
    if (isNew) history.pushState(null, "", address);
    else if (address !== location.pathname + location.search)
      history.replaceState(null, "", address);
    this.at(place);
  }

  /** @param {Place} place */
  at(place) {
    this.here = place;
    this.side.show(place);
    this.entitle();
  }

  entitle() {
    const what = this.here.view === "models" ? (this.here.model ?? "Models") : "Runs";
    document.title = `${what} · ${this.project}`;
  }

  // --- lines

  /** @param {string} panel */
  lineTo(panel) {
    const known = this.lines.get(panel);
    if (known) return known;
    const line = new Line(`${location.origin}/line/${panel}`);
    line.on("away", () => this.lose());
    line.on("trouble", (words) => this.refuse(words));
    this.lines.set(panel, line);
    return line;
  }

  /** The server is gone. What is on the page stays, to be read. */
  lose() {
    if (this.isAway) return;
    this.isAway = true;
    this.el.classList.add("nbt-lost");
    if (this.isRefused) return; // looked at again, it would be the same
    this.say(AWAY);
    this.lookAgain();
  }

  /** The server is there, and cannot read the project.
   *  @param {string} words */
  refuse(words) {
    this.isRefused = true;
    this.say(`${words} Load this page again when that is mended.`);
  }

  lookAgain() {
    const again = () => setTimeout(() => this.lookAgain(), RETRY);
    fetch("/page.js", { method: "HEAD" }).then((found) => {
      if (found.ok || found.status === 401)
        location.reload(); // to the same address, or to the login that stands before it
      else if (found.status === 403) this.say(STRANGE);
      else again();
    }, again);
  }

  /** @param {string} words */
  say(words) {
    this.said.textContent = words;
  }
}
