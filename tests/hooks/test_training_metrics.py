"""Training metrics: MLflow's names and values, computed once, without a trace."""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from fit_steps import FLAGS, fitted, open_run
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import BaggingClassifier, IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading, SelfTrainingClassifier
from sklearn.tree import DecisionTreeClassifier

from nbtrack.hooks.sklearn import fit_predictions
from nbtrack.hooks.sklearn.flags import Flags
from nbtrack.hooks.sklearn.training_metrics import log_training_metrics
from nbtrack.recording.active_run import ActiveRun
from nbtrack.records.tags import TRAINING_METRICS_TAG

IRIS, FLOWERS = load_iris(return_X_y=True)
TUMOURS, IS_BENIGN = load_breast_cancer(return_X_y=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[FLOWERS]
LABELS = np.c_[IS_BENIGN, 1 - IS_BENIGN, IS_BENIGN * (np.arange(len(IS_BENIGN)) % 2)]
UNLABELLED = np.where(np.arange(150) % 5 == 0, -1, FLOWERS)


def weights_of(y: np.ndarray) -> np.ndarray:
    weights = np.random.default_rng(1).random(len(y))
    weights[:10] = 0
    return weights


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ActiveRun]:
    with open_run(tmp_path) as opened:
        yield opened


def recorded(run: ActiveRun, call: Any, flags: Flags = FLAGS) -> dict[str, float]:
    log_training_metrics(run, call, flags)
    return run.data.metrics


