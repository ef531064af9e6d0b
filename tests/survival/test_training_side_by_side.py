"""Trainings in several threads and processes: nothing mixes, doubles or hangs.

A process records what is asked for in it: `autolog()` there, or nothing.
"""

from __future__ import annotations

from collections import Counter

import pytest

from nbtrack.records.runs import RunQuery
from nbtrack.stores.local.duckdb import DuckDBStore

BOOSTERS = """
import joblib, numpy as np, xgboost
rng = np.random.default_rng(0)
X, y = rng.random((60, 3)), rng.integers(0, 2, 60)
def train(depth):
    model = xgboost.XGBClassifier(n_estimators=depth, max_depth=depth, n_jobs=1)
    return model.fit(X, y, eval_set=[(X, y)], verbose=False).evals_result()["validation_0"]
def both(backend):
    with joblib.parallel_config(backend, n_jobs=2):
        return joblib.Parallel()(joblib.delayed(train)(n) for n in (2, 3))
"""
LOOPS = """
import joblib, torch
X = torch.linspace(-1, 1, 24).reshape(8, 3)
def train(count):
    torch.set_num_threads(1)
    model = torch.nn.Linear(3, 1)
    opt = torch.optim.SGD(model.parameters(), lr=count / 100)
    for _ in range(count):
        opt.zero_grad()
        model(X).pow(2).mean().backward()
        opt.step()
    return count
def both(backend):
    with joblib.parallel_config(backend, n_jobs=2):
        return joblib.Parallel()(joblib.delayed(train)(n) for n in (2, 3))
"""
STUDY = """
import sys, time, optuna, nbtrack
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
optuna.logging.set_verbosity(optuna.logging.ERROR)
kind, place = sys.argv[1:]
def objective(trial):
    nbtrack.log_metric("number", trial.number)
    time.sleep(0.1)
    return trial.suggest_float("x", -1, 1) ** 2
storage = JournalStorage(JournalFileBackend(place)) if kind == "journal" else f"sqlite:///{place}"
nbtrack.autolog()
study = optuna.create_study(storage=storage, study_name="one", load_if_exists=True)
print("ready")
input()
study.optimize(objective, n_trials=3)
"""


@pytest.mark.parametrize(
    ("code", "key"), [(BOOSTERS, "validation_0-logloss"), (LOOPS, "train-loss")]
)
def test_joblib_in_a_tracked_cell(new_kernel, code, key):
    """Each thread's training has a run of its own; of other processes the cell says nothing."""
    pytest.importorskip("xgboost" if code is BOOSTERS else "torch")
    kernel = new_kernel()
    kernel.run(code)
    kernel.run("%%track threads\ndone = both('threading')")
    runs = [run for run in kernel.runs() if points(kernel, run, key)]
    by_threads = Counter(points(kernel, run, key) for run in runs)

    assert (by_threads[2], by_threads[3]) == (1, 1)
    cell = next(run for run in kernel.runs() if run.info.run_name == "threads")
    assert all(
        run.info.run_id == cell.info.run_id
        or run.data.tags["mlflow.parentRunId"] == cell.info.run_id
        for run in runs
    )
    before = len(kernel.runs())
    kernel.run("%%track processes\ndone = both('loky')")
    newest = kernel.runs()[0]

    assert len(kernel.runs()) == before + 1
    assert (newest.info.run_name, newest.info.status) == ("processes", "FINISHED")
    assert newest.data.metrics == {}
    assert kernel.value("len(done)") == "2"


def points(kernel, run, key):
    return len(kernel.store.read_metrics(run.info.run_id, key))


@pytest.mark.parametrize("kind", ["journal", "sqlite"])
def test_processes_that_share_a_study(start, folder, tmp_path, kind):
    """Each has a run of the study, and under it the trials that it made: each trial is one run."""
    pytest.importorskip("optuna")
    place = str(tmp_path / "study")
    scripts = []
    for _ in range(2):
        scripts.append(start(STUDY, kind, place))
        scripts[-1].wait_for("ready")
    for script in scripts:
        script.tell()
    for script in scripts:
        script.finish()
    store = DuckDBStore(folder)
    runs = store.search_runs(RunQuery())
    store.close()

    trials = [run for run in runs if "nbtrack.candidate" in run.data.tags]
    studies = {run.info.run_id: run for run in runs if run not in trials}
    assert sorted(run.data.metrics["number"] for run in trials) == [0, 1, 2, 3, 4, 5]
    assert all(run.info.run_name == f"trial {run.data.metrics['number']:.0f}" for run in trials)
    assert Counter(run.data.tags["mlflow.parentRunId"] for run in trials) == dict.fromkeys(
        studies, 3
    )
    assert {run.info.status for run in runs} == {"FINISHED"}
    best = min(run.data.metrics["value"] for run in trials)
    assert {"best_value": best} in [run.data.metrics for run in studies.values()]
