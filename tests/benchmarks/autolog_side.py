"""Autolog of one library, in a process of its own; the results go to stdout as JSON.

python -m tests.benchmarks.autolog_side nbtrack|mlflow FOLDER [--quick]

All are medians of seconds that autolog adds to a call, from the call to the end of its run, after
the first. With and without it take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

IRIS = load_iris(return_X_y=True)
GRID = {  # 64 candidates
    "C": [10.0**power for power in range(-3, 5)],
    "gamma": [10.0**power for power in range(-5, 3)],
}


def main(library: str, folder: str, *, is_quick: bool) -> dict[str, float]:
    warnings.simplefilter("ignore")
    api, autolog = _open(library, folder)
    is_slow = library == "mlflow"
    few, many = (2, 4) if is_slow else (10, 30)
    if is_quick:
        few, many = few // 2, many // 2
    found = {
        "fit": _added(api, autolog, _fit, times=few if is_slow else many)[0],
        "fit_without_model": _added(api, autolog, _fit, times=many, log_models=False)[0],
        "pipeline": _added(api, autolog, _fit_pipeline, times=few)[0],
        "cross_validation": _added(api, autolog, _cross_validate, times=many)[0],
    }
    times = max(1, few // 2) if is_slow else few
    found["search"], found["search_alone"] = _added(api, autolog, _search, times=times)
    return found


def _open(library: str, folder: str) -> tuple[Any, Callable[..., None]]:
    api = importlib.import_module(library)
    is_mlflow = library == "mlflow"
    api.set_tracking_uri(f"sqlite:///{folder}/mlflow.db" if is_mlflow else f"{folder}/project")
    if is_mlflow:
        import logging

        logging.getLogger("mlflow").setLevel(logging.ERROR)
    autolog: Callable[..., None] = importlib.import_module(f"{library}.sklearn").autolog
    return api, autolog


def _added(
    api: Any, autolog: Callable[..., None], call: Callable[[], object], *, times: int, **flags: Any
) -> tuple[float, float]:
    """Median seconds that autolog adds to *call*, and what it takes alone."""
    added, alone = [], []
    for number in range(times + 1):
        autolog(disable=True)
        plain = _seconds(call)
        autolog(**flags)
        recorded = _seconds(lambda: _in_run(api, call))
        time.sleep(0.05)  # what is left for the background must not hide in the next call
        if number > 0:
            added.append(recorded - plain)
            alone.append(plain)
    autolog(disable=True)
    return statistics.median(added), statistics.median(alone)


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _in_run(api: Any, call: Callable[[], object]) -> None:
    with api.start_run():
        call()


def _fit() -> object:
    return LogisticRegression(max_iter=200).fit(*IRIS)


def _fit_pipeline() -> object:
    return make_pipeline(StandardScaler(), SVC()).fit(*load_breast_cancer(return_X_y=True))


def _cross_validate() -> object:
    return cross_val_score(LogisticRegression(max_iter=200), *IRIS, cv=5)


def _search() -> object:
    return GridSearchCV(SVC(), GRID, cv=5).fit(*IRIS)


if __name__ == "__main__":
    found = main(sys.argv[1], sys.argv[2], is_quick="--quick" in sys.argv)
    sys.stdout.write(json.dumps(found) + "\n")
