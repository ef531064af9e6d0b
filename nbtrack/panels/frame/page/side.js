// The places at the left: experiments, and the registered models.

import { h, redraw } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { addressOf } from "./address.js";

/** @import { Places } from "./messages.d.ts" */
/** @import { Place } from "./frame_types.d.ts" */

const MANY = 12; // experiments, from which on they are searched

export class Side {
  /** @param {(place: Place) => void} go */
  constructor(go) {
    this.go = go;
    /** @type {Places | null} */
    this.places = null;
    /** @type {Place | null} */
    this.here = null;
    this.project = h("h1", { class: "nbt-project" });
    this.models = h("div", { class: "nbt-side-models" });
    this.search = h("input", {
      class: "nbt-field",
      type: "search",
      placeholder: "Find an experiment",
      "aria-label": "Find an experiment",
      oninput: () => this.draw(),
    });
    this.user = h("div", { class: "nbt-side-user" });
    this.list = h("ul", { class: "nbt-side-list", "aria-label": "Experiments" });
    this.el = h(
      "nav",
      { class: "nbt-side", "aria-label": "Project" },
      this.project,
      this.models,
      this.search,
      this.list,
      this.user,
    );
  }

  /** @param {Places} places */
  take(places) {
    this.places = places;
    this.project.textContent = places.project;
    this.project.title = places.project;
    this.draw();
  }

  /** @param {Place} here */
  show(here) {
    this.here = here;
    this.draw();
  }

  draw() {
    const { places } = this;
    if (!places) return;
    const { experiments, models, user } = places;
    redraw(this.user, user && [h("bdi", { title: user }, user), logOut()]);
    this.search.hidden = experiments.length < MANY;
    redraw(
      this.models,
      this.link("Models", models, { view: "models", model: null }),
      this.link("All runs", sum(experiments), placeOfExperiment(null)),
    );
    const typed = this.search.value.trim().toLowerCase();
    const found = experiments.filter(({ name }) => name.toLowerCase().includes(typed));
    redraw(
      this.list,
      found.map((each) => h("li", {}, this.link(each.name, each.runs, placeOfExperiment(each.id)))),
    );
  }

  /** It can be opened in another tab, too.
   *  @param {string} words @param {number} count @param {Place} place */
  link(words, count, place) {
    const isHere = this.here !== null && isSame(this.here, place);
    return h(
      "a",
      {
        class: "nbt-side-link",
        href: addressOf(place),
        title: words,
        "aria-current": isHere ? "page" : null,
        "data-key": `go ${addressOf(place)}`,
        onclick: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          this.go(place);
        },
      },
      h("bdi", { class: "nbt-side-name" }, words),
      h("span", { class: "nbt-muted", "aria-label": countWords(place, count) }, grouped(count)),
    );
  }
}

function logOut() {
  const onclick = async () => {
    await fetch("/logout", { method: "POST", redirect: "manual" });
    location.assign("/");
  };
  return h("button", { class: "nbt-quiet", type: "button", onclick }, "Log out");
}

/** @param {string | null} id null is all @returns {Place} */
function placeOfExperiment(id) {
  return {
    view: "runs",
    runs: { asked: { experiments: id === null ? null : [id] }, ticked: [], tab: "runs" },
  };
}

/** @param {Place} here @param {Place} place */
function isSame(here, place) {
  if (here.view === "models" || place.view === "models") return here.view === place.view;
  return String(here.runs.asked.experiments) === String(place.runs.asked.experiments);
}

/** @param {Place} place @param {number} count */
function countWords(place, count) {
  return plural(count, place.view === "models" ? "model" : "run");
}

/** @param {Array<{ runs: number }>} experiments */
function sum(experiments) {
  return experiments.reduce((all, { runs }) => all + runs, 0);
}
