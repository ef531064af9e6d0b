"""Metrics while `fit` runs, with nothing left behind."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

pytest.importorskip("sklearn.callback")

from fit_steps import open_run
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.callback import CallbackSupportMixin, ProgressBar, with_callbacks
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

import nbtrack
from nbtrack.hooks.sklearn import callbacks
from nbtrack.hooks.sklearn.callbacks import live_metrics, number_count
from nbtrack.recording.active_run import ActiveRun

IRIS, FLOWERS = load_iris(return_X_y=True)
TUMOURS, IS_BENIGN = load_breast_cancer(return_X_y=True)
TUMOURS = StandardScaler().fit_transform(TUMOURS)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[ActiveRun]:
    with open_run(tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "FREE_SECONDS", 60.0)
    monkeypatch.setattr(callbacks, "FEWEST_NUMBERS", 0)


def followed(run: ActiveRun, estimator: Any, X: Any, y: Any) -> Any:
    with live_metrics(run, estimator, X):
        return estimator.fit(X, y)


def series(run: ActiveRun, key: str) -> list[tuple[int, float]]:
    history = nbtrack.MlflowClient().get_metric_history(run.run_id, key)
    return [(point.step, point.value) for point in history]


def final_loss(estimator: Any, X: Any, y: Any) -> float:
    return float(metrics.log_loss(y, estimator.predict_proba(X)))


@pytest.mark.parametrize(
    ("X", "y"),
    [(IRIS, np.array(["a", "b", "c"])[FLOWERS]), (TUMOURS, IS_BENIGN == 1)],
    ids=["three names", "two classes"],
)
def test_logistic_regression_shows_its_loss_by_iteration(run: ActiveRun, X: Any, y: Any) -> None:
    """A point for each iteration, from 1 on; the last one is that of the fitted model."""
    model = followed(run, LogisticRegression(max_iter=30), X, y)

    points = series(run, "train_loss")
    assert [step for step, _ in points] == list(range(1, int(model.n_iter_[0]) + 1))
    assert points[-1][1] == pytest.approx(final_loss(model, X, y))
    assert points[0][1] > points[-1][1]


def test_of_many_rows_some_are_looked_at(run: ActiveRun) -> None:
    """The loss of a random 2,000, always the same ones."""
    random_numbers = np.random.default_rng(0)
    X = random_numbers.normal(size=(30_000, 3))
    y = X[:, 0] + random_numbers.normal(size=30_000) > 0

    model = followed(run, LogisticRegression(), X, y)

    assert series(run, "train_loss")[-1][1] == pytest.approx(final_loss(model, X, y), rel=0.1)


NUMBERS = {
    "array": (np.zeros((30, 4)), 120),
    "sparse": (scipy.sparse.eye_array(50, format="csr"), 50),
    "frame": (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), 4),
    "lists": ([[1, 2, 3], [4, 5, 6]], 6),
    "texts": (["some words", "more words"], 2 * callbacks.NUMBERS_IN_A_TEXT),
    "column of texts": (pd.Series(["some words"]), callbacks.NUMBERS_IN_A_TEXT),
    "nothing": ([], 0),
    "read once": (iter([[1, 2]]), 0),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_how_much_data_there_is(name: str) -> None:
    """Counted, and nothing read: stored numbers of a sparse matrix, words of texts as a guess."""
    X, numbers = NUMBERS[name]
    assert number_count(X) == numbers


def test_a_fit_that_is_over_in_a_moment_is_not_followed(
    run: ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Following would cost half as much as the fit."""
    monkeypatch.setattr(callbacks, "FEWEST_NUMBERS", IRIS.size + 1)
    followed(run, LogisticRegression(), IRIS, FLOWERS)
    assert series(run, "train_loss") == []

    monkeypatch.setattr(callbacks, "FEWEST_NUMBERS", IRIS.size)
    followed(run, LogisticRegression(), IRIS, FLOWERS)
    assert series(run, "train_loss") != []


def test_a_pipelines_last_step_is_followed(run: ActiveRun) -> None:
    """Although its first step takes no callbacks, of which scikit-learn would warn."""
    pipeline = make_pipeline(MinMaxScaler(), LogisticRegression())

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        followed(run, pipeline, TUMOURS, IS_BENIGN)

    points = series(run, "train_loss")
    assert points[-1][1] == pytest.approx(final_loss(pipeline, TUMOURS, IS_BENIGN))


