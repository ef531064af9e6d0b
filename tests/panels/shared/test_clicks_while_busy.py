"""A click on a panel in the middle of a cell, in kernels of several versions of ipykernel.

A page sends it to a subshell of its own, where the kernel has such (ipykernel 7). Version 7.4
would let it wait for the cell as soon as the cell itself has sent something to the panel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.kernel import TIMEOUT, Kernel

BUSY = """
import pathlib, time
panel.push("hello", {})
while not pathlib.Path("stop").exists():
    time.sleep(0.02)
"""
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(params=["installed", "7.3.0", "6.29.5"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """What puts that ipykernel before the one that is installed."""
    if request.param == "installed":
        return {}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    done = subprocess.run(
        [*command, str(tmp_path / "older"), f"ipykernel=={request.param}"],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"ipykernel {request.param} cannot be installed here")
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path / "older"), os.getcwd()])}


@pytest.mark.slow
def test_a_click_is_answered_in_the_middle_of_a_cell(new_kernel: Any, environment: dict[str, str]):
    """Where there are subshells, at once; else when the cell is over, and never with an error."""
    kernel = new_kernel(**environment)
    kernel.run("import nbtrack")
    shown = kernel.run("panel = nbtrack.runs()\npanel").displays[-1]
    page = Page(kernel, shown[WIDGET]["model_id"])
    subshell = page.new_subshell()
    page.ask("opened", number=1, subshell=subshell)
    page.wait(lambda content: content.get("id") == 1)

    cell = kernel.send(BUSY)
    page.wait(lambda content: content.get("push") == "hello")
    page.ask("start", number=2, subshell=subshell)
    if subshell is not None:
        page.wait(lambda content: content.get("id") == 2)
    (kernel.folder / "stop").touch()
    if subshell is None:
        page.wait(lambda content: content.get("id") == 2)
    else:
        assert kernel.finish(cell).errors == []


class Page:
    """As much of a page as it takes to ask a panel something."""

    def __init__(self, kernel: Kernel, comm_id: str) -> None:
        self.client = kernel.client
        self.comm_id = comm_id

    def new_subshell(self) -> str | None:
        """None where ipykernel has none: as a page finds out, who would wait long for an answer."""
        said = self.client.kernel_info(reply=True, timeout=TIMEOUT)["content"]
        if "kernel subshells" not in said.get("supported_features", ()):
            return None
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        return self.client.get_control_msg(timeout=TIMEOUT)["content"]["subshell_id"]

    def ask(self, do: str, *, number: int, subshell: str | None) -> None:
        content = {"id": number, "do": do, "with": {"view": "v"}}
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm_id, "data": data})
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def wait(self, is_it: Callable[[dict[str, Any]], bool]) -> None:
        """For a message of the panel; an error in it fails the test."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            data = message["content"].get("data", {}) if message["msg_type"] == "comm_msg" else {}
            content = data.get("content", {}) if data.get("method") == "custom" else {}
            assert "error" not in content
            if is_it(content):
                return
        raise AssertionError("the panel said nothing")
