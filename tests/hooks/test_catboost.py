"""CatBoost's fits record themselves, and are what they would be without."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV

import nbtrack
from tests.hooks.boosters import (
    X_test,
    X_train,
    content,
    inputs,
    model_uri,
    rows,
    steps,
    values,
    y_test,
    y_train,
)

cb = pytest.importorskip("catboost")
QUIET = {"depth": 2, "thread_count": 1, "verbose": False, "allow_writing_files": False}


def classifier(rounds=6, **kwargs):
    return cb.CatBoostClassifier(iterations=rounds, **QUIET, **kwargs)


def fit(rounds=6, *, init_model=None, **kwargs):
    model = classifier(rounds, **kwargs)
    return model.fit(X_train, y_train, eval_set=(X_test, y_test), init_model=init_model)


def test_a_fit_leaves_every_round(autologged):
    """And all params, those that CatBoost chose too."""
    model = fit()
    run = autologged.run()

    for data, curves in model.get_evals_result().items():
        assert values(run, f"{data}-Logloss") == curves["Logloss"]
    assert steps(run, "validation-Logloss") == list(range(6))
    assert run.data.params.items() >= {"iterations": "6", "l2_leaf_reg": "3"}.items()
    assert inputs(run) == [("X_train", "train"), ("y_train", "train")]
    numbers = content(run, "feature_importance_PredictionValuesChange.json")
    assert list(numbers.values()) == model.get_feature_importance().tolist()


def test_early_stopping_is_told(autologged):
    """The model is cut to its best iteration, the curve is not."""
    model = fit(200, early_stopping_rounds=2, learning_rate=0.9)
    run = autologged.run()

    rounds = len(model.get_evals_result()["validation"]["Logloss"])
    assert model.tree_count_ < rounds < 200
    assert run.data.metrics["best_iteration"] == model.get_best_iteration()
    assert run.data.metrics["stopped_iteration"] == rounds - 1


def test_a_fit_that_goes_on_has_true_steps(autologged):
    """From where the model is that it goes on with."""
    first = classifier(3).fit(X_train, y_train)
    fit(2, init_model=first)

    assert [steps(run, "learn-Logloss") for run in autologged.runs()] == [[0, 1, 2], [3, 4]]


def test_results_are_bit_identical(autologged):
    """Predictions, to the last bit."""
    recorded = fit(20, early_stopping_rounds=2)
    nbtrack.autolog(disable=True)
    plain = fit(20, early_stopping_rounds=2)

    assert (recorded.predict_proba(X_test) == plain.predict_proba(X_test)).all()
    assert recorded.get_all_params() == plain.get_all_params()


class Stopping:
    def __init__(self, error):
        self.error, self.seen = error, []

    def after_iteration(self, info):
        self.seen.append(info.iteration)
        if self.error is not None:
            raise self.error
        return info.iteration < 3


def test_users_callbacks_see_what_they_saw(autologged):
    """One that stops is no failure."""
    mine = Stopping(None)
    classifier().fit(X_train, y_train, callbacks=[mine])

    assert mine.seen == [1, 2, 3]
    assert steps(autologged.run(), "learn-Logloss") == [0, 1, 2]


def test_a_fit_that_fails_says_so(autologged):
    """The error is the user's, as CatBoost wraps it."""
    with pytest.raises(cb.CatBoostError, match="no more"):
        classifier().fit(X_train, y_train, callbacks=[Stopping(ValueError("no more"))])

    assert autologged.run().info.status == "FAILED"


def interrupt_when_it_trains():
    main = threading.main_thread().ident
    while sys._current_frames()[main].f_code.co_name != "_train":
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupted_fit_is_killed(autologged):
    """CatBoost looks for Ctrl-C itself."""
    threading.Thread(target=interrupt_when_it_trains, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        classifier(1_000_000).fit(X_train, y_train)

    assert autologged.run().info.status == "KILLED"


def test_pools_are_fitted_and_measured(autologged):
    """Nobody sees what they were made of; the metrics find the model."""
    model = cb.train(
        cb.Pool(X_train, y_train), {"iterations": 3, "loss_function": "Logloss", **QUIET}
    )
    pool = cb.Pool(X_test)
    auc = roc_auc_score(y_test, model.predict(pool))
    run = autologged.run()

    assert run.data.metrics["roc_auc_score_pool"] == auc
    assert inputs(run) == []
    assert len(steps(run, "learn-Logloss")) == 3


def test_cv_leaves_means_and_deviations(autologged):
    """As its table has them."""
    params = {"iterations": 4, "loss_function": "Logloss", "logging_level": "Silent", **QUIET}
    del params["verbose"]
    found = cb.cv(cb.Pool(X_train, y_train), params, fold_count=2)
    run = autologged.run()

    for key in found.columns.drop("iterations"):
        assert np.array_equal(values(run, key), found[key])
    assert run.data.params["iterations"] == "4"


def test_what_is_fitted_within_others_is_theirs(autologged):
    """A search has its candidates; CatBoost's own search leaves the model that it fits last."""
    GridSearchCV(classifier(2), {"depth": [1, 2]}, cv=2).fit(X_train, y_train)
    assert len(autologged.runs()) == 3
    classifier(2).grid_search({"l2_leaf_reg": [1, 2]}, X_train, y_train, cv=2, verbose=False)
    last = autologged.runs()[3:]
    assert [run.data.tags["estimator_name"] for run in last] == ["CatBoostClassifier"]


def test_the_model_loads_back(autologged):
    """Of its own class."""
    model = fit()
    loaded = nbtrack.catboost.load_model(model_uri(autologged.run()))

    assert type(loaded) is cb.CatBoostClassifier
    assert (loaded.predict_proba(rows()) == model.predict_proba(rows())).all()
