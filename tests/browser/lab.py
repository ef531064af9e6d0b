"""A real JupyterLab and a real Chromium, driven from Python."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium on this machine"
)
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
# Idle in four polls running: the kernel reports idle for a moment before it starts a queued cell.
# An answer from a subshell makes it report idle in the middle of a cell, whose prompt knows better.
_SETTLED = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  const session = panel?.context?.sessionContext;
  const kernel = session?.session?.kernel;
  if (!kernel || kernel.connectionStatus !== 'connected') return false;
  for (let n = 0; n < 4; n++) {
    if (kernel.status !== 'idle') return false;
    const prompts = panel.content.widgets.map(cell => cell.node.querySelector('.jp-InputPrompt'));
    if (prompts.some(prompt => prompt?.textContent.includes('*'))) return false;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  return true;
}"""
# What other pages have left; a page that is loaded again keeps its own.
_FORGET = """
try {
  if (!sessionStorage.getItem("begun")) localStorage.clear();
  sessionStorage.setItem("begun", "1");
} catch { /* a page without an address has none */ }
"""
# Of what was open, nothing is left, nor of what its scripts and the user have chosen.
_CLEAR = """async () => {
  const { commands, shell } = window.jupyterapp;
  for (const widget of [...shell.widgets("main")]) widget.dispose(); // it asks about no changes
  delete window.nbtrackVega;
  localStorage.clear();
  await commands.execute("apputils:change-theme", { theme: "JupyterLab Light" });
  shell.expandLeft();
}"""
# A window takes its new size a moment later, and a page fits itself into it in a few frames more.
_FITTED = """async width => {
  const widths = () => [...document.querySelectorAll("[data-nbtrack], .jp-Notebook, svg")]
    .map(element => element.getBoundingClientRect().width).join();
  for (let before = "", same = 0; innerWidth !== width || same < 10;) {
    await new Promise(requestAnimationFrame);
    const now = widths();
    same = now === before ? same + 1 : 0;
    before = now;
  }
}"""
# Of the window, and the theme in it: no theme moves anything, so that each has a width.
PLACES = ((700, "JupyterLab Light"), (1600, "JupyterLab Dark"))
_SHOW = """async path => {
  await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' });
}"""
_kept: list[Any] = []
_lab_pages: list[Any] = []  # of the kept browser, with nothing open


class LabFolder(NamedTuple):
    """A folder that JupyterLab serves."""

    folder: Path
    address: str  # below which its notebooks are, with the token

    def subfolder(self, name: str) -> LabFolder:
        (self.folder / name).mkdir()
        return LabFolder(self.folder / name, self.address.replace("?", f"/{name}?"))


@contextmanager
def running_lab(folder: Path) -> Iterator[str]:
    """JupyterLab serving *folder*; yields the address of its notebooks, with the token.

    Each notebook has the project that is in the folder beside it.
    """
    port, token = _free_port(), secrets.token_hex(8)
    # What is installed may be older, or not there.
    room = ROOT / "nbtrack/jupyter"
    ours = {"JUPYTER_PATH": str(room / "data"), "JUPYTER_CONFIG_PATH": str(room / "config")}
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
    home = {name: str(folder / ".lab") for name in names}
    _without_questions(folder / ".lab")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--port", str(port), f"--IdentityProvider.token={token}"]
    command += ["--expose-app-in-browser", "--ServerApp.port_retries=0"]
    server = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **home, **ours, "NBTRACK_DIR": "project"},  # where the kernel starts
        stdout=(folder / "lab.log").open("w"),
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api?token={token}", server, folder / "lab.log")
        yield f"{address}/lab/tree?token={token}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=30)  # it gives each of its kernels a few seconds
        except subprocess.TimeoutExpired:  # all is closed, but for an idle thread of AnyIO's
            server.kill()
            server.wait()


def begin_afresh(lab: LabFolder) -> None:
    """End all kernels."""
    base, token = lab.address.split("/lab/tree?")
    for session in json.load(urlopen(f"{base}/api/sessions?{token}")):
        end = Request(f"{base}/api/sessions/{session['id']}?{token}", method="DELETE")
        with suppress(HTTPError):  # it ended with another that had the same kernel
            urlopen(end).close()


@contextmanager
def open_browser(*, width: int = 1100, height: int = 800) -> Iterator[Any]:
    """A page without a past; `page.foreign` collects requests that left this machine."""
    with nullcontext(_kept[0]) if _kept else _chromium() as browser:
        page = _new_page(browser)
        page.set_viewport_size({"width": width, "height": height})
        yield page
        page.close()


def _new_page(browser: Any) -> Any:
    page = browser.new_page()
    page.set_default_timeout(60_000)  # on a busy machine, too
    page.add_init_script(_FORGET)
    foreign: list[str] = []
    page.on("request", lambda r: None if _is_local(r.url) else foreign.append(r.url))
    page.foreign = foreign
    return page


