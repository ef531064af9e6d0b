// The artifacts of one run as a panel of their own.

import "../../shared/page/panel.css";
import "../../runs/page/runs.css";
import "./artifacts.css";
import { append, h } from "../../shared/page/dom.js";
import { wordsOf } from "../../shared/page/formats.js";
import { PanelHost, panelRoot } from "../../shared/page/panel_host.js";
import { mountArtifacts } from "./artifacts.js";
/** @import { Opening } from "../../shared/page/panel_types.d.ts" */
/** @import { ArtifactsStart } from "./messages.d.ts" */

/** @param {Opening} opening */
export function render({ model, el }) {
  const root = panelRoot(el, "artifacts", "nbtrack artifacts");
  const host = new PanelHost(model, root);
  const body = h("div", { class: "nbt-artifacts-panel" });
  askStart(host).then(
    ({ run, name }) => {
      const title = h("span", { class: "nbt-title" }, "Artifacts of ", h("bdi", {}, name));
      append(root, [
        h("div", { class: "nbt-head" }, title, h("div", { class: "nbt-facts" }, host.status)),
        body,
      ]);
      mountArtifacts(host, body, run, { looks: "all" });
      host.ready();
    },
    (error) => {
      root.append(h("div", { class: "nbt-error", role: "alert" }, wordsOf(error)));
      host.ready();
    },
  );
  return () => host.close();
}

/** Every panel has an answer of its own to this question.
 *  @param {PanelHost} host */
function askStart(host) {
  return /** @type {Promise<ArtifactsStart>} */ (host.ask("start", {}));
}
