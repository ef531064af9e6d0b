"""Autolog of one library, in a process of its own; the results go to stdout as JSON.

python -m tests.benchmarks.autolog_side nbtrack|mlflow FOLDER [--quick]

From the call to the end of its run, after the first. With and without autolog take turns, so that
a busy machine slows both.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

IRIS = load_iris(return_X_y=True)
SETTLE_SECONDS = 0.1
GRID = {  # 64 candidates
    "C": [10.0**power for power in range(-3, 5)],
    "gamma": [10.0**power for power in range(-5, 3)],
}


class Added(NamedTuple):
    """Medians of seconds: what autolog adds, the call alone, and what is done after the run."""

    added: float
    alone: float
    afterwards: float


def main(library: str, folder: str, *, is_quick: bool) -> dict[str, Added]:
    warnings.simplefilter("ignore")
    api, autolog = _open(library, folder)
    is_slow = library == "mlflow"
    few, many = (2, 4) if is_slow else (10, 30)
    if is_quick:
        few, many = few // 2, many // 2
    added = partial(_added, api, autolog)
    return {
        "fit": added(_fit, times=few if is_slow else many),
        "fit_without_model": added(_fit, times=many, log_models=False),
        "pipeline": added(_fit_pipeline, times=few),
        "cross_validation": added(_cross_validate, times=few),
        "search": added(_search, times=max(1, few // 2) if is_slow else few),
    }


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
) -> Added:
    taken = []
    for number in range(times + 1):
        seconds: dict[str, float] = {}
        for turn in (number, number + 1):  # each of them is the first one as often
            if turn % 2:
                autolog(disable=True)
                seconds["alone"] = _seconds(call)
            else:
                autolog(**flags)
                seconds["recorded"] = _seconds(lambda: _in_run(api, call))
                seconds["afterwards"] = _seconds(lambda: _settle(api))
        added = seconds["recorded"] - seconds["alone"]
        taken.append((added, seconds["alone"], seconds["afterwards"]))
    autolog(disable=True)
    return Added(*map(statistics.median, zip(*taken[1:])))


def _settle(api: Any) -> None:
    """What is left for the background must not slow the next call."""
    if api.__name__ == "nbtrack":
        importlib.import_module("nbtrack.base.background").wait()
    time.sleep(SETTLE_SECONDS)


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
    sys.stdout.write(json.dumps({key: each._asdict() for key, each in found.items()}) + "\n")
