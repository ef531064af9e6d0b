// The Runs tab: the table or its groups, and under it pages, what is ticked, notices.

import { RegisterOffer } from "../../registry/page/register_offer.js";
import { copyText } from "../../shared/page/clipboard.js";
import { append, h, redraw } from "../../shared/page/dom.js";
import { grouped, plural } from "../../shared/page/formats.js";
import { joinedFilter } from "./completion.js";
import { GroupTable } from "./group_table.js";
import { RunsTable } from "./runs_table.js";
import { SelectionBar } from "./selection_bar.js";

/** @import { PanelHost } from "../../shared/page/panel_host.js" */
/** @import { Page } from "./messages.d.ts" */
/** @import { RunsState } from "./runs_state.js" */
/** @import { Notice } from "./runs_types.d.ts" */

const UNDO_SECONDS = 10;

export const runsTab = { name: "runs", label: "Runs", mount: mountRunsTab };

/** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
function mountRunsTab(host, el, state) {
  const runs = new RunsTable(state);
  const groups = new GroupTable(state, { filterTo: (condition) => filterTo(state, condition) });
  const notice = h("div", { class: "nbt-notice", role: "status" });
  append(el, [runs.el, groups.el, notice, registerForm(host, state), footer(state)]);
  state.on("page", (page) => {
    runs.el.hidden = !page.rows;
    groups.el.hidden = !page.groups;
  });
  state.on("wrong", ({ filter }) => el.classList.toggle("nbt-stale", filter !== ""));
  state.on("removed", (ids) => offerUndo(state, notice, ids));
  state.on("notice", (found) => showNotice(state, notice, found));
  return { close: () => runs.close() };
}

/** Only the runs of one group: its condition joins the query.
 *  @param {RunsState} state @param {string} condition */
function filterTo(state, condition) {
  const next = joinedFilter(state.asked.filter, condition);
  state.emit("filter", next);
  state.show({ filter: next, group: "", page: 0 });
}

/** Asked for by the selection bar, or by an open row.
 *  @param {PanelHost} host @param {RunsState} state */
function registerForm(host, state) {
  const offer = new RegisterOffer(host, state, (name) => {
    close();
    state.emit("notice", { words: `Registered as ${name}: it is in the Registry tab.` });
  });
  const dismiss = { class: "nbt-quiet", type: "button", "aria-label": "Dismiss" };
  const button = h("button", { ...dismiss, onclick: () => close() }, "×");
  const el = h("div", { class: "nbt-register-line", hidden: true }, offer.el, button);
  const close = () => {
    el.hidden = true;
  };
  state.on("register", async (runId) => {
    el.hidden = false;
    await offer.show(runId);
    el.querySelector("input")?.focus();
  });
  return el;
}

/** @param {RunsState} state */
function footer(state) {
  const pages = pageButtons(state);
  const el = h("div", { class: "nbt-foot" }, pages, new SelectionBar(state).el);
  const draw = () => {
    pages.hidden = !state.page || !hasPlace(state.page);
    el.hidden = pages.hidden && state.ticked.length === 0;
  };
  state.on("page", draw);
  state.on("ticked", draw);
  draw();
  return el;
}

/** Of one page there is nothing to say.
 *  @param {Page} page */
function hasPlace({ groups, total, pages }) {
  return pages > 1 || (groups !== undefined && total > groups.length);
}

/** @param {RunsState} state */
function pageButtons(state) {
  const back = pageButton("‹", "Page before", () => state.show({ page: state.asked.page - 1 }));
  const on = pageButton("›", "Next page", () => state.show({ page: state.asked.page + 1 }));
  const place = h("span", { class: "nbt-place" });
  state.on("page", (page) => {
    place.textContent = placeWords(page);
    back.disabled = page.page === 0;
    on.disabled = page.page + 1 >= page.pages;
  });
  return h("span", { class: "nbt-buttons" }, back, place, on);
}

/** @param {Page} page */
function placeWords({ groups, total, page, pages }) {
  const isCut = groups && total > groups.length;
  if (isCut) return `the newest ${grouped(groups.length)} of ${plural(total, "group")}`;
  return `${grouped(page + 1)} / ${grouped(pages)}`;
}

/** @param {string} words @param {string} name @param {() => unknown} onclick */
function pageButton(words, name, onclick) {
  return h(
    "button",
    {
      class: "nbt-button nbt-page",
      type: "button",
      "aria-label": name,
      title: name,
      "data-key": name,
      onclick,
    },
    words,
  );
}

/** @param {RunsState} state @param {HTMLElement} notice @param {string[]} ids */
function offerUndo(state, notice, ids) {
  const undo = () => {
    notice.replaceChildren();
    state.bringBack(ids);
  };
  const button = h(
    "button",
    { class: "nbt-button", type: "button", "data-key": "undo", onclick: undo },
    "Undo",
  );
  redraw(notice, h("span", {}, `Deleted ${plural(ids.length, "run")}.`), button);
  leaveLater(state, notice, button);
}

/** A notice goes by itself, if it is still there; not in the middle of a click, which what is below
 *  would miss.
 *  @param {RunsState} state @param {HTMLElement} notice @param {HTMLElement} shown in it */
function leaveLater(state, notice, shown) {
  const leave = () => shown.isConnected && notice.replaceChildren();
  setTimeout(() => state.host.whenReleased(leave), UNDO_SECONDS * 1000);
}

/** @param {RunsState} state @param {HTMLElement} notice @param {Notice} found */
function showNotice(state, notice, { words, source }) {
  const dismiss = h(
    "button",
    {
      class: "nbt-quiet",
      type: "button",
      "aria-label": "Dismiss",
      onclick: () => notice.replaceChildren(),
    },
    "×",
  );
  if (!source) {
    redraw(notice, h("span", {}, words), dismiss);
    leaveLater(state, notice, dismiss);
    return;
  }
  const text = h("textarea", {
    class: "nbt-field nbt-copy",
    readonly: true,
    rows: Math.min(12, source.split("\n").length),
    "aria-label": "Code to copy",
    value: source,
  });
  const copy = h("button", { class: "nbt-button", type: "button" }, "Copy");
  copy.addEventListener("click", async () => {
    copy.textContent = (await copyText(source)) ? "Copied" : "Press Ctrl+C";
    text.select();
  });
  redraw(notice, h("span", {}, words), text, copy, dismiss);
}
