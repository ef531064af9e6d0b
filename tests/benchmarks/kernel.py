"""What nbtrack costs in a real kernel: from execute_request to the kernel being idle again."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from typing import Any

from jupyter_client.manager import start_new_kernel


def measure(*, is_quick: bool) -> list[tuple[str, float, float]]:
    """(what, measured, at most) in seconds."""
    times = 20 if is_quick else 100
    firsts = [_first_card() for _ in range(2 if is_quick else 5)]
    tracked, plain = _cells(times)
    return [
        ("a fresh kernel: %load_ext to the first card", statistics.median(firsts), 0.7),
        ("added to an empty cell by %%track, p50", tracked - plain, 0.015),
    ]


def _first_card() -> float:
    with tempfile.TemporaryDirectory() as folder:
        manager, client = _start(folder)
        began = time.perf_counter()
        client.execute_interactive("%load_ext nbtrack", output_hook=_drop, timeout=60)
        client.execute_interactive("%%track\nx = 1", output_hook=_drop, timeout=60)
        taken = time.perf_counter() - began
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return taken


def _cells(times: int) -> tuple[float, float]:
    """Median seconds of a tracked and of a plain cell, taken in turns."""
    taken: dict[str, list[float]] = {"%%track\n": [], "": []}
    with tempfile.TemporaryDirectory() as folder:
        manager, client = _start(folder)
        client.execute_interactive("%load_ext nbtrack", output_hook=_drop, timeout=60)
        for number in range(times + 3):
            for first_line, seconds in taken.items():
                began = time.perf_counter()
                client.execute_interactive(f"{first_line}x = 1", output_hook=_drop, timeout=60)
                if number >= 3:
                    seconds.append(time.perf_counter() - began)
                time.sleep(0.02)  # what is left for the background must not hide in the next cell
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return statistics.median(taken["%%track\n"]), statistics.median(taken[""])


def _start(folder: str) -> tuple[Any, Any]:
    return start_new_kernel(
        kernel_name="python3", cwd=folder, env={**os.environ, "NBTRACK_DIR": f"{folder}/project"}
    )


def _drop(message: Any) -> None:
    """Output is not what is measured."""
