// `nbtrack.registry(…)` as a panel of its own.

import "../../shared/page/panel.css";
import "../../runs/page/runs.css";
import "../../compare/page/compare.css";
import "./registry.css";
import { h } from "../../shared/page/dom.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { RegistryBrowser } from "./registry.js";

export function render({ model, el }) {
  const root = h("div", {
    class: "nbtrack",
    "data-nbtrack": "registry",
    role: "region",
    "aria-label": "nbtrack model registry",
  });
  el.append(root);
  const host = new PanelHost(model, root);
  const body = h("div", { class: "nbt-registry" });
  root.append(body);
  const browser = new RegistryBrowser(host, body, { status: host.status });
  browser.state.on("rows", () => host.ready());
  host.ask("start").then(
    ({ name }) => browser.state.openModel(name),
    (error) => browser.state.set({ trouble: error.message }),
  );
  return () => host.close();
}
