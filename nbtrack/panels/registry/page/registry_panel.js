// `nbtrack.registry(…)` as a panel of its own.

import "../../shared/page/panel.css";
import "../../runs/page/runs.css";
import "../../compare/page/compare.css";
import "./registry.css";
import { h } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { PanelHost, panelRoot } from "../../shared/page/panel_host.js";
import { RegistryBrowser } from "./registry.js";
/** @import { Opening } from "../../shared/page/panel_types.d.ts" */
/** @import { RegistryStart } from "./messages.d.ts" */

/** `place` is the model that it begins with, where the page has an address that says so, null for
 *  the list; and who is told which it is.
 *  @typedef {{ begin: string | null, changed: (name: string | null) => void }} FollowedModel */

/** @param {Opening & { place?: FollowedModel }} opening */
export function render({ model, el, place }) {
  const root = panelRoot(el, "registry", "nbtrack model registry");
  const host = new PanelHost(model, root);
  const body = h("div", { class: "nbt-registry" });
  root.append(body);
  const browser = new RegistryBrowser(host, body, { status: host.status });
  browser.state.on("rows", () => host.ready());
  browser.state.on("rows", () => place?.changed(browser.state.name));
  askStart(host).then(
    ({ name }) => browser.state.openModel(place ? place.begin : name),
    (error) => browser.state.set({ trouble: wordsOf(error) }),
  );
  return () => host.close();
}

/** Every panel has an answer of its own to this question.
 *  @param {PanelHost} host */
function askStart(host) {
  return /** @type {Promise<RegistryStart>} */ (host.ask("start", {}));
}
