// The query box: a filter with completion of keys. What is wrong with it stands under it.

import { h, redraw } from "../../shared/page/dom.js";
import { afterPause } from "../../shared/page/pauses.js";
import { completed, isHalfAComparison, offersFor } from "./completion.js";
import { exampleFilter } from "./example_filter.js";
/** @import { Page } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

export const TYPING_PAUSE = 350; // milliseconds
export const ERROR_PAUSE = 1200; // half a filter is no mistake yet
const LEAVING_PAUSE = 150; // a click on an offer takes the focus first

export class QueryBox {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    this.id = `nbt-query-${state.host.view}`;
    /** What is offered now.
     *  @type {string[]} */
    this.words = [];
    this.chosen = -1; // its place among them
    this.wrong = "";
    /** @type {ReturnType<typeof exampleFilter>} */
    this.example = null;
    this.input = this.makeInput();
    const list = { class: "nbt-popup-list nbt-offers", id: `${this.id}-offers`, role: "listbox" };
    this.offers = h("div", { ...list, hidden: true });
    this.error = h("div", { class: "nbt-error", id: `${this.id}-error`, role: "alert" });
    this.el = h("div", { class: "nbt-query-box" }, this.input, this.offers);
    this.showErrorLater = afterPause(ERROR_PAUSE, () => this.showError());
    this.applyLater = afterPause(
      () => this.pause(),
      () => this.apply(),
    );
    state.on("wrong", ({ filter }) => this.takeWrong(filter));
    state.on("page", (page) => this.giveExample(page));
  }

  makeInput() {
    return h("input", {
      class: "nbt-field nbt-query",
      type: "text",
      role: "combobox",
      "aria-label": "Filter runs",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-controls": `${this.id}-offers`,
      "aria-describedby": `${this.id}-error`,
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "filter",
      value: this.state.asked.filter,
      "data-key": "query",
      oninput: () => this.typed(),
      onkeydown: (event) => this.onKey(event),
      onblur: () => setTimeout(() => this.offer([]), LEAVING_PAUSE),
    });
  }

  /** Of what there is; the same one as long as that goes on.
   *  @param {Page} page */
  giveExample(page) {
    if (this.example && page.columns.some(({ id }) => id === this.example?.column)) return;
    this.example = exampleFilter(this.state.keys, page);
    this.input.placeholder = this.example ? `filter: ${this.example.text}` : "filter";
  }

  /** Put another filter in, as a click elsewhere asks for it.
   *  @param {string} text */
  set(text) {
    this.input.value = text;
    this.apply();
  }

  typed() {
    this.applyLater();
    this.offer(offersFor(this.state.keys, this.input.value.slice(0, this.cursor())));
  }

  /** How long nothing is typed before it is applied. */
  pause() {
    const { keys } = this.state;
    return isHalfAComparison(keys, this.input.value) ? ERROR_PAUSE : TYPING_PAUSE;
  }

  cursor() {
    return this.input.selectionStart ?? this.input.value.length;
  }

  apply() {
    const filter = this.input.value.trim();
    if (filter !== this.state.asked.filter) this.state.show({ filter, page: 0 });
  }

  applyNow() {
    this.offer([]);
    this.apply();
    this.showError();
  }

  // --- what is wrong

  /** @param {string} words "" for nothing */
  takeWrong(words) {
    this.wrong = words;
    const isTyping = document.activeElement === this.input;
    if (words && isTyping && this.error.textContent === "") this.showErrorLater();
    else this.showError();
  }

  showError() {
    this.error.textContent = this.wrong;
    this.input.setAttribute("aria-invalid", String(this.wrong !== ""));
  }

  // --- offers

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { words, chosen } = this;
    const isTaken = (event.key === "Enter" || event.key === "Tab") && chosen >= 0;
    if (event.key === "ArrowDown" && words.length) this.choose((chosen + 1) % words.length);
    else if (event.key === "ArrowUp" && words.length)
      this.choose((chosen + words.length - 1) % words.length);
    else if (isTaken) this.take(words[chosen]);
    else if (event.key === "Enter") this.applyNow();
    else if (event.key === "Escape" && words.length) this.offer([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string[]} words */
  offer(words) {
    this.words = words;
    this.chosen = -1;
    this.offers.hidden = words.length === 0;
    this.input.setAttribute("aria-expanded", String(words.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    const lines = words.map((word, n) => this.offered(word, n));
    redraw(this.offers, lines);
  }

  /** @param {string} word @param {number} n */
  offered(word, n) {
    const option = { class: "nbt-choice", role: "option", id: `${this.id}-${n}` };
    /** @param {PointerEvent} event */
    const onpointerdown = (event) => {
      event.preventDefault(); // the input keeps the focus
      this.take(word);
    };
    return h("div", { ...option, "aria-selected": "false", onpointerdown }, h("span", {}, word));
  }

  /** @param {number} n */
  choose(n) {
    this.chosen = n;
    for (const [at, el] of [...this.offers.children].entries()) {
      el.setAttribute("aria-selected", String(at === n));
    }
    this.offers.children[n].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `${this.id}-${n}`);
  }

  /** @param {string} word */
  take(word) {
    const { text, cursor } = completed(this.input.value, this.cursor(), word);
    this.input.value = text;
    this.input.setSelectionRange(cursor, cursor);
    this.offer([]);
    this.applyLater();
  }
}
