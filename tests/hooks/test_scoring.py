"""`model.score(X_test, y_test)` is a metric of the model, and what it computes inside is not."""

from __future__ import annotations

import pytest
from later_runs import X_test, X_train, calls, fitted, later_metrics, unknown, y_test, y_train
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbtrack
from nbtrack.hooks.measured.predictions import predictions


@pytest.fixture(autouse=True)
def project(autologged):
    nbtrack.sklearn.autolog(log_models=False, log_datasets=False)
    yield
    predictions.clear()  # the models of other tests predict alike


def test_a_score_is_named_after_class_and_data():
    """`{Class}_score_{variable}`, numbered like other metrics; the accuracy inside is not kept."""
    model, run_id = fitted(make_pipeline(StandardScaler(), LogisticRegression()))
    on_test = model.score(X_test, y_test)
    on_train = model.score(X=X_train, y=y_train)

    assert later_metrics(run_id) == {
        "Pipeline_score_X_test": on_test,
        "Pipeline_score-2_X_train": on_train,
    }
    assert calls(run_id)["Pipeline_score_X_test"] == "Pipeline.score(X=X_test, y=y_test)"


def test_a_score_of_a_search_is_the_searchs():
    """Its best estimator is asked inside, which makes no second metric."""
    search, run_id = fitted(GridSearchCV(LogisticRegression(max_iter=200), {"C": [1, 2]}, cv=2))
    value = search.score(X_test, y_test)

    kept = {k: v for k, v in later_metrics(run_id).items() if "score_X_test" in k}
    assert kept == {"GridSearchCV_score_X_test": value}


def test_a_score_without_y_is_kept():
    """As of clusterers."""
    with nbtrack.start_run() as run:
        model = KMeans(3, n_init=1, random_state=0).fit(X_train)
    value = model.score(X_test)

    assert later_metrics(run.run_id) == {"KMeans_score_X_test": value}


def test_scores_within_validation_are_not_kept():
    """Nobody asked for those of the folds."""
    model, run_id = fitted()
    cross_val_score(model, X_train, y_train, cv=2)

    assert later_metrics(run_id) == {}


def test_in_a_helper_function_the_data_has_the_callers_name():
    """As MLflow names it."""
    model, run_id = fitted()

    def check(estimator, X, y):
        return estimator.score(X, y)

    check(model, X_test, y_test)

    assert set(later_metrics(run_id)) == {"LogisticRegression_score_X_test"}


def test_the_score_of_a_model_that_was_not_tracked_is_marked():
    """On the run that is open; without one it is not kept."""
    nbtrack.sklearn.autolog(disable=True)
    model = LogisticRegression(max_iter=200).fit(X_train, y_train)
    nbtrack.sklearn.autolog(log_models=False)
    model.score(X_test, y_test)
    with nbtrack.start_run() as run:
        model.score(X_test, y_test)

    assert set(later_metrics(run.run_id)) == {"LogisticRegression_score_X_test"}
    assert unknown(run.run_id) == "LogisticRegression_score_X_test"


def test_a_score_of_the_users_own_is_not_patched_but_its_metric_is_kept():
    """What he writes in his class are calls of his own."""

    class Always(ClassifierMixin, BaseEstimator):
        def __init__(self, label=0):
            self.label = label

        def fit(self, X, y):
            self.inner_ = LogisticRegression(max_iter=200).fit(X, y)
            return self

        def score(self, X, y):
            y_pred = self.inner_.predict(X)
            return accuracy_score(y, y_pred)

    with nbtrack.start_run() as run:
        model = Always().fit(X_train, y_train)
    value = model.score(X_test, y_test)

    assert later_metrics(run.run_id) == {"accuracy_score_X_test": value}


def test_a_deleted_run_takes_no_score():
    """And nothing is raised."""
    model, run_id = fitted()
    nbtrack.delete_run(run_id)

    assert model.score(X_test, y_test) > 0.9
    assert later_metrics(run_id) == {}
