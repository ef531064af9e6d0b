"""A study in a tracked cell."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel

pytest.importorskip("optuna")
STUDY = """%%track tuned
import optuna, nbtrack
from sklearn.datasets import load_iris
from sklearn.svm import SVC
optuna.logging.set_verbosity(optuna.logging.ERROR)
X, y = load_iris(return_X_y=True)
def objective(trial):
    if trial.number == 1:
        raise optuna.TrialPruned
    return SVC(C=trial.suggest_int("C", 1, 9)).fit(X, y).score(X, y)
study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
study.optimize(objective, n_trials=4, n_jobs=2)
"""


def test_the_cells_run_is_the_studys_until_something_else_is_fitted(kernel: Kernel):
    """Then the study is a child, with its trials, beside the other fit."""
    kernel.run(STUDY)
    (cell,) = (r for r in kernel.runs() if r.info.run_name == "tuned")
    trials = [r for r in kernel.runs() if r.data.tags.get("mlflow.parentRunId") == cell.info.run_id]

    assert sorted(r.info.run_name for r in trials) == [f"trial {i}" for i in range(4)]
    assert [r.info.status for r in trials].count("KILLED") == 1
    assert cell.data.params.items() >= {("direction", "maximize"), ("sampler", "RandomSampler")}
    assert cell.data.params["C"] == cell.data.params["best_C"]
    assert cell.data.metrics["value"] == cell.data.metrics["best_value"]

    kernel.run(STUDY.replace("tuned", "both") + "SVC(C=study.best_params['C']).fit(X, y)")
    runs = kernel.runs()
    (cell,) = (r for r in runs if r.info.run_name == "both")
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == cell.info.run_id]
    (study,) = (r for r in children if r.info.run_name.startswith("optuna"))
    trials = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == study.info.run_id]

    assert len(children) == 2
    assert len(trials) == 4
    assert study.data.tags["nbtrack.best_child"] in {r.info.run_id for r in trials}
    assert {r.info.status for r in (cell, *children)} == {"FINISHED"}


def test_asked_and_told_in_a_cell(kernel: Kernel):
    """The cell's run stays the study's, and nothing is left open."""
    kernel.run(
        "%%track asked\nimport optuna, nbtrack\n"
        "optuna.logging.set_verbosity(optuna.logging.ERROR)\n"
        "study = optuna.create_study()\n"
        "for _ in range(3):\n"
        "    trial = study.ask()\n"
        "    x = trial.suggest_float('x', -1, 1)\n"
        "    nbtrack.log_metric('seen', x)\n"
        "    _ = study.tell(trial, x * x)\n"
    )
    runs = kernel.runs()
    (cell,) = (r for r in runs if r.info.run_name == "asked")
    trials = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == cell.info.run_id]

    assert len(trials) == 3
    assert all(r.data.metrics["seen"] == float(r.data.params["x"]) for r in trials)
    assert {r.info.status for r in (cell, *trials)} == {"FINISHED"}
    assert cell.data.params["direction"] == "minimize"
