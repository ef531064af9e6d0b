"""A panel on a page of its own: the real panel and the real page, and no JupyterLab between them.

What happens in JupyterLab is tested there; what only the page does costs here a tenth of the time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbtrack.panels.shared.panel import Panel, receive
from tests.browser.lab import open_browser
from tests.support.panel_page import Page

_FRAME = """<!doctype html><html><body style="margin:0"><div id="panel"></div></body></html>"""
# What anywidget hands to a page, over the line of `Page`.
_OPEN = """async ([source, styles]) => {
  const sheet = document.createElement("style");
  sheet.textContent = styles;
  document.head.append(sheet);
  const listeners = new Map();
  window.hear = (content) => listeners.get("msg:custom")?.forEach((listen) => listen(content));
  const model = {
    get: () => 0,
    on: (name, listen) => listeners.set(name, [...(listeners.get(name) ?? []), listen]),
    off: (name) => listeners.delete(name),
    send: async (message) => (await window.tellKernel(message)).forEach(window.hear),
  };
  const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  module.default.render({ model, el: document.getElementById("panel") });
}"""


@contextmanager
def open_panel(panel: Panel, *, width: int = 1000, height: int = 800) -> Iterator[Any]:
    """The page; `page.panel` is what the user sees of the panel."""
    with open_browser(width=width, height=height) as page:
        page.expose_function("tellKernel", lambda message: _answers(page.kernel, message))
        show_panel(page, panel)
        yield page


def show_panel(page: Any, panel: Panel) -> None:
    """In the place of the one that was there."""
    page.kernel = Page(panel)
    page.set_content(_FRAME)
    page.evaluate(_OPEN, [str(panel._esm), str(panel._css)])
    page.panel = page.locator("[data-nbtrack]")
    settled(page)


def _answers(kernel: Page, message: dict[str, Any]) -> list[dict[str, Any]]:
    """What the panel says to that, with what it pushes."""
    before = len(kernel.heard)
    receive(kernel.panel, message, [])
    return json.loads(json.dumps(kernel.heard[before:]))


def settled(page: Any) -> Any:
    """The panel, when it waits for nothing."""
    page.locator("[data-nbtrack][aria-busy='false'] .nbt-table").first.wait_for()
    return page.panel