@contextmanager
def opened_notebook(
    lab: LabFolder, name: str, sources: list[str], *, width: int = 1100, height: int = 800
) -> Iterator[Any]:
    """A page with that notebook, which is written; needs a kept browser.

    Where there was a notebook before, it is the page of that one, emptied: to load JupyterLab takes
    as long as all tests of a notebook.
    """
    write_notebook(lab.folder / name, sources)
    page = _lab_pages.pop() if _lab_pages else _new_page(_kept[0])
    page.set_viewport_size({"width": width, "height": height})
    page.foreign.clear()
    if page.url == "about:blank":
        open_notebook(page, lab.address, name)
    else:
        show_notebook(page, f"{lab.folder.name}/{name}")
    yield page
    page.evaluate(_CLEAR)
    _lab_pages.append(page)


def resize(page: Any, width: int, height: int) -> None:
    """Returns when all that is shown has its place in the new window."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(_FITTED, width)


def is_browser_kept() -> bool:
    return bool(_kept)


@contextmanager
def kept_browser() -> Iterator[None]:
    """All pages that are opened meanwhile are of one Chromium, which takes seconds to start, and
    need not load and compile JupyterLab anew."""
    with _chromium() as browser:
        _kept.append(browser)
        try:
            yield
        finally:
            _kept.clear()
            _lab_pages.clear()


@contextmanager
def _chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser.new_context()
        browser.close()


def open_notebook(page: Any, address: str, name: str) -> None:
    base, token = address.split("?")
    page.goto(f"{base}/{name}?{token}&reset")
    _wait_for_notebook(page)


def show_notebook(page: Any, path: str) -> None:
    """In the JupyterLab that the page has loaded; *path* is below its folder."""
    page.evaluate(_SHOW, path)
    _wait_for_notebook(page)


def _wait_for_notebook(page: Any) -> None:
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length"
    )
    page.wait_for_function(_SETTLED, timeout=60_000)


def run_cell(page: Any, index: int) -> Any:
    """Run one cell and wait for the kernel; its output area, scrolled into view."""
    page.evaluate(
        """async index => {
            const panel = window.jupyterapp.shell.currentWidget;
            await panel.sessionContext.ready;
            panel.content.activeCellIndex = index;
            // Lab drops a run that comes before the notebook is quite ready.
            while (!panel.content.activeCell.model.executionCount) {
                await window.jupyterapp.commands.execute('notebook:run-cell');
                await new Promise(resolve => setTimeout(resolve, 50));
            }
        }""",
        index,
    )
    page.wait_for_function(_SETTLED, timeout=60_000)
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(index)
    cell.scroll_into_view_if_needed()
    return cell.locator(".jp-Cell-outputArea")


def run_cells_behind(page: Any, index: int) -> Any:
    """Run all cells behind that one, and wait for the last; its output area."""
    page.evaluate(
        """async index => {
            const panel = window.jupyterapp.shell.currentWidget;
            panel.content.activeCellIndex = index + 1;
            await window.jupyterapp.commands.execute('notebook:run-all-below');
        }""",
        index,
    )
    page.wait_for_function(_SETTLED, timeout=60_000)
    return page.locator(".jp-Notebook .jp-CodeCell .jp-Cell-outputArea").last


def begin_cell(page: Any, index: int) -> None:
    """Start one cell, and do not wait for it."""
    page.evaluate(
        """async index => {
            const panel = window.jupyterapp.shell.currentWidget;
            panel.content.activeCellIndex = index;
            window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def wait_until_idle(page: Any) -> None:
    page.wait_for_function(_SETTLED, timeout=60_000)


def cell_sources(page: Any) -> list[str]:
    return page.evaluate(
        "() => [...window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells]"
        ".map(cell => cell.source)"
    )


def restart_kernel(page: Any) -> None:
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )


def save_notebook(page: Any) -> None:
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")


def use_theme(page: Any, name: str) -> None:
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
    )
    light = "false" if "Dark" in name else "true"
    page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{light}'")


def write_notebook(file: Path, sources: list[str]) -> None:
    cells = [
        {"cell_type": "code", "id": f"cell-{n}", "metadata": {}, "source": source, "outputs": [],
         "execution_count": None}
        for n, source in enumerate(sources)
    ]  # fmt: skip
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"},
        "language_info": {"name": "python"},
    }
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    file.write_text(json.dumps(notebook))


def _without_questions(home: Path) -> None:
    """Lab would ask which kernel to start, whether it may look for news, and npm for extensions."""
    disabled = {"@jupyterlab/apputils-extension:announcements": True,
                "@jupyterlab/extensionmanager-extension:plugin": True}  # fmt: skip
    _write_json(home / "labconfig/page_config.json", {"disabledExtensions": disabled})
    settings = home / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    _write_json(settings, {"autoStartDefaultKernel": True})


def _write_json(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def _is_local(url: str) -> bool:
    return url.split(":", 1)[0] in ("data", "blob", "about") or "//127.0.0.1" in url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            break
        try:
            urlopen(url, timeout=2).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")
