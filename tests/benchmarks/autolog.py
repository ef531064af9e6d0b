"""What scikit-learn autolog adds to a fit, beside mlflow.sklearn.autolog on the same calls.

python -m tests.benchmarks.autolog [--quick]

The numeric libraries get one thread each: on data as small as this, two wait for each other, and
on a busy machine for long.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib.metadata import version

from tests.benchmarks import autolog_kernel, compare
from tests.benchmarks.autolog_side import SETTLE_SECONDS, Added

# Lines of the table: key, what it is, the most that nbtrack may take in seconds.
LINES = [
    ("fit", "LogisticRegression on iris, everything on", 0.050),
    ("fit_without_model", "the same, log_models=False", 0.020),
    ("pipeline", "Pipeline of StandardScaler and SVC on breast_cancer", None),
    ("cross_validation", "cross_val_score of LogisticRegression on iris, 5 folds", None),
    ("search", "GridSearchCV of SVC on iris, 64 candidates x 5 folds", None),
]
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
MOST_SHARE = 0.05  # of what a search takes alone


def main() -> None:
    is_quick = "--quick" in sys.argv
    os.environ.update(ONE_THREAD)  # all that is measured runs in processes of its own
    mlflow, nbtrack = (_measure(library, is_quick=is_quick) for library in ("mlflow", "nbtrack"))
    print(f"{compare._machine()}, scikit-learn {version('scikit-learn')}\n")
    print(
        "| added by autolog, to the end of the run | alone | MLflow | nbtrack | ratio | at most |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    for key, text, most in LINES:
        alone, theirs, ours = nbtrack[key].alone, mlflow[key].added, nbtrack[key].added
        limit = MOST_SHARE * alone if key == "search" else most
        cells = [text, *map(_time, (alone, theirs, ours)), _ratio(theirs, ours), _time(limit)]
        print(f"| {' | '.join(cells)} |")
    print("\n| added in a kernel, fit to idle | p50 | at most |\n|---|---:|---:|")
    for text, seconds, most in autolog_kernel.measure(is_quick=is_quick):
        print(f"| {text} | {_time(seconds)} | {_time(most)} |")
    afterwards = nbtrack["fit"].afterwards - SETTLE_SECONDS
    print(f"\nDone in the background after such a fit, while nobody waits: {_time(afterwards)}.")


def _measure(library: str, *, is_quick: bool) -> dict[str, Added]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.autolog_side", library, folder]
        said = compare._run(command + ["--quick"] * is_quick).splitlines()[-1]
    return {key: Added(**each) for key, each in json.loads(said).items()}


def _time(seconds: float | None) -> str:
    """Less than nothing is within what such a measurement can tell apart from nothing."""
    if seconds is None:
        return ""
    return compare._time(seconds) if seconds > 1e-6 else "0"


def _ratio(theirs: float, ours: float) -> str:
    return compare._ratio(theirs / ours) if theirs > 0 and ours > 0 else "-"


if __name__ == "__main__":
    main()
