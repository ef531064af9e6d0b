// The right edge of the table: whether columns stand behind it, and how many.

import { h } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";

const MOST_OF_A_VIEW = 0.6; // that one click scrolls: the last column stays in sight

export class TableEdge {
  /** @param {HTMLElement} scroller @param {() => number} countBehind columns out of sight */
  constructor(scroller, countBehind) {
    this.scroller = scroller;
    this.countBehind = countBehind;
    this.button = h("button", {
      class: "nbt-button nbt-behind",
      type: "button",
      tabindex: "-1", // arrow keys go there too
      onclick: () => this.goOn(),
    });
    this.el = h("div", { class: "nbt-edge", hidden: true }, this.button);
    scroller.addEventListener("scroll", () => this.draw(), { passive: true });
  }

  draw() {
    const count = this.countBehind();
    this.el.hidden = count === 0;
    const { offsetWidth, offsetHeight, clientWidth, clientHeight } = this.scroller;
    this.el.style.right = `${offsetWidth - clientWidth}px`; // beside the scroll bars
    this.el.style.bottom = `${offsetHeight - clientHeight}px`;
    this.button.textContent = `+${grouped(count)} ›`;
    this.button.title = `${plural(count, "more column")} to the right`;
  }

  goOn() {
    const left = this.scroller.clientWidth * MOST_OF_A_VIEW;
    this.scroller.scrollBy({ left, behavior: "smooth" });
  }
}