def test_the_refit_of_a_search_is_followed(run: ActiveRun) -> None:
    """One series, of the best estimator; not one of each candidate."""
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1]}, cv=2)

    followed(run, search, TUMOURS, IS_BENIGN)

    points = series(run, "train_loss")
    assert len(points) == search.best_estimator_[-1].n_iter_[0]
    assert points[-1][1] == pytest.approx(final_loss(search, TUMOURS, IS_BENIGN))


def test_a_long_search_shows_how_far_it_is(run: ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The share of fits that are done, by their number."""
    monkeypatch.setattr(callbacks, "LIVE_SECONDS", 0.0)
    monkeypatch.setattr(callbacks, "PROGRESS_SECONDS", 0.0)

    followed(run, GridSearchCV(SVC(), {"C": [1, 2]}, cv=2), IRIS, FLOWERS)

    assert series(run, "search_progress") == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]


def test_a_halving_search_goes_on_to_one(run: ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six fits, then two: each iteration is half of it."""
    monkeypatch.setattr(callbacks, "LIVE_SECONDS", 0.0)
    monkeypatch.setattr(callbacks, "PROGRESS_SECONDS", 0.0)
    options = {"cv": 2, "factor": 3, "min_resources": 50, "random_state": 0}

    followed(run, HalvingGridSearchCV(SVC(), {"C": [1, 2, 3]}, **options), IRIS, FLOWERS)

    shares = [share for _, share in series(run, "search_progress")]
    assert shares == pytest.approx([n / 12 for n in range(1, 7)] + [0.75, 1.0])


def test_the_end_of_a_long_search_is_told(run: ActiveRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short the time since the last point; of a short search there is none."""
    followed(run, GridSearchCV(SVC(), {"C": [1, 2]}, cv=2), IRIS, FLOWERS)
    assert series(run, "search_progress") == []

    monkeypatch.setattr(callbacks, "PROGRESS_SECONDS", 0.0)
    monkeypatch.setattr(callbacks, "LIVE_SECONDS", 60.0)
    watcher = callbacks.SearchWatcher(run, ExitStack(), numbers=0)
    watcher._written -= 60.0
    search = GridSearchCV(SVC(), {"C": [1, 2]}, cv=2).set_callbacks(watcher)
    search.fit(IRIS, FLOWERS)
    watcher.finish()

    assert series(run, "search_progress") == [(1, 0.25), (4, 1.0)]


ESTIMATORS = {
    "model": LogisticRegression(max_iter=20),
    "another that inherits them": LogisticRegressionCV(Cs=2, cv=2, max_iter=20),
    "other solver": LogisticRegression(solver="liblinear"),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "scaler": StandardScaler(),
    "no callbacks": SVC(),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_estimator_is_what_it_would_have_been(run: ActiveRun, name: str) -> None:
    """The same pickle, byte for byte, and so the same results and params; the same warnings."""
    plain, with_us = clone(ESTIMATORS[name]), clone(ESTIMATORS[name])

    with warnings.catch_warnings(record=True) as expected:
        warnings.simplefilter("always")
        plain.fit(TUMOURS, IS_BENIGN)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        followed(run, with_us, TUMOURS, IS_BENIGN)

    assert pickle.dumps(with_us) == pickle.dumps(plain)
    assert [str(each.message) for each in seen] == [str(each.message) for each in expected]


@pytest.mark.parametrize("jobs", [None, 2])
def test_a_search_is_what_it_would_have_been(run: ActiveRun, jobs: int | None) -> None:
    """In this process and in workers: the same best, and nothing of ours in the pickle."""
    searches = [
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2, n_jobs=jobs) for _ in range(2)
    ]
    searches[0].fit(TUMOURS, IS_BENIGN)

    followed(run, searches[1], TUMOURS, IS_BENIGN)

    best = [pickle.dumps(search.best_estimator_) for search in searches]
    assert best[0] == best[1]
    assert b"nbtrack" not in pickle.dumps(searches[1])
    assert vars(searches[0]).keys() == vars(searches[1]).keys()


def test_a_fit_that_fails_leaves_nothing_either(run: ActiveRun) -> None:
    """The error is the user's, and so is the estimator."""
    model = LogisticRegression(C=-1)
    search = GridSearchCV(model, {"C": [-1]}, error_score="raise")

    for estimator in (model, search):
        with pytest.raises(ValueError, match="C"):
            followed(run, estimator, IRIS, FLOWERS)
        assert "_skl_callbacks" not in vars(estimator)


class Recording(ProgressBar):
    """A callback of the user's, which is passed on to every step."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def setup(self, estimator: Any, context: Any) -> None: ...
    def teardown(self, estimator: Any, context: Any) -> None: ...
    def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...
    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        self.ended.append(context.task_name)


def test_the_users_own_callbacks_stay_and_are_called(run: ActiveRun) -> None:
    """The very list is put back; and what it hears is what it would have heard without us."""
    alone, beside = Recording(), Recording()
    without = make_pipeline(StandardScaler(), LogisticRegression()).set_callbacks(alone)
    without.fit(TUMOURS, IS_BENIGN)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).set_callbacks(beside)
    kept = vars(pipeline)["_skl_callbacks"]

    followed(run, pipeline, TUMOURS, IS_BENIGN)

    assert vars(pipeline)["_skl_callbacks"] is kept
    assert beside.ended == alone.ended
    assert "_skl_callbacks" not in vars(pipeline[-1])
    assert len(series(run, "train_loss")) == pipeline[-1].n_iter_[0]


def test_a_callback_beside_ours_is_put_back_in_its_list(run: ActiveRun) -> None:
    """The list that the user's `set_callbacks` made is the one that is there afterwards."""
    model = LogisticRegression().set_callbacks(Recording())
    kept = vars(model)["_skl_callbacks"]

    followed(run, model, TUMOURS, IS_BENIGN)

    assert vars(model)["_skl_callbacks"] is kept
    assert len(kept) == 1
    assert len(kept[0].ended) > 1


def test_the_users_callbacks_on_a_search_reach_the_refit(run: ActiveRun) -> None:
    """Theirs are passed on to the best estimator, where ours is for a while."""
    alone, beside = Recording(), Recording()
    for recording in (alone, beside):
        search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1]}, cv=2)
        search.set_callbacks(recording)
        if recording is alone:
            search.fit(TUMOURS, IS_BENIGN)
        else:
            followed(run, search, TUMOURS, IS_BENIGN)

    assert beside.ended == alone.ended
    assert "_skl_callbacks" not in vars(search.best_estimator_)


