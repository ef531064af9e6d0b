// The artifacts of one run as a panel of their own.

import "../../shared/page/panel.css";
import "../../runs/page/runs.css";
import "./artifacts.css";
import { append, h } from "../../shared/page/dom.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { mountArtifacts } from "./artifacts.js";

export function render({ model, el }) {
  const root = h("div", {
    class: "nbtrack",
    "data-nbtrack": "artifacts",
    role: "region",
    "aria-label": "nbtrack artifacts",
  });
  el.append(root);
  const host = new PanelHost(model, root);
  const body = h("div", { class: "nbt-artifacts-panel" });
  host.ask("start").then(
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
      root.append(h("div", { class: "nbt-error", role: "alert" }, error.message));
      host.ready();
    },
  );
  return () => host.close();
}
