"""What panels ask of a store with 100,000 runs x 20 params x 20 metrics: medians.

python -m tests.benchmarks.panels [RUNS]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from statistics import median

from nbtrack.journal.lines import metric_line, now_us, run_line
from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.benchmarks.big_project import KEYS, RUNS, make_big_project

FILTER = "metrics.m05 > 0.{digit} and params.p02 = 'SVC'"
COLUMNS = ["params.p01", "params.p02", "metrics.m00", "metrics.m07", "duration"]
TIMES = 15


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        make_big_project(project, runs=int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
        store = DuckDBStore(project)
        print("| question | median | first |\n|---|---:|---:|")
        for text, question in questions(store):
            first, then = _times(question)
            print(f"| {text} | {then * 1e3:,.1f} ms | {first * 1e3:,.1f} ms |")
        store.close()


def questions(store: DuckDBStore) -> list[tuple[str, Callable[[], object]]]:
    """In this order: the first one makes the index of runs."""
    keys, digits = cycle(f"m{n:02}" for n in range(KEYS)), cycle(range(1, 10))
    words = cycle(("forest", "blue", "run 77", "linear", "HistGB", "nothing"))
    newest = RunQuery(max_results=25)

    def page(**query: object) -> object:
        return store.read_run_page(RunQuery(max_results=25, **query), folded=True)  # type: ignore[arg-type]

    def by_another_metric() -> tuple[str, ...]:
        return (f"metrics.{next(keys)} DESC",)

    def after_a_write(line: Callable[[], str]) -> object:
        store.append(line())
        return page()

    run_ids = [run.info.run_id for run in store.read_run_page(newest, folded=False).runs[:20]]
    parent = next(iter(store.read_run_page(newest, folded=True).children))
    store._index._content = store._index._cut = None
    filtered = FILTER.format(digit=5)
    return [
        ("newest 25, folded, with counts", page),
        ("... sorted by another metric each time", lambda: page(order_by=by_another_metric())),
        (
            "... sorted and filtered, another order each time",
            lambda: page(order_by=by_another_metric(), filter_string=filtered),
        ),
        (
            "... sorted and filtered, both anew each time",
            lambda: page(
                order_by=by_another_metric(), filter_string=FILTER.format(digit=next(digits))
            ),
        ),
        (
            "... of a word in names, params, tags and notes, another each time",
            lambda: page(filter_string=f"any_text ILIKE '%{next(words)}%'"),
        ),
        ("children of a run", lambda: store.read_child_runs(parent)),
        ("keys, read", lambda: _keys_anew(store)),
        ("keys, kept", lambda: store.read_keys(RunQuery())),
        ("groups by a param, 2 metrics", lambda: _groups(store, "params.p02")),
        ("groups by a cell's lineage, 2 metrics", lambda: _groups(store, "cell")),
        ("20 x 100,000 points to 300 buckets, by step", lambda: _series(store, run_ids)),
        (
            "... by relative time",
            lambda: store.read_series(run_ids, ["loss"], x="relative"),
        ),
        (
            "... a hundredth of it",
            lambda: store.read_series(run_ids, ["loss"], x="step", low=50_000, high=51_000),
        ),
        (
            "5 columns of the newest 5,000",
            lambda: store.read_run_values(RunQuery(max_results=5000), COLUMNS),
        ),
        (
            "5 columns of the best 5,000",
            lambda: store.read_run_values(
                RunQuery(max_results=5000, order_by=("metrics.m03 DESC",)), COLUMNS
            ),
        ),
        ("version", store.version),
        (
            "newest 25 after a point was logged",
            lambda: after_a_write(lambda: metric_line(run_ids[0], "m", 1.0, step=0, t=now_us())),
        ),
        (
            "newest 25 after a run was written",
            lambda: after_a_write(lambda: run_line(run_ids[0], t=now_us(), name="another")),
        ),
    ]


def _keys_anew(store: DuckDBStore) -> object:
    store._inventories = None
    return store.read_keys(RunQuery())


def _groups(store: DuckDBStore, by: str) -> object:
    return store.read_groups(RunQuery(), by=by, metrics=["m00", "m01"])


def _series(store: DuckDBStore, run_ids: list[str]) -> object:
    return store.read_series(run_ids, ["loss"], x="step")


def _times(question: Callable[[], object]) -> tuple[float, float]:
    taken = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        question()
        taken.append(time.perf_counter() - began)
    return taken[0], median(taken[1:])


if __name__ == "__main__":
    main()
