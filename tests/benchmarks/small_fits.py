"""What autolog adds to what is quick by itself: a trial of Optuna, a fit of statsmodels.

python -m tests.benchmarks.small_fits [--quick]

Bare and recorded calls take turns, so that a busy machine slows both; medians.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

import nbtrack

TRIALS = 50


def main(*, is_quick: bool) -> None:
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        nbtrack.set_tracking_uri(f"{folder}/project")
        print("| one | alone | nbtrack adds |")
        print("|---|---:|---:|")
        for name, (call, count) in _cases().items():
            alone, added = _added(call, times=5 if is_quick else 15)
            print(f"| {name} | {_us(alone / count)} | {_us(added / count)} |", flush=True)


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"


def _added(call: Callable[[], object], *, times: int) -> tuple[float, float]:
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * times + 4):
        is_recorded = number % 4 in (1, 2)  # each of them is the first one as often
        nbtrack.autolog(disable=not is_recorded)
        seconds = _seconds(call)
        if number > 3:  # the first ones import
            taken[is_recorded].append(seconds)
    nbtrack.autolog(disable=True)
    alone = statistics.median(taken[False])
    return alone, statistics.median(taken[True]) - alone


def _seconds(call: Callable[[], object]) -> float:
    time.sleep(0.05)  # what the call before left to do in the background
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _cases() -> Mapping[str, tuple[Callable[[], object], int]]:
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(500, 3)), columns=["a", "b", "y"])
    return {
        "trial of `optimize`, 2 params": (_optimize, TRIALS),
        "the same, `n_jobs=2`": (partial(_optimize, n_jobs=2), TRIALS),
        "the same, 10 intermediate values": (partial(_optimize, reports=10), TRIALS),
        "`ask` and `tell`": (_ask_and_tell, TRIALS),
        "`ols(…).fit()` of 500 rows": (lambda: smf.ols("y ~ a + b", frame).fit(), 1),
    }


def _study() -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))


def _optimize(*, n_jobs: int = 1, reports: int = 0) -> None:
    def objective(trial: Any) -> float:
        for step in range(reports):
            trial.report(1.0, step)
        return _value(trial)

    _study().optimize(objective, n_trials=TRIALS, n_jobs=n_jobs)


def _ask_and_tell() -> None:
    study = _study()
    for _ in range(TRIALS):
        trial = study.ask()
        study.tell(trial, _value(trial))


def _value(trial: Any) -> float:
    return float(trial.suggest_float("x", -1, 1) ** 2 + trial.suggest_int("n", 1, 9))


if __name__ == "__main__":
    main(is_quick="--quick" in sys.argv)
