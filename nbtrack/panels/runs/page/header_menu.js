// What a right click on a header offers, or the menu key: hide, move, pin, group, chart.

import { h } from "../../shared/page/dom.js";
import { menuItem } from "../../shared/page/popup.js";
import { movedTo, withColumns } from "./column_groups.js";

/** @import { TableColumn } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */

const MARGIN = 8;

export class HeaderMenu {
  /** @param {RunsState} state */
  constructor(state) {
    this.state = state;
    /** @type {HTMLElement | null} */
    this.el = null;
    /** What has the focus again when the menu is closed.
     *  @type {HTMLElement | null} */
    this.from = null;
    this.onOutside = (/** @type {Event} */ { target }) => {
      if (!this.el?.contains(/** @type {Node} */ (target))) this.close();
    };
  }

  /** @param {MouseEvent} event @param {TableColumn} column */
  open(event, column) {
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has a menu of its own
    this.close();
    this.from = /** @type {HTMLElement} */ (event.currentTarget).querySelector("[data-column]");
    this.el = this.menu(column);
    this.state.host.root.append(this.el);
    this.stand(event);
    this.el.querySelector("button")?.focus({ preventScroll: true });
    document.addEventListener("pointerdown", this.onOutside, true);
  }

  close() {
    if (!this.el) return;
    const hadFocus = this.el.contains(document.activeElement);
    this.el.remove();
    this.el = null;
    document.removeEventListener("pointerdown", this.onOutside, true);
    if (hadFocus && this.from?.isConnected) this.from.focus({ preventScroll: true });
  }

  /** Where the pointer is; the menu key has none, and gives the header.
   *  @param {MouseEvent} event */
  stand(event) {
    if (!this.el || !this.from) return;
    const root = this.state.host.root.getBoundingClientRect();
    const head = this.from.getBoundingClientRect();
    const [x, y] = event.clientX ? [event.clientX, event.clientY] : [head.left, head.bottom];
    const most = root.width - this.el.offsetWidth - MARGIN;
    this.el.style.left = `${Math.max(MARGIN, Math.min(x - root.left, most))}px`;
    this.el.style.top = `${y - root.top + 2}px`;
  }

  /** @param {TableColumn} column */
  menu(column) {
    const name = `What to do with ${column.label}`;
    const look = { class: "nbt-popup-list nbt-header-menu", role: "menu", "aria-label": name };
    return h("div", { ...look, onkeydown: (event) => this.onKey(event) }, this.items(column));
  }

  /** @param {TableColumn} column */
  items(column) {
    const { state } = this;
    const { id, label, group } = column;
    const shown = (state.page?.columns ?? []).map((each) => each.id);
    const isPinned = state.page?.pinned.includes(id);
    const first = movedTo(shown, id, 0);
    const isKept = state.asked.experiments !== null && state.page?.keepsChoices;
    const pin = () => state.chooseColumns(isPinned ? { unpin: id } : { pin: id });
    const grouping = groupingBy(column);
    return [
      id !== "run_name" && [
        this.item("Hide", () => state.chooseColumns({ columns: withColumns(shown, [id], false) })),
        this.item("Move first", () => state.chooseColumns({ columns: first })),
        isKept && this.item(isPinned ? "Unpin" : "Pin: first, always", pin),
      ],
      grouping && this.item(`Group by ${label}`, () => state.show({ group: grouping, page: 0 })),
      group === "Metrics" && this.item(`Chart ${label}`, () => state.emit("chart", label)),
    ];
  }

  /** @param {string} words @param {() => unknown} act */
  item(words, act) {
    const onclick = () => {
      this.close();
      act();
    };
    return menuItem(words, onclick, { role: "menuitem", "data-item": words.split(/[ :]/)[0] });
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const items = [...(this.el?.querySelectorAll("button") ?? [])];
    const at = items.findIndex((each) => each === document.activeElement);
    const last = items.length - 1;
    if (event.key === "Escape" || event.key === "Tab") this.close();
    else if (event.key === "ArrowDown") items[Math.min(last, at + 1)]?.focus();
    else if (event.key === "ArrowUp") items[Math.max(0, at - 1)]?.focus();
    else if (event.key === "Home") items[0]?.focus();
    else if (event.key === "End") items[last]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** As the kernel calls it; null for what makes no groups.
 *  @param {TableColumn} column */
function groupingBy({ id, group }) {
  if (group === "Params" || group === "Tags") return id;
  return { status: "status", experiment_id: "experiment" }[id] ?? null;
}
