"""What autolog adds to a tracked cell in a real kernel: from execute_request to idle again."""

from __future__ import annotations

import statistics
import tempfile
import time
from typing import Any

from tests.benchmarks import kernel

_SETUP = """
%load_ext nbtrack
import nbtrack.base.background, nbtrack.sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True)
"""
_CELL = "%%track\nmodel = LogisticRegression(max_iter=200).fit(X, y)"
_OFF = "nbtrack.sklearn.autolog(disable=True)"
_SETTLE = "nbtrack.base.background.wait()"
SETTLE_SECONDS = 0.1  # what is left for the background must not hide in the next cell


def measure(*, is_quick: bool) -> list[tuple[str, float, float]]:
    """(what, measured, at most) in seconds."""
    times = 8 if is_quick else 30
    with tempfile.TemporaryDirectory() as folder:
        manager, client = kernel._start(folder)
        _run(client, _SETUP)
        everything = _added(client, "nbtrack.sklearn.autolog()", times=times)
        no_model = _added(client, "nbtrack.sklearn.autolog(log_models=False)", times=times)
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return [
        ("LogisticRegression on iris in a tracked cell, everything on", everything, 0.050),
        ("the same, log_models=False", no_model, 0.020),
    ]


def _added(client: Any, turn_on: str, *, times: int) -> float:
    """Median of what a tracked cell takes longer with autolog than the same cell without."""
    added = []
    for number in range(times + 2):
        seconds = {}
        for switch in (_OFF, turn_on) if number % 2 else (turn_on, _OFF):
            _run(client, switch)
            began = time.perf_counter()
            _run(client, _CELL)
            seconds[switch] = time.perf_counter() - began
            _run(client, _SETTLE)
            time.sleep(SETTLE_SECONDS)
        if number >= 2:
            added.append(seconds[turn_on] - seconds[_OFF])
    return statistics.median(added)


def _run(client: Any, code: str) -> None:
    reply = client.execute_interactive(code, output_hook=kernel._drop, timeout=60)
    assert reply["content"]["status"] == "ok", reply["content"]
