"""`nbtrack ui` in a real Chromium: the panel of runs in a page of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest

from nbtrack import MlflowClient
from tests.browser.lab import needs_browser, open_browser, resize

pytestmark = [needs_browser, pytest.mark.skipif(find_spec("voila") is None, reason="no Voila")]

_DEADLINE = 90  # seconds for a server and its kernel on a busy machine


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page, with two runs in the project."""
    folder: Path = tmp_path_factory.mktemp("ui")
    client = MlflowClient(str(folder / "project"))
    for name, f1 in (("calm heron", 0.9), ("odd finch", 0.4)):
        run = client.create_run("0", run_name=name)
        client.log_metric(run.info.run_id, "f1", f1)
        for step in range(20):
            client.log_metric(run.info.run_id, "loss", 1 / (step + 1), step=step)
        client.set_terminated(run.info.run_id)
    log = folder / "ui.log"
    command = [sys.executable, "-m", "nbtrack", "ui", str(folder / "project"), "--no-browser"]
    with log.open("w") as output:
        server = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, start_new_session=True
        )
    try:
        with open_browser(width=1200, height=900) as page:
            _open(page, server, log)
            yield page
    finally:
        started = psutil.Process(server.pid).children(recursive=True)
        server.terminate()
        server.wait(timeout=60)
        _, left = psutil.wait_procs(started, timeout=10)
        assert left == []  # neither Voila nor its kernel outlives the command


def _open(page: Any, server: subprocess.Popen[bytes], log: Path) -> None:
    from playwright.sync_api import Error

    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(r"http://127\S+", log.read_text())
        try:
            if found and page.goto(found.group()).ok:
                page.locator("tr[data-run-id]").first.wait_for(timeout=1000 * _DEADLINE)
                return
        except Error:
            if found is None:
                raise
        time.sleep(0.2)
    raise AssertionError(f"nbtrack ui did not start:\n{log.read_text()[-3000:]}")


def background(page: Any) -> list[int]:
    colour = page.locator("[data-nbtrack=runs]").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    return [int(each) for each in re.findall(r"\d+", colour)[:3]]


def test_the_runs_are_shown(page: Any) -> None:
    """The table alone, without the static twin that a notebook keeps; a click sorts."""
    page.locator('[data-column="metrics.f1"]').click()
    page.locator('th[aria-sort=descending] [data-column="metrics.f1"]').wait_for()

    assert page.locator("tr[data-run-id] bdi").all_inner_texts() == ["calm heron", "odd finch"]
    assert not page.locator(".nbtrack-static").first.is_visible()


def test_charts_are_drawn(page: Any) -> None:
    """Vega comes from the kernel, as in a notebook."""
    page.locator("[data-tab=charts]").click()
    page.locator("[data-metric=loss] svg").first.wait_for(timeout=60_000)
    page.locator("[data-tab=runs]").click()


def test_it_follows_the_system(page: Any) -> None:
    """Light and dark, without another load."""
    page.emulate_media(color_scheme="light")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    page.locator("body[data-jp-theme-light=false]").wait_for()

    assert min(light) > 200
    assert max(background(page)) < 90


@pytest.mark.parametrize("width", [700, 1000, 1600])
def test_it_has_all_the_room(page: Any, width: int) -> None:
    """Nothing sticks out, and nearly nothing is lost to margins."""
    resize(page, width, 900)
    box = page.locator("[data-nbtrack=runs]").bounding_box()

    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert box["width"] > width - 60


def test_nothing_leaves_the_machine(page: Any) -> None:
    """Not even for a stylesheet."""
    assert page.foreign == []
