"""nbtrack and MLflow (SQLite) through the same calls, side by side, as a table with ratios.

python -m tests.benchmarks.compare [--quick]
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks import kernel

# Lines of the table: key, what it is, the ratio to reach (None: not slower).
LINES = [
    ("import", "import", 20),
    ("first_log", "fresh process: import to first log returned", None),
    ("start_and_end", "start and end a run", 30),
    ("ten_and_ten", "a run with 10 params and 10 metrics, one call each", 50),
    ("log_metric", "log_metric, p50", 500),
    ("log_metric_busy", "log_metric beside a busy Python thread, p50", 150),
    ("write_points", "100,000 points written by log_batch of 1,000", 40),
    ("read_first", "the same points read with get_metric_history, at once", 10),
    ("read_points", "read again, median", 60),
    ("search_all", "search_runs, 1,000 runs x 20 params x 20 metrics", 40),
    ("search_after_a_write", "the same, after each metric that is logged", None),
    ("search_filtered", "the same, filtered by a metric and a param", 10),
    ("search_filtered_anew", "the same, by another filter each time", None),
    ("search_top_20", "the same, top 20 by a metric", 20),
    ("search_top_20_anew", "the same, by another metric each time", None),
    ("disk_bytes", "disk of a project with these 100,000 points", 10),
]
_FRESH = """
import time; began = time.perf_counter()
import {library} as api
imported = time.perf_counter() - began
api.set_tracking_uri({uri!r})
api.start_run(); api.log_metric("loss", 0.5)
print(imported, time.perf_counter() - began)
api.end_run()
"""


def main() -> None:
    is_quick = "--quick" in sys.argv
    found = {library: _measure(library, is_quick=is_quick) for library in ("mlflow", "nbtrack")}
    print(f"{_machine()}\n")
    print("| | MLflow | nbtrack | ratio | to reach |\n|---|---:|---:|---:|---:|")
    for key, text, goal in LINES:
        theirs, ours = found["mlflow"][key], found["nbtrack"][key]
        show = _size if key == "disk_bytes" else _time
        wanted = f"{goal}x" if goal else "1x"
        print(f"| {text} | {show(theirs)} | {show(ours)} | {_ratio(theirs / ours)} | {wanted} |")
    print("\n| nbtrack in a kernel | measured | at most |\n|---|---:|---:|")
    for text, seconds, most in kernel.measure(is_quick=is_quick):
        print(f"| {text} | {_time(seconds)} | {_time(most)} |")


def _measure(library: str, *, is_quick: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "tests.benchmarks.one_side", library, name]
        found: dict[str, float] = json.loads(_run(command + ["--quick"] * is_quick))
    fresh = [_fresh(library) for _ in range(2 if is_quick else 5)]
    found["import"] = statistics.median(imported for imported, _ in fresh)
    found["first_log"] = statistics.median(logged for _, logged in fresh)
    return found


def _fresh(library: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as name:
        uri = f"sqlite:///{name}/mlflow.db" if library == "mlflow" else name
        text = _run([sys.executable, "-c", _FRESH.format(library=library, uri=uri)])
    imported, logged = text.split()[-2:]
    return float(imported), float(logged)


def _run(command: list[str]) -> str:
    offline = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with tempfile.TemporaryDirectory() as working_folder:
        done = subprocess.run(
            command,
            cwd=working_folder,
            env={**os.environ, **offline, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("mlflow", "duckdb", "ipykernel"))
    machine = f"{os.cpu_count()} cores, {platform.system()}"
    return f"{machine}, Python {platform.python_version()}, {versions}"


def _time(seconds: float) -> str:
    for unit, factor in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def _size(size: float) -> str:
    return f"{size / 1e6:.3g} MB"


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.1f}x"


if __name__ == "__main__":
    main()
