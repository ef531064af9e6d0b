// The artifacts of one run as a panel of their own.

function render({ model, el }) {
  const root = h("div", { class: "nbtrack", "data-nbtrack": "artifacts", role: "region", "aria-label": "nbtrack artifacts" });
  el.append(root);
  const host = new PanelHost(model, root);
  const body = h("div", { class: "nbt-artifacts-panel" });
  host.ask("start").then(
    ({ run, name }) => {
      const title = h("span", { class: "nbt-title" }, "Artifacts of ", h("bdi", {}, name));
      append(root, [h("div", { class: "nbt-head" }, title, h("div", { class: "nbt-facts" }, host.status)), body]);
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

export default { render };
