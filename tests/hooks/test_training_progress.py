"""Trainings that know their length tell how far they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nbtrack.recording import training_progress
from nbtrack.recording.session import current_session
from tests.hooks.conftest import Project

X = np.random.default_rng(0).normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)


def now() -> tuple[int, int, str, bool]:
    run = current_session().active_run()
    assert run is not None
    found = training_progress.outermost(run)
    assert found is not None
    return found.done, found.total, found.noun, found.may_end_early


@pytest.fixture
def seen(autologged: Project) -> Any:
    """What was told after each round; nothing is left when the training is over."""
    told: list[tuple[int, int, str, bool]] = []
    yield told
    assert not training_progress._open


def xgboost_callback(told: list[Any]) -> Any:
    xgboost = pytest.importorskip("xgboost")

    class Callback(xgboost.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):
            told.append(now())
            return False

    return Callback()


def test_xgboost(seen: Any) -> None:
    """Its rounds; who has a callback of his own may end early by it."""
    xgboost = pytest.importorskip("xgboost")
    data, callback = xgboost.DMatrix(X, y), xgboost_callback(seen)
    first = xgboost.train({}, data, 3, callbacks=[callback])
    xgboost.train({}, data, 2, callbacks=[callback], xgb_model=first)
    xgboost.XGBClassifier(n_estimators=2, callbacks=[callback]).fit(X, y)

    counted = [(done, total) for done, total, *_ in seen]
    assert counted == [(1, 3), (2, 3), (3, 3), *[(1, 2), (2, 2)] * 2]
    assert seen[0][2:] == ("iteration", True)


@pytest.mark.parametrize("is_estimator", [False, True])
def test_lightgbm(seen: Any, is_estimator: bool) -> None:
    """Whatever the length was called."""
    lightgbm = pytest.importorskip("lightgbm")

    def callback(env: Any) -> None:
        seen.append(now())

    if is_estimator:
        lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, y, callbacks=[callback])
    else:
        params = {"verbose": -1, "num_iterations": 2}
        lightgbm.train(params, lightgbm.Dataset(X, y), callbacks=[callback])

    assert seen == [(1, 2, "iteration", True), (2, 2, "iteration", True)]


def test_a_study_and_what_is_trained_in_it(seen: Any) -> None:
    """The study's trials, not the rounds of a fit."""
    optuna, xgboost = pytest.importorskip("optuna"), pytest.importorskip("xgboost")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    callback, data = xgboost_callback([]), xgboost.DMatrix(X, y)
    study_runs = []

    def objective(trial: Any) -> float:
        run = current_session().active_run()
        assert run is not None
        study_runs.append(run.parent)
        xgboost.train({}, data, 2, callbacks=[callback])
        found = training_progress.outermost(run.parent)
        assert found is not None
        seen.append((found.done, found.total, found.noun, found.may_end_early))
        return 0.0

    optuna.create_study().optimize(objective, n_trials=2)

    assert seen == [(0, 2, "trial", False), (1, 2, "trial", False)]


def test_without_a_length_nothing_is_told(seen: Any) -> None:
    """A study that goes on for ever."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: Any) -> float:
        trial.study.stop()
        run = current_session().active_run()
        assert run is not None
        assert training_progress.outermost(run.parent) is None
        return 0.0

    optuna.create_study().optimize(objective)


def test_a_training_that_fails_is_over(seen: Any) -> None:
    """So that no panel shows it for ever."""
    xgboost = pytest.importorskip("xgboost")
    with pytest.raises(xgboost.core.XGBoostError):
        xgboost.train({"objective": "none"}, xgboost.DMatrix(X, y), 3)
