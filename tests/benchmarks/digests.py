"""What it costs to see every row: digests, hashes of rows, and what is kept of them.

python -m tests.benchmarks.digests [GIB]

Milliseconds of one processor, the best of three, so that a busy machine measures the same.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from nbtrack.capture.content import array_columns, groups_of
from nbtrack.capture.fingerprint import fingerprint_arrays, fingerprint_pandas
from nbtrack.capture.row_hashes import row_hashes
from nbtrack.provenance.warnings.leak import overlap


def data(gib: int) -> Iterator[tuple[str, Any]]:
    random = np.random.default_rng(0)
    for rows in (10_000, 1_000_000):
        numbers = pd.DataFrame(random.random((rows, 20))).rename(columns=str)
        texts = random.integers(0, 1000, rows).astype(str)
        mixed = numbers.iloc[:, :4].assign(text=texts, kind=pd.Categorical(texts))
        yield f"frame, {rows:,} x 20 numbers", numbers
        yield f"frame, {rows:,} x 6 mixed", mixed
        yield f"frame, {rows:,} x 6 with objects", mixed.assign(text=mixed.text.astype(object))
    yield "array, 80 MB", random.random((500_000, 20))
    yield "array, 80 MB, by columns", np.asfortranarray(random.random((500_000, 20)))
    if gib:
        yield f"array, {gib} GiB", np.ones((gib << 20, 128))


def milliseconds(call: Callable[[], object]) -> float:
    taken = []
    for _ in range(3):
        began = time.thread_time()
        call()
        taken.append(time.thread_time() - began)
    return 1000 * min(taken)


def main(gib: int) -> None:
    print(f"{'':36}{'digest':>10}{'rows':>10}{'groups':>10}{'columns':>10}{'leak':>10}")
    for name, made in data(gib):
        is_frame = isinstance(made, pd.DataFrame)
        found = row_hashes(made)
        assert found is not None
        digest = (lambda m=made: fingerprint_pandas(m)) if is_frame else (
            lambda m=made: fingerprint_arrays({"X": m})
        )  # fmt: skip
        calls = [
            digest,
            lambda m=made: row_hashes(m),
            lambda f=found: groups_of(f),
            (lambda: None) if is_frame else (lambda m=made: array_columns("X", m)),
            lambda f=found: overlap(f, f),
        ]
        print(f"{name:36}" + "".join(f"{milliseconds(call):10.1f}" for call in calls))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
