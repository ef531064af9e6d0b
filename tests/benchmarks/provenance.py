"""What the record of where values come from costs: `python -m tests.benchmarks.provenance`.

Processor time, because other programs run beside it. Ordinary cells of data science in one shell,
each a few times: what recording took beside each, at the median and at p99, and of the whole. Then
10,000 executions: a slice of them, and what each took. Then, among 100,000 runs, the look whether
the same was computed before.
"""

from __future__ import annotations

import hashlib
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from nbtrack.provenance.executions.recorder import CellFacts, KernelRecorder
from nbtrack.provenance.slices import slice_of
from nbtrack.records.executions import Execution
from nbtrack.records.tags import IDENTITY_TAG
from nbtrack.stores.local import identities
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.benchmarks.big_project import make_big_project

REPEATS, MANY = 3, 10_000
CELLS = (
    "import numpy as np, pandas as pd",
    "from sklearn.datasets import load_digits\nfrom sklearn.ensemble import RandomForestClassifier"
    "\nfrom sklearn.model_selection import train_test_split",
    "X, y = load_digits(return_X_y=True)",
    "df = pd.DataFrame(X).assign(y=y)\ndf.describe()",
    "X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)",
    "def evaluate(model):\n    return model.score(X_test, y_test)",
    "forest = RandomForestClassifier(100, random_state=0).fit(X_train, y_train)",
    "evaluate(forest)",
    "scores = {}\nfor c in (2, 3):\n    m = RandomForestClassifier(c)"
    "\n    scores[c] = evaluate(m.fit(X_train, y_train))",
    "best = max(scores, key=scores.get)",
    "df['big'] = df[0] > 3\ndf.groupby('y').mean()",
    "a = np.random.default_rng(0).random((1000, 1000))\nb = a @ a.T",
    "b.sum()",
    "import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt",
    "fig, axes = plt.subplots(2, 2)\nfor ax in axes.flat:\n    ax.plot(b[0])",
    "axes[0, 0].set_title('one')",
    "x = 1",
    "x += 1",
    "print(x)",
    "words = [str(i) for i in range(1000)]\ncount = len(words)",
)


def main() -> None:
    shell = InteractiveShell.instance()
    cost_of_cells(shell)
    many_executions()
    look_up()


def cost_of_cells(shell: Any) -> None:
    recorder = KernelRecorder(shell.user_ns, lambda execution, texts: None)
    costs: dict[str, list[float]] = {source: [] for source in CELLS}
    total = 0.0
    for _ in range(REPEATS):
        for source in CELLS:
            seconds, all_seconds = recorded(shell, recorder, source)
            costs[source].append(seconds)
            total += all_seconds
    flat = sorted(seconds for each in costs.values() for seconds in each)
    for source, each in sorted(costs.items(), key=lambda item: -statistics.median(item[1])):
        print(f"{statistics.median(each) * 1e3:8.2f} ms  {source.splitlines()[0][:70]}")
    dearest = flat[-max(1, len(flat) // 100)]
    print(
        f"median {statistics.median(flat) * 1e3:.2f} ms, p99 {dearest * 1e3:.2f} ms, "
        f"{sum(flat) / total:.1%} of {total:.1f} s"
    )


def recorded(shell: Any, recorder: KernelRecorder, source: str) -> tuple[float, float]:
    began = time.process_time()
    facts = CellFacts(source=source, transformed=source)
    running = recorder.began(facts)
    before = time.process_time()
    result = shell.run_cell(source, silent=True)
    after = time.process_time()
    recorder.ended(running, is_ok=result.success, count=None)
    ended = time.process_time()
    return ended - began - (after - before), ended - began


def many_executions() -> None:
    kept: dict[int, Execution] = {}
    namespace: dict[str, Any] = {}

    def keep(execution: Execution, _texts: object) -> None:
        kept[execution.number] = execution

    recorder = KernelRecorder(namespace, keep)
    clock = time.process_time()
    for number in range(MANY):
        source = (
            f"x{number % 100} = len([x{(number - 7) % 100}])" if number > 99 else f"x{number} = [1]"
        )
        running = recorder.began(CellFacts(source=source, transformed=source))
        exec(source, namespace)
        recorder.ended(running, is_ok=True, count=number)
    began = time.process_time()
    size = len(slice_of(list(kept.values()), MANY - 1))
    print(
        f"{MANY:,} executions took {(began - clock) / MANY * 1e3:.2f} ms each; a slice of {size} "
        f"of them {(time.process_time() - began) * 1e3:.1f} ms"
    )


def look_up() -> None:
    """Wall time, for a cell waits for it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / ".nbtrack"
        make_big_project(folder)
        store = DuckDBStore(folder)
        with store._attachment.open(read_only=False) as connection:
            connection.execute(
                "insert into project.stored.tags select run_key, $key, md5('cell ' || run_key), 1"
                " from project.stored.run_keys",
                {"key": IDENTITY_TAG},
            )
            connection.execute(identities.FILL)
        known = hashlib.md5(b"cell 50000").hexdigest()
        for words, digest in (("known", known), ("new", known[::-1])):
            seconds = [timed(store, digest) for _ in range(20)]
            print(f"a {words} cell is looked up in {statistics.median(seconds) * 1e3:.1f} ms")
        store.close()


def timed(store: DuckDBStore, digest: str) -> float:
    began = time.perf_counter()
    store.read_identical(digest)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
