"""A team's server beside MLflow's own, through the same calls of their own clients.

python -m tests.benchmarks.team [--quick] [--runs 20000] [--clients 1,8]
                                [--postgres | --store URI --mlflow-store URI]

MLflow's server has SQLite and its default of workers, ours the folder of a project, unless others
are named; with --postgres, both have databases of one PostgreSQL, begun for them. Both are idle but
for what is measured. Long searches are of ours alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.big_database import make_big_database
from tests.benchmarks.big_project import make_big_project
from tests.benchmarks.compare import _ratio, _size, _time
from tests.benchmarks.team_servers import Clients, Server, run_clients, serving
from tests.support.postgres import postgres

POINTS = 100_000
FILE_BYTES = 100 << 20
TOP_SECONDS, IDLE_BYTES = 0.1, 120e6  # at most


class Measured:
    """By line of the table: what it is, and the ratio to reach."""

    def __init__(self) -> None:
        self.lines: dict[str, float] = {}
        self.found: dict[str, dict[str, float]] = {"mlflow": {}, "nbtrack": {}}

    def note(self, library: str, line: str, value: float, *, goal: float) -> None:
        self.lines[line] = goal
        self.found[library][line] = value


def main() -> None:
    given = _given()
    measured = Measured()
    if given.postgres:
        given.store, given.mlflow_store = postgres().new_database(), _as_sqlalchemy_says()
    with tempfile.TemporaryDirectory() as name:
        for library in ("mlflow", "nbtrack"):
            store = given.mlflow_store if library == "mlflow" else given.store
            with serving(library, Path(name) / library, store=store) as server:
                measure(server, measured, given)
        print(f"{_machine()}\n")
        _print(measured)
        print("\n| nbtrack's server alone | measured | at most |\n|---|---:|---:|")
        if given.postgres or given.store is None:
            _measure_top(Path(name) / "big", given)
    idle = measured.found["nbtrack"]["idle memory of a worker"]
    print(f"| idle memory of a worker | {_size(idle)} | {_size(IDLE_BYTES)} |")


def measure(server: Server, measured: Measured, given: argparse.Namespace) -> None:
    def note(line: str, value: float, goal: float) -> None:
        measured.note(server.library, line, value, goal=goal)

    run_clients(server, "log", "1")  # what a first run sets up
    time.sleep(5)
    note("idle memory of a worker", server.idle_bytes(), 1)
    is_slow = server.library == "mlflow"
    calls = str((50 if given.quick else 200) * (1 if is_slow else 50))
    for number in given.clients:
        words = _words(number)
        found = run_clients(server, "log", *[calls] * number)
        note(f"log_metric, p50, {words}", statistics.median(each["p50"] for each in found), 500)
    for number in given.clients:
        points = POINTS // (10 if given.quick else 1)
        line = f"{points:,} points from call to visible, {_words(number)}"
        note(line, seconds_to_visible(server, points, number), 30)
    _fill(server, runs=100 if given.quick else 1000)
    for number in given.clients:
        found = run_clients(server, "search", *["3" if is_slow else "9"] * number)
        line = f"search of {found[0]['runs']:,} runs x {found[0]['columns']} columns"
        seconds = statistics.median(each["median"] for each in found)
        note(f"{line}, {_words(number)}", seconds, 10)
    _measure_file(server, note_file=lambda line, value: note(line, value, 1))


def seconds_to_visible(server: Server, points: int, clients: int) -> float:
    """From the first call of the first to the last point of the last, as another client sees it.

    Of runs that the server has: MLflow's client waits for that when it begins one, ours does not.
    """
    started = Clients(server, "points", [str(points // clients)] * clients)
    while not all(map(server.knows, started.told)):
        time.sleep(0.1)
    started.go()
    missing = set(started.told)
    while missing:
        missing -= {run_id for run_id in missing if "done" in server.metrics_of(run_id)}
        seen = time.time()
        time.sleep(0.01)
    return seen - min(each["began"] for each in started.found())


def _fill(server: Server, *, runs: int) -> None:
    """MLflow's straight into its database: through its server it takes minutes."""
    filling = Clients(server, "fill", [str(runs)], uri=server.store)
    filling.go()
    filling.found()


def _measure_file(server: Server, note_file: object) -> None:
    assert callable(note_file)
    file = server.folder / "large.bin"
    file.write_bytes(os.urandom(FILE_BYTES))
    ups, downs = [], []
    for _ in range(3):
        (sent,) = run_clients(server, "up", str(file))
        (got,) = run_clients(server, "down", sent["run_id"])
        assert got["bytes"] == FILE_BYTES
        ups.append(sent["seconds"])
        downs.append(got["seconds"])
    note_file("artifact of 100 MB, up", statistics.median(ups))
    note_file("artifact of 100 MB, down", statistics.median(downs))


def _measure_top(folder: Path, given: argparse.Namespace) -> None:
    store = postgres().new_database() if given.postgres else None
    if store is None:
        make_big_project(folder / ".nbtrack", runs=given.runs)
    else:
        make_big_database(store, runs=given.runs)
    with serving("nbtrack", folder, store=store) as server:
        (found,) = run_clients(server, "top", "21")
    for name, seconds in (("the first", found["first"]), ("another metric each", found["median"])):
        line = f"top 20 of {given.runs:,} runs, {name}"
        print(f"| {line} | {_time(seconds)} | {_time(TOP_SECONDS)} |")


def _as_sqlalchemy_says() -> str:
    return postgres().new_database().replace("postgresql://", "postgresql+psycopg://")


def _print(measured: Measured) -> None:
    print("| | MLflow | nbtrack | ratio | to reach |\n|---|---:|---:|---:|---:|")
    for line, goal in measured.lines.items():
        theirs, ours = (measured.found[each][line] for each in ("mlflow", "nbtrack"))
        show = _size if "memory" in line else _time
        print(f"| {line} | {show(theirs)} | {show(ours)} | {_ratio(theirs / ours)} | {goal:g}x |")


def _words(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("mlflow", "duckdb", "uvicorn"))
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores (load {load:.1f}), {platform.system()}, "
        f"Python {platform.python_version()}, {versions}"
    )


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=20_000, help="of the long search")
    parser.add_argument("--postgres", action="store_true", help="both over one PostgreSQL")
    parser.add_argument("--store", help="of our server: a database instead of a folder")
    parser.add_argument("--mlflow-store", help="of MLflow's: a database instead of SQLite")
    parser.add_argument(
        "--clients", type=lambda text: [int(each) for each in text.split(",")], default=[1, 8]
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
