// `nbtrack.compare(…)` as a panel of its own.

import "../../shared/page/panel.css";
import "../../runs/page/runs.css";
import "./compare.css";
import "../../artifacts/page/artifacts.css";
import { append, h } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { PanelHost, panelRoot } from "../../shared/page/panel_host.js";
import { CompareView } from "./compare.js";
/** @import { Opening } from "../../shared/page/panel_types.d.ts" */
/** @import { CompareStart } from "./messages.d.ts" */

/** @param {Opening} opening */
export function render({ model, el }) {
  const root = panelRoot(el, "compare", "nbtrack compare");
  const host = new PanelHost(model, root);
  const body = h("div", {});
  const trouble = h("div", { class: "nbt-error", role: "alert" });
  const view = new CompareView(host, body);
  const title = h("span", { class: "nbt-title" }, "Compare");
  append(root, [
    h("div", { class: "nbt-head" }, title, h("div", { class: "nbt-facts" }, host.status)),
    trouble,
    body,
  ]);
  host.onPush("comparison", (content) => view.take(content));
  /** @param {string} words */
  const say = (words) => {
    trouble.textContent = words;
  };
  host.onPush("trouble", say);
  askStart(host)
    .then(
      ({ runs, baseline }) => view.show(runs, baseline),
      (error) => say(wordsOf(error)),
    )
    .then(() => host.ready());
  return () => {
    view.close();
    host.close();
  };
}

/** Every panel has an answer of its own to this question.
 *  @param {PanelHost} host */
function askStart(host) {
  return /** @type {Promise<CompareStart>} */ (host.ask("start", {}));
}
