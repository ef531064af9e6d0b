// The Registry tab of the runs panel: the registry, and the way into it for a ticked run's model.

import { append, h } from "../../shared/page/dom.js";
import { RegisterOffer } from "./register_offer.js";
import { RegistryBrowser } from "./registry.js";
/** @import { RunsState } from "../../runs/page/runs_state.js" */
/** @import { PanelHost } from "../../shared/page/panel_host.js" */

export const registryTab = { name: "registry", label: "Registry", mount: mountRegistryTab };

/** @param {PanelHost} host @param {HTMLElement} el @param {RunsState} state */
function mountRegistryTab(host, el, state) {
  const body = h("div", { class: "nbt-registry" });
  const browser = new RegistryBrowser(host, body);
  const offer = new RegisterOffer(host, state, (name) => browser.state.openModel(name));
  let isShown = false;
  append(el, [offer.el, body]);
  state.on("ticked", () => isShown && offer.show());
  host.onPush("page", () => isShown && browser.state.refresh());
  browser.state.openList();
  return {
    shown: () => {
      isShown = true;
      offer.show();
      if (browser.state.models) browser.state.refresh();
    },
    hidden: () => {
      isShown = false;
    },
  };
}
