"""What autolog adds to a boosting of 60 rounds, or to 20 epochs of Keras, beside MLflow's.

python -m tests.benchmarks.frameworks [--quick]

And to a step of PyTorch, for which MLflow has nothing: `pytorch_loop`.

Each library is in a process of its own. Bare and recorded calls take turns, so that a busy machine
slows both; medians. The first recorded call is apart: it has imports and patches in it. Seconds are
of the processor, of the process and those that it starts, with what it does in the background.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

ROUNDS = 60
ROWS, COLUMNS = 5000, 20
_QUIET = {"verbose": -1, "num_threads": 1}


class Added(NamedTuple):
    """Seconds of the processor: the call alone, what autolog adds to it, and to the first call."""

    alone: float
    added: float
    first: float


def main(*, is_quick: bool) -> None:
    sides = {side: _in_process(side, is_quick=is_quick) for side in ("mlflow", "nbtrack")}
    head = ["60 rounds, 20 epochs", "alone", "MLflow adds", "nbtrack adds", "times bare"]
    print("|", " | ".join([*head, "MLflow's first", "ours"]), "|")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, ours in sides["nbtrack"].items():
        theirs = sides["mlflow"].get(name)
        added, first = ("-", "-") if theirs is None else (_ms(theirs.added), _ms(theirs.first))
        times = f"{1 + ours.added / ours.alone:.2f}x"
        cells = [name, _ms(ours.alone), added, _ms(ours.added), times, first, _ms(ours.first)]
        print(f"| {' | '.join(cells)} |")
    print(flush=True)
    steps = [sys.executable, "-m", "tests.benchmarks.pytorch_loop"]
    subprocess.run([*steps, *(["--quick"] if is_quick else [])], check=True)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


def _in_process(side: str, *, is_quick: bool) -> dict[str, Added]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.frameworks", "--side", side, folder]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "KERAS_BACKEND": "torch"}
        done = subprocess.run(
            [*command, *(["--quick"] if is_quick else [])],
            env=env,
            check=True,
            stdout=subprocess.PIPE,
        )
    return {name: Added(*numbers) for name, numbers in json.loads(done.stdout).items()}


def measure(side: str, folder: str, *, is_quick: bool) -> dict[str, Added]:
    warnings.simplefilter("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    os.chdir(folder)
    is_mlflow = side == "mlflow"
    api = importlib.import_module(side)
    api.set_tracking_uri(f"sqlite:///{folder}/mlflow.db" if is_mlflow else f"{folder}/project")
    times = (1 if is_quick else 3) if is_mlflow else (3 if is_quick else 11)
    cases = _cases()
    if is_mlflow:
        cases = {name: each for name, each in cases.items() if "catboost" not in name}
    return {name: _added(api, name, each, times=times) for name, each in cases.items()}


def _added(api: Any, name: str, call: Callable[[], object], *, times: int) -> Added:
    library = name.split()[0].partition(".")[0]
    switch = importlib.import_module(f"{api.__name__}.{library}").autolog
    call()
    switch(silent=True)
    first = _seconds(call)
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * times):
        is_recorded = number % 4 in (1, 2)  # each of them is the first one as often
        switch(disable=not is_recorded, silent=True)
        taken[is_recorded].append(_seconds(call))
    switch(disable=True)
    alone = statistics.median(taken[False])
    return Added(alone, statistics.median(taken[True]) - alone, first - alone)


def _seconds(call: Callable[[], object]) -> float:
    began = _cpu()
    call()
    time.sleep(0.3)  # what it left to do in the background
    return _cpu() - began


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _cases() -> Mapping[str, Callable[[], object]]:
    import catboost as cb
    import keras
    import lightgbm as lgb
    import xgboost as xgb

    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS))
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=ROWS) > 0).astype(int)
    train, test = (X[:4000], y[:4000]), (X[4000:], y[4000:])
    sets = [train, test]

    def xgboost_train() -> None:
        matrices = [xgb.DMatrix(*each) for each in sets]
        params = {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "nthread": 1}
        evals = [(matrices[0], "train"), (matrices[1], "valid")]
        xgb.train(params, matrices[0], ROUNDS, evals=evals, verbose_eval=False)

    def xgboost_fit() -> None:
        model = xgb.XGBClassifier(n_estimators=ROUNDS, n_jobs=1, eval_metric=["logloss", "auc"])
        model.fit(*train, eval_set=sets, verbose=False)

    def lightgbm_train() -> None:
        data = lgb.Dataset(*train)
        valid = [data, data.create_valid(*test)]
        params = {"objective": "binary", "metric": ["binary_logloss", "auc"], **_QUIET}
        lgb.train(params, data, ROUNDS, valid_sets=valid, valid_names=["train", "valid"])

    def lightgbm_fit() -> None:
        model = lgb.LGBMClassifier(n_estimators=ROUNDS, n_jobs=1, verbose=-1)
        model.fit(*train, eval_set=sets, eval_metric=["binary_logloss", "auc"])

    def catboost_fit() -> None:
        model = cb.CatBoostClassifier(
            iterations=ROUNDS, thread_count=1, verbose=False, allow_writing_files=False
        )
        model.fit(*train, eval_set=test)

    def keras_fit() -> None:
        layers = keras.layers
        dense = [layers.Dense(32, "relu"), layers.Dense(1, "sigmoid")]
        model = keras.Sequential([keras.Input((COLUMNS,)), *dense])
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        model.fit(X[:1000], y[:1000], epochs=20, validation_split=0.2, verbose=0, callbacks=[])

    return {
        "xgboost.train": xgboost_train,
        "xgboost XGBClassifier.fit": xgboost_fit,
        "lightgbm.train": lightgbm_train,
        "lightgbm LGBMClassifier.fit": lightgbm_fit,
        "catboost CatBoostClassifier.fit": catboost_fit,
        "keras Sequential.fit": keras_fit,
    }


if __name__ == "__main__":
    if "--side" in sys.argv:
        place = sys.argv.index("--side")
        side, folder = sys.argv[place + 1 : place + 3]
        print(json.dumps(measure(side, folder, is_quick="--quick" in sys.argv)))
    else:
        main(is_quick="--quick" in sys.argv)
