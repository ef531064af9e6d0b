"""Learning curves that estimators carry with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fit_steps import FLAGS, fitted, open_run
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.decomposition import DictionaryLearning
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import BayesianRidge, LinearRegression, LogisticRegression, SGDClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbtrack
from nbtrack.hooks.sklearn import curves, staged_scores
from nbtrack.hooks.sklearn.curves import log_curves
from nbtrack.recording.active_run import ActiveRun

TUMOURS, IS_BENIGN = load_breast_cancer(return_X_y=True)
PATIENTS, PROGRESS = load_diabetes(return_X_y=True)
Series = list[tuple[int, float]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ActiveRun]:
    with open_run(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_scores, "LEAST_SECONDS", 60.0)


def recorded(run: ActiveRun, estimator: Any, X: Any, y: Any = None) -> dict[str, Series]:
    log_curves(run, fitted(estimator, X, y), FLAGS)
    client = nbtrack.MlflowClient()
    return {
        name: [(p.step, p.value) for p in client.get_metric_history(run.run_id, name)]
        for name in run.data.metrics
    }


def numbered(values: Any, first: int = 1) -> Series:
    return [(step, pytest.approx(value)) for step, value in enumerate(values, start=first)]


def test_a_network_shows_its_loss_and_validation_score(run: ActiveRun) -> None:
    """One point per epoch; the first epoch is step 1."""
    network = MLPClassifier(max_iter=5, early_stopping=True, random_state=0)

    found = recorded(run, network, TUMOURS, IS_BENIGN)

    assert found["train_loss"] == numbered(network.loss_curve_)
    assert found["validation_score"] == numbered(network.validation_scores_)
    assert found["n_iter"] == [(0, 5)]


def test_gradient_boosting_shows_its_losses(run: ActiveRun) -> None:
    """What it calls a score is a loss; out-of-bag losses where rows are sampled."""
    boosting = GradientBoostingClassifier(n_estimators=7, subsample=0.5)

    found = recorded(run, boosting, TUMOURS, IS_BENIGN)

    assert found["train_loss"] == numbered(boosting.train_score_)
    assert found["oob_loss"] == numbered(boosting.oob_scores_)


@pytest.mark.parametrize(
    ("scoring", "name", "sign"), [("loss", "loss", -1), ("accuracy", "score", 1)]
)
def test_histogram_boosting_shows_what_it_kept(
    run: ActiveRun, scoring: str, name: str, sign: int
) -> None:
    """Step 0 is before the first tree; a kept loss is negative, a logged one is not."""
    boosting = HistGradientBoostingClassifier(max_iter=4, early_stopping=True, scoring=scoring)

    found = recorded(run, boosting, TUMOURS, IS_BENIGN)

    assert found[f"train_{name}"] == numbered(sign * boosting.train_score_, first=0)
    assert found[f"validation_{name}"] == numbered(sign * boosting.validation_score_, first=0)


def test_histogram_boosting_that_kept_nothing_is_asked(run: ActiveRun) -> None:
    """Its default, without early stopping: the log loss by its staged probabilities."""
    boosting = HistGradientBoostingClassifier(max_iter=4)

    found = recorded(run, boosting, TUMOURS, np.array(["no", "yes"])[IS_BENIGN])

    stages = boosting.staged_predict_proba(TUMOURS)
    assert found["train_loss"] == numbered(metrics.log_loss(IS_BENIGN, p) for p in stages)


def test_staged_scores_of_regressors_and_of_a_pipelines_last_step(run: ActiveRun) -> None:
    """R2 after each tree, of rows that went through the steps before."""
    pipeline = make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=3))

    found = recorded(run, pipeline, PATIENTS, PROGRESS)

    stages = pipeline[-1].staged_predict(pipeline[0].transform(PATIENTS))
    assert found["train_score"] == numbered(metrics.r2_score(PROGRESS, p) for p in stages)


@pytest.mark.parametrize("kind", [AdaBoostClassifier, AdaBoostRegressor])
def test_ada_boost_shows_errors_and_scores(run: ActiveRun, kind: Any) -> None:
    """The error of each estimator, and the score of all up to it."""
    y = IS_BENIGN if kind is AdaBoostClassifier else TUMOURS[:, 0]
    boosting = kind(n_estimators=3, random_state=0)

    found = recorded(run, boosting, TUMOURS, y)

    count = len(boosting.estimators_)
    assert found["train_score"] == numbered(boosting.staged_score(TUMOURS, y))
    assert found["estimator_error"] == numbered(boosting.estimator_errors_[:count])


def test_stages_that_take_too_long_are_left_out(
    run: ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half curve: it would be taken for a whole one."""
    monkeypatch.setattr(staged_scores, "LEAST_SECONDS", 1e-6)
    monkeypatch.setattr(staged_scores, "SHARE_OF_FIT", 1e-9)

    found = recorded(run, AdaBoostClassifier(n_estimators=5), TUMOURS, IS_BENIGN)

    assert "train_score" not in found
    assert "estimator_error" in found


@pytest.mark.parametrize(
    ("estimator", "attribute", "name"),
    [
        (GaussianMixture(2, random_state=0), "lower_bounds_", "lower_bound"),
        (BayesianRidge(compute_score=True), "scores_", "log_marginal_likelihood"),
        (DictionaryLearning(2, max_iter=4, random_state=0), "error_", "reconstruction_error"),
    ],
    ids=["mixture", "Bayesian ridge", "dictionary"],
)
def test_other_estimators_that_keep_a_series(
    run: ActiveRun, estimator: Any, attribute: str, name: str
) -> None:
    """Each under the name of what it is."""
    found = recorded(run, estimator, PATIENTS, PROGRESS)

    assert found[name] == numbered(getattr(estimator, attribute))


@pytest.mark.parametrize(
    "estimator", [SGDClassifier(), KMeans(2, n_init=1), LogisticRegression(solver="newton-cg")]
)
def test_how_many_iterations_it_took(run: ActiveRun, estimator: Any) -> None:
    """One number, the most where there is one for each class."""
    found = recorded(run, estimator, PATIENTS, PROGRESS > 150)

    assert found == {"n_iter": [(0, np.max(estimator.n_iter_))]}


def test_the_best_of_a_search_shows_its_curve(run: ActiveRun) -> None:
    """Also when it is the last step of a pipeline."""
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=3))
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [0.1, 1]}, cv=2)

    found = recorded(run, search, TUMOURS, IS_BENIGN)

    assert found["train_loss"] == numbered(search.best_estimator_[-1].loss_curve_)


@pytest.mark.parametrize("estimator", [LinearRegression(), SelectKBest(k=2)])
def test_what_does_not_iterate_has_no_curve(run: ActiveRun, estimator: Any) -> None:
    """Attributes of the same name that mean something else are not taken for a curve."""
    assert recorded(run, estimator, PATIENTS, PROGRESS) == {}


def test_a_very_long_series_is_thinned(run: ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evenly, with the first and the last point, at their own steps."""
    monkeypatch.setattr(curves, "MOST_POINTS", 3)
    boosting = GradientBoostingClassifier(n_estimators=11)

    found = recorded(run, boosting, TUMOURS, IS_BENIGN)

    assert [step for step, _ in found["train_loss"]] == [1, 6, 11]
    assert found["train_loss"][-1][1] == pytest.approx(boosting.train_score_[-1])
