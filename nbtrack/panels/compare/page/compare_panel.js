// `nbtrack.compare(…)` as a panel of its own.

import "../../shared/page/panel.css";
import "../../runs/page/runs.css";
import "./compare.css";
import "../../artifacts/page/artifacts.css";
import { append, h } from "../../shared/page/dom.js";
import { PanelHost } from "../../shared/page/panel_host.js";
import { CompareView } from "./compare.js";

export function render({ model, el }) {
  const root = h("div", {
    class: "nbtrack",
    "data-nbtrack": "compare",
    role: "region",
    "aria-label": "nbtrack compare",
  });
  el.append(root);
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
  host.onPush("trouble", (words) => (trouble.textContent = words));
  host
    .ask("start")
    .then(
      ({ runs, baseline }) => view.show(runs, baseline),
      (error) => (trouble.textContent = error.message),
    )
    .then(() => host.ready());
  return () => {
    view.close();
    host.close();
  };
}