class Iterating(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Somebody else's estimator: predicts the class that has the number of the iteration."""

    @with_callbacks
    def fit(self, X: Any, y: Any) -> Iterating:
        self.classes_ = np.unique(y)
        context = self._init_callback_context(max_subtasks=3)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        for place in range(3):
            task = context.subcontext(task_name="iteration")
            task.call_on_fit_task_begin(estimator=self, X=X, y=y)
            reached = {"reached_": place}
            task.call_on_fit_task_end(estimator=self, X=X, y=y, reconstruction_attributes=reached)
        self.reached_ = 2
        context.call_on_fit_task_end(estimator=self, X=X, y=y, reconstruction_attributes={})
        return self

    def predict(self, X: Any) -> Any:
        return np.full(len(X), self.classes_[self.reached_])


def test_any_estimator_that_takes_callbacks_is_followed(run: ActiveRun) -> None:
    """Its score on the training rows, after each iteration."""
    y = np.repeat([0, 1, 2], [10, 30, 60])

    followed(run, Iterating(), np.zeros((100, 1)), y)

    assert series(run, "train_score") == [(1, 0.1), (2, 0.3), (3, 0.6)]


def test_what_is_costly_is_scored_less_often(
    run: ActiveRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first time tells how long it takes; then there is no time left."""
    monkeypatch.setattr(callbacks, "FREE_SECONDS", 1e-6)
    monkeypatch.setattr(callbacks, "COST_SHARE", 0.0)

    followed(run, Iterating(), np.zeros((3, 1)), np.array([0, 1, 2]))

    assert len(series(run, "train_score")) <= 1


def test_a_fault_of_ours_stays_ours(run: ActiveRun, caplog: pytest.LogCaptureFixture) -> None:
    """The fit goes on; one line says what is missing."""

    class Unscored(Iterating):
        def score(self, *_: Any) -> float:
            raise ValueError("no score")

    followed(run, Unscored(), np.zeros((3, 1)), np.array([0, 1, 2]))

    assert "follow the iterations" in caplog.text


def test_copies_made_meanwhile_do_nothing(run: ActiveRun) -> None:
    """A pickle or a copy of an estimator that is being fitted reports to no run."""
    model = LogisticRegression()
    with live_metrics(run, model, IRIS):
        copies = [pickle.loads(pickle.dumps(model)), deepcopy(model)]

    for copied in copies:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            copied.fit(IRIS, FLOWERS)
    assert series(run, "train_loss") == []