CASES: dict[str, tuple[Any, Any, Any, dict[str, Any]]] = {
    "three classes": (GaussianNB(), IRIS, FLOWERS, {}),
    "weights": (GaussianNB(), IRIS, FLOWERS, {"weights": weights_of(FLOWERS)}),
    "names in frames": (GaussianNB(), pd.DataFrame(IRIS), pd.Series(NAMES), {}),
    "categories": (GaussianNB(), IRIS, pd.Series(NAMES, dtype="category"), {}),
    "polars": (GaussianNB(), pl.DataFrame(IRIS), pl.Series(NAMES), {}),
    "lists": (GaussianNB(), IRIS.tolist(), NAMES.tolist(), {}),
    "sparse": (KNeighborsClassifier(), scipy.sparse.csr_array(IRIS), FLOWERS, {}),
    "sparse coo": (DecisionTreeClassifier(), scipy.sparse.coo_array(IRIS), FLOWERS, {}),
    "two classes": (GaussianNB(), TUMOURS, IS_BENIGN, {}),
    "two, weights": (GaussianNB(), TUMOURS, IS_BENIGN, {"weights": weights_of(IS_BENIGN)}),
    "bools": (GaussianNB(), TUMOURS, IS_BENIGN.astype(bool), {}),
    "floats": (GaussianNB(), TUMOURS, IS_BENIGN * 3.0 - 1, {}),
    "positive 0": (GaussianNB(), TUMOURS, IS_BENIGN, {"pos_label": 0}),
    "forest": (RandomForestClassifier(5, max_depth=2), IRIS, NAMES, {}),
    "bagging in a pipeline": (
        make_pipeline(StandardScaler(), BaggingClassifier(n_estimators=4)),
        IRIS,
        NAMES,
        {},
    ),
    "ties": (DecisionTreeClassifier(max_depth=1), TUMOURS, IS_BENIGN, {}),
    "class never predicted": (DecisionTreeClassifier(max_depth=1), IRIS, FLOWERS, {}),
    "no probabilities": (RidgeClassifier(), IRIS, FLOWERS, {}),
    "float32": (MLPClassifier(max_iter=5), IRIS.astype(np.float32), FLOWERS, {}),
    "single class": (DummyClassifier(), IRIS, np.zeros(150, int), {}),
    "pipeline": (make_pipeline(StandardScaler(), LogisticRegression()), IRIS, NAMES, {}),
    "search": (GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1]}), IRIS, NAMES, {}),
    "search, own score": (
        GridSearchCV(GaussianNB(), {"var_smoothing": [1]}, scoring="neg_log_loss"),
        IRIS,
        NAMES,
        {},
    ),
    "sets of labels": (KNeighborsClassifier(), TUMOURS, LABELS, {}),
    "sets, probabilities": (MLPClassifier(max_iter=5), TUMOURS, LABELS, {}),
    "sets, weights": (
        RandomForestClassifier(5),
        TUMOURS,
        LABELS,
        {"weights": weights_of(IS_BENIGN)},
    ),
    "several outputs": (MultiOutputClassifier(GaussianNB()), IRIS, np.c_[FLOWERS, FLOWERS], {}),
    "regression": (LinearRegression(), PATIENTS, PROGRESS, {}),
    "regression, weights": (
        LinearRegression(),
        PATIENTS,
        PROGRESS,
        {"weights": weights_of(PROGRESS)},
    ),
    "two targets": (LinearRegression(), PATIENTS, np.c_[PROGRESS, PROGRESS**2], {}),
    "two targets, weights": (
        LinearRegression(),
        PATIENTS,
        np.c_[PROGRESS, PROGRESS**2],
        {"weights": weights_of(PROGRESS)},
    ),
    "target as column": (LinearRegression(), PATIENTS, PROGRESS[:, None], {}),
    "constant target": (DummyRegressor(), PATIENTS, np.ones(len(PROGRESS)), {}),
    "one row": (DummyRegressor(), PATIENTS[:1], PROGRESS[:1], {}),
    "clusters": (KMeans(3, n_init=1, random_state=0), IRIS, FLOWERS, {}),
    "components": (PCA(2), IRIS, FLOWERS, {}),
    "outliers": (IsolationForest(n_estimators=5), IRIS, FLOWERS, {}),
    "no targets": (KMeans(3, n_init=1), IRIS, None, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_names_and_values_are_those_of_mlflow(
    run: ActiveRun, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An MLflow user finds every metric under its old name, with the number MLflow computes."""
    monkeypatch.setattr(fit_predictions, "LEAST_SECONDS", 60.0)  # on a busy machine, too
    estimator, X, y, options = CASES[case]
    pos_label = options.get("pos_label")
    call = fitted(estimator, X, y, weights=options.get("weights"))

    ours = recorded(run, call, Flags(pos_label=pos_label))

    expected = mlflow_metrics(call, pos_label)
    assert ours.keys() == expected.keys()
    precision = 1e-5 if "32" in case else 1e-10
    for name, value in expected.items():
        assert ours[name] == pytest.approx(value, rel=precision, abs=1e-14, nan_ok=True), name


def mlflow_metrics(call: Any, pos_label: Any) -> dict[str, float]:
    """What MLflow's own functions compute for the fit, without a server or a run."""
    pytest.importorskip("mlflow")
    from mlflow.sklearn import utils

    logged: dict[str, float] = {}

    class Client:
        def log_metrics(self, *, metrics: dict[str, float], **_: Any) -> None:
            logged.update(metrics)

    class Files:
        def log_artifacts(self, *_: Any) -> None: ...

    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(utils, "_get_classifier_artifacts", lambda *_: [])
        patch.setattr(utils, "_log_estimator_html", lambda *_: None)
        patch.setattr(utils, "MlflowClient", Files)  # the real one makes a database here
        utils._log_estimator_content(
            autologging_client=Client(),
            estimator=call.estimator,
            run_id="",
            prefix="training_",
            X=call.X,
            y_true=call.y,
            sample_weight=call.sample_weight,
            pos_label=pos_label,
        )
    return logged


@pytest.mark.parametrize("estimator", [LabelSpreading(), SelfTrainingClassifier(GaussianNB())])
def test_rows_without_a_label_are_not_counted(run: ActiveRun, estimator: Any) -> None:
    """MLflow counts each of them as a wrong prediction. The record says of how many rows it is."""
    call = fitted(estimator, IRIS, UNLABELLED)

    found = recorded(run, call, FLAGS)

    known = UNLABELLED != -1
    expected = estimator.score(IRIS[known], FLOWERS[known])
    assert found["training_accuracy_score"] == found["training_score"] == pytest.approx(expected)
    assert "training_log_loss" in found
    assert run.data.tags[TRAINING_METRICS_TAG] == "on the 120 rows that have a label"


class Slow(ClassifierMixin, BaseEstimator):
    """Predicts at *per_row* seconds a row, and counts them."""

    def __init__(self, per_row: float = 0.0) -> None:
        self.per_row = per_row

    def fit(self, X: Any, y: Any) -> Slow:
        self.classes_ = np.unique(y)
        return self

    def predict(self, X: Any) -> Any:
        time.sleep(self.per_row * len(X))
        return np.full(len(X), self.classes_[0])


def test_many_slow_rows_are_sampled_and_the_record_says_so(
    run: ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Predicting a second for every fit is too much; a share of the rows does."""
    monkeypatch.setattr(fit_predictions, "LEAST_SECONDS", 0.1)
    X, y = np.zeros((2000, 1)), np.arange(2000) % 4

    found = recorded(run, fitted(Slow(per_row=0.0005), X, y))

    assert found["training_accuracy_score"] == pytest.approx(0.25, abs=0.15)
    assert "of 2,000 rows" in run.data.tags[TRAINING_METRICS_TAG]


def test_fast_rows_are_all_used(run: ActiveRun) -> None:
    """No sample, and no tag, where predicting costs little."""
    X, y = np.zeros((2000, 1)), np.arange(2000) % 4

    assert recorded(run, fitted(Slow(), X, y))["training_accuracy_score"] == 0.25
    assert TRAINING_METRICS_TAG not in run.data.tags


def test_a_long_fit_allows_a_longer_prediction(
    run: ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten percent of the fit, if that is more."""
    monkeypatch.setattr(fit_predictions, "LEAST_SECONDS", 0.001)
    X, y = np.zeros((300, 1)), np.arange(300) % 4

    recorded(run, fitted(Slow(per_row=0.0002), X, y, seconds=100.0))

    assert TRAINING_METRICS_TAG not in run.data.tags


class Noisy(Slow):
    """Warns, draws random numbers and prints, whenever it predicts."""

    def fit(self, X: Any, y: Any) -> Noisy:
        self.generator_ = np.random.RandomState(3)
        self.own_ = np.random.default_rng(3)
        return super().fit(X, y)  # type: ignore[return-value]

    def predict(self, X: Any) -> Any:
        warnings.warn("I always say this", UserWarning, stacklevel=1)
        np.random.random()
        random.random()
        self.generator_.random()
        self.own_.random()
        np.log(np.zeros(1))
        return super().predict(X)


def test_the_user_notices_nothing(
    run: ActiveRun, recwarn: pytest.WarningsRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    """No warning, no print, and every random generator goes on where it was."""
    call = fitted(Noisy(), IRIS, FLOWERS)
    forest = fitted(RandomForestClassifier(5, verbose=1), IRIS, FLOWERS)
    capfd.readouterr()
    estimator = call.estimator
    before = (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        estimator.generator_.get_state()[1].tolist(),
        estimator.own_.bit_generator.state,
    )

    recorded(run, call)
    recorded(run, forest)

    assert not recwarn.list
    assert capfd.readouterr().out + capfd.readouterr().err == ""
    assert before == (
        random.getstate(),
        np.random.get_state()[1].tolist(),
        estimator.generator_.get_state()[1].tolist(),
        estimator.own_.bit_generator.state,
    )


def test_an_estimator_that_may_change_x_is_left_alone(run: ActiveRun) -> None:
    """With copy=False a prediction would write into the user's data."""
    X = IRIS.copy()
    call = fitted(make_pipeline(StandardScaler(copy=False), GaussianNB()), X, FLOWERS)
    before = X.copy()

    assert recorded(run, call) == {}
    assert (before == X).all()
    assert run.data.tags[TRAINING_METRICS_TAG].startswith("none: with copy=False")


def test_data_that_can_be_read_once_is_not_read_again(run: ActiveRun) -> None:
    """A generator is used up by `fit`; the record says that there are no metrics."""
    call = replace(fitted(GaussianNB(), IRIS, FLOWERS), X=iter(IRIS))

    assert recorded(run, call) == {}
    assert len(list(call.X)) == 150
    assert "only once" in run.data.tags[TRAINING_METRICS_TAG]


def test_a_wrong_positive_label_costs_its_metrics_only(
    run: ActiveRun, caplog: pytest.LogCaptureFixture
) -> None:
    """Accuracy needs none; precision, recall and f1 are left out, and it is said."""
    found = recorded(run, fitted(GaussianNB(), TUMOURS, IS_BENIGN), Flags(pos_label="nobody"))

    assert "training_accuracy_score" in found
    assert "training_f1_score" not in found
    assert "pos_label='nobody'" in caplog.text


def test_failing_probabilities_cost_their_metrics_only(run: ActiveRun) -> None:
    """What the labels tell is recorded all the same."""

    class Failing(Slow):
        def predict_proba(self, X: Any) -> Any:
            raise ValueError("not today")

    found = recorded(run, fitted(Failing(), IRIS, FLOWERS))

    assert found["training_accuracy_score"] == pytest.approx(1 / 3)
    assert "training_log_loss" not in found


def test_a_search_without_refit_has_no_training_metrics(run: ActiveRun) -> None:
    """It can predict nothing; that is no fault."""
    search = GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9]}, refit=False)

    assert recorded(run, fitted(search, IRIS, FLOWERS)) == {}


def test_predictions_are_made_once_for_all_steps(run: ActiveRun) -> None:
    """Metrics, score and plots share one prediction, and it is forgotten with the call."""
    from nbtrack.hooks.sklearn.plot_numbers import log_plots

    class Counting(Slow):
        calls = 0

        def predict(self, X: Any) -> Any:
            Counting.calls += 1
            return super().predict(X)

    call = fitted(Counting(), IRIS, FLOWERS)
    log_training_metrics(run, call, FLAGS)
    log_plots(run, call, FLAGS)

    key = id(call)
    assert Counting.calls == 1
    assert key in fit_predictions._known
    del call
    assert key not in fit_predictions._known


def test_a_failing_prediction_is_met_once(run: ActiveRun) -> None:
    """The first step that asks says so; the others do without."""
    from nbtrack.hooks.sklearn.plot_numbers import log_plots

    class Broken(Slow):
        def predict(self, X: Any) -> Any:
            raise ValueError("no longer")

    call = fitted(Broken(), np.zeros((400, 1)), np.arange(400) % 2)

    with pytest.raises(ValueError, match="no longer"):
        log_training_metrics(run, call, FLAGS)
    log_plots(run, call, FLAGS)
    assert run.data.metrics == {}
