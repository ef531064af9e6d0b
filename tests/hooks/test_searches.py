"""A search keeps every candidate as a child run, and what it found on its own."""

from __future__ import annotations

import io
import time
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    LeaveOneOut,
    RandomizedSearchCV,
)
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import nbtrack
import nbtrack.sklearn
from nbtrack.hooks.autolog import HOOKS
from nbtrack.hooks.sklearn.fit_call import FitCall
from nbtrack.hooks.sklearn.flags import Flags
from nbtrack.hooks.sklearn.searches import log_search
from tests.support.begun_project import begun_project

X, y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def project(tmp_path):
    nbtrack.set_tracking_uri(begun_project(tmp_path / ".nbtrack"))
    yield tmp_path
    HOOKS["sklearn"].forget()
    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    nbtrack.set_tracking_uri(None)


def recorded(search, **flags):
    """Fit *search*; its run, and those of its candidates by their rows in the results."""
    with nbtrack.start_run(run_name="search") as run:
        began = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            search.fit(X, y)
        log_search(run, call_of(search, time.perf_counter() - began), Flags(**flags))
    client = nbtrack.MlflowClient()
    filter_string = f"tags.`mlflow.parentRunId` = '{run.run_id}'"
    found = client.search_runs([run.info.experiment_id], filter_string, max_results=1000)
    children = {int(child.data.tags["nbtrack.candidate"]): child for child in found}
    return client.get_run(run.run_id), children


def call_of(estimator, seconds):
    return FitCall(
        estimator=estimator,
        X=X,
        y=y,
        sample_weight=None,
        X_name="X",
        y_name="y",
        result=estimator,
        method="fit",
        seconds=seconds,
    )


def csv_of(run):
    path = nbtrack.MlflowClient().download_artifacts(run.info.run_id, "cv_results.csv")
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


GRID = {"C": [0.1, 1.0, 10], "kernel": ["rbf", "linear"]}
SEARCHES = {
    "grid": lambda: GridSearchCV(SVC(), GRID, cv=3),
    "random": lambda: RandomizedSearchCV(SVC(), GRID, n_iter=4, cv=3, random_state=0),
    "halving": lambda: HalvingGridSearchCV(SVC(), GRID, cv=3, random_state=0),
    "halving random": lambda: HalvingRandomSearchCV(SVC(), GRID, cv=3, random_state=0),
    "train scores": lambda: GridSearchCV(SVC(), GRID, cv=2, return_train_score=True),
    "several scorers": lambda: GridSearchCV(
        SVC(), GRID, cv=2, scoring=["accuracy", "f1_macro"], refit="f1_macro"
    ),
    "threads": lambda: GridSearchCV(SVC(), GRID, cv=3, n_jobs=2),
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_every_candidate_is_a_child_with_its_params_and_scores(kind):
    """Each row of cv_results_ is a run: chosen params, and every column of numbers as a metric."""
    search = SEARCHES[kind]()
    _, children = recorded(search)
    results = search.cv_results_

    assert sorted(children) == list(range(len(results["params"])))
    scores = [name for name in results if name != "params" and not name.startswith("param_")]
    for row, child in children.items():
        assert child.data.params["C"] == str(results["params"][row]["C"])
        assert child.data.params["kernel"] == results["params"][row]["kernel"]
        assert child.data.metrics == {name: float(results[name][row]) for name in scores}
        assert child.info.status == "FINISHED"


def test_a_candidate_has_the_other_params_and_tags_of_its_estimator():
    """What was not searched is a param too, by its plain name; tags are MLflow's."""
    run, children = recorded(
        GridSearchCV(SVC(degree=5), {"C": [2]}, cv=2), extra_tags={"team": "a"}
    )
    child = children[0]

    assert child.data.params == {
        **{k: str(v) for k, v in SVC(degree=5).get_params().items()},
        "C": "2",
    }
    assert child.data.tags["estimator_name"] == "SVC"
    assert child.data.tags["estimator_class"] == "sklearn.svm._classes.SVC"
    assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    assert child.data.tags["mlflow.autologging"] == "sklearn"
    assert child.data.tags["team"] == "a"
    assert child.info.run_name == "C=2"


def test_names_say_what_was_chosen():
    """The shortest names that tell the params apart, few digits, estimators by their class."""
    pipeline = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    grid = {"clf__C": [0.123456789], "scale": [MinMaxScaler()], "clf__kernel": ["linear"]}
    _, children = recorded(GridSearchCV(pipeline, grid, cv=2))

    assert children[0].info.run_name == "C=0.1235 kernel=linear scale=MinMaxScaler"


def test_an_estimator_that_was_chosen_brings_its_own_params():
    """The params of the one it replaced, and lists that would show it untuned, are left out."""
    pipeline = Pipeline([("scale", StandardScaler()), ("clf", SVC(C=7))])
    grid = [
        {"clf": [DecisionTreeClassifier()], "clf__max_depth": [2]},
        {"clf__C": [3], "scale": ["passthrough"]},
    ]
    _, children = recorded(GridSearchCV(pipeline, grid, cv=2))

    tree, svc = children[0].data.params, children[1].data.params
    assert tree["clf"] == "DecisionTreeClassifier()"
    assert tree["clf__max_depth"] == "2"
    assert tree["clf__criterion"] == "gini"
    assert "clf__C" not in tree
    assert tree["scale__with_mean"] == "True"
    assert svc["clf__C"] == "3"
    assert svc["scale"] == "passthrough"
    assert svc["clf__kernel"] == "rbf"
    assert not {"clf", "steps", "scale__with_mean"} & svc.keys()


def test_the_search_holds_the_best():
    """best_<param>, best_cv_score, and which child it is."""
    search = GridSearchCV(SVC(), GRID, cv=3)
    run, children = recorded(search)

    assert run.data.params["best_C"] == str(search.best_params_["C"])
    assert run.data.params["best_kernel"] == search.best_params_["kernel"]
    assert run.data.metrics["best_cv_score"] == search.best_score_
    best = children[search.best_index_]
    assert run.data.tags["nbtrack.best_child"] == best.info.run_id
    assert "nbtrack.refit" not in run.data.tags


def test_without_refit_the_run_says_so():
    """The best is known all the same; with several scorers nobody says which it is."""
    run, _ = recorded(GridSearchCV(SVC(), GRID, cv=2, refit=False))
    assert run.data.tags["nbtrack.refit"] == "False"
    assert "best_C" in run.data.params

    several = GridSearchCV(SVC(), GRID, cv=2, refit=False, scoring=["accuracy", "f1_macro"])
    run, children = recorded(several)
    assert not run.data.params
    assert not run.data.metrics
    assert len(children) == 6


@pytest.mark.parametrize(("most", "rows"), [(0, set()), (2, {0, 2}), (99, {0, 1, 2})])
def test_max_tuning_runs_keeps_the_best(most, rows):
    """As in MLflow an int is how many; the table has them all."""
    grid = {"strategy": ["prior", "uniform", "most_frequent"], "random_state": [0]}
    search = GridSearchCV(DummyClassifier(), grid, scoring=by_strategy, cv=2)
    run, children = recorded(search, max_tuning_runs=most)

    assert set(children) == rows
    assert len(pd.read_csv(io.StringIO(csv_of(run)))) == 3


def by_strategy(estimator, X, y):
    return {"prior": 0.9, "uniform": 0.1, "most_frequent": 0.8}[estimator.strategy]


def test_the_best_of_a_halving_search_are_those_of_its_last_iteration():
    """Scores of different iterations come from different amounts of data."""
    search = HalvingGridSearchCV(SVC(), GRID, cv=3, random_state=0)
    run, children = recorded(search, max_tuning_runs=2)

    last = max(search.cv_results_["iter"])
    assert [search.cv_results_["iter"][row] for row in children] == [last, last]
    assert all(child.info.run_name.endswith(f"iter={last}") for child in children.values())
    assert run.data.tags["nbtrack.best_child"] == children[search.best_index_].info.run_id


def test_several_scorers_rank_by_the_one_that_refits():
    """Not by the first one, when the user says which decides."""

    def good(estimator, X, y):
        return float(estimator.C)

    scoring = {"bad": lambda e, X, y: -float(e.C), "good": good}
    search = GridSearchCV(SVC(), {"C": [1.0, 2.0, 3.0]}, cv=2, scoring=scoring, refit="good")
    _, children = recorded(search, max_tuning_runs=1)

    assert list(children) == [2]


class Picky(DummyClassifier):
    """Refuses to be fitted with one strategy, or on a split that has the first row."""

    def fit(self, X, y, sample_weight=None):
        if self.strategy == "uniform" or (self.strategy == "prior" and X[0, 0] != 5.1):
            raise ValueError("not that one")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("error_score", [np.nan, -1.0])
def test_a_candidate_that_cannot_be_fitted_is_a_failed_run(error_score):
    """Its scores are what the search put there; nothing makes it look as if it had worked."""
    grid = {"strategy": ["uniform", "most_frequent"]}
    search = GridSearchCV(Picky(), grid, cv=2, error_score=error_score)
    _, children = recorded(search)

    assert children[0].info.status == "FAILED"
    assert children[0].data.metrics["mean_test_score"] == pytest.approx(error_score, nan_ok=True)
    assert children[0].data.tags["nbtrack.failed_splits"] == "2 of 2"
    assert children[1].info.status == "FINISHED"
    assert "nbtrack.failed_splits" not in children[1].data.tags


def test_a_candidate_that_failed_in_some_splits_says_in_how_many():
    """It has scores, so it did not fail; its mean is NaN."""
    _, children = recorded(GridSearchCV(Picky(), {"strategy": ["prior"]}, cv=2))

    assert children[0].info.status == "FINISHED"
    assert children[0].data.tags["nbtrack.failed_splits"] == "1 of 2"
    assert np.isnan(children[0].data.metrics["mean_test_score"])


def test_the_table_reads_like_the_results():
    """Same columns, same kinds, same values as the DataFrame that MLflow writes."""
    grid = [{"C": [1, 2]}, {"kernel": ["linear"], "gamma": [0.5]}]
    search = GridSearchCV(SVC(), grid, cv=2)
    run, _ = recorded(search)

    expected = io.StringIO(pd.DataFrame.from_dict(search.cv_results_).to_csv(index=False))
    pd.testing.assert_frame_equal(
        pd.read_csv(io.StringIO(csv_of(run))), pd.read_csv(expected), check_dtype=True
    )
    # Beside a missing value too: pandas itself would write 2.0.
    assert ",2," in csv_of(run)


def test_the_table_quotes_what_needs_it():
    """Commas, quotes and line ends in texts stay where they are."""
    search = GridSearchCV(SVC(), {"class_weight": [{0: 1, 1: 2}, None]}, cv=2)
    search.fit(X, y)
    search.cv_results_["param_note"] = np.array(['a "b", c\nd', "é"], dtype=object)
    with nbtrack.start_run() as run:
        log_search(run, call_of(search, 1.0), Flags())

    found = pd.read_csv(io.StringIO(csv_of(run)))
    assert list(found["param_note"]) == ['a "b", c\nd', "é"]
    assert found["params"][0] == "{'class_weight': {0: 1, 1: 2}}"


def test_times_of_candidates_lie_within_the_fit():
    """None before its parent, none after it, in their order, and none longer than it took."""
    search = GridSearchCV(SVC(), GRID, cv=3)
    run, children = recorded(search)

    spans = [
        (children[row].info.start_time, children[row].info.end_time) for row in sorted(children)
    ]
    assert spans == sorted(spans)
    assert spans[0][0] >= run.info.start_time
    assert spans[-1][1] <= run.info.end_time
    took = search.cv_results_["mean_fit_time"] + search.cv_results_["mean_score_time"]
    for (began, ended), seconds in zip(spans, took * 3):
        assert 0 <= ended - began <= seconds * 1000 + 1


def test_candidates_end_before_the_run_of_their_search():
    """A run that ends with the fit ends when the fit did, and records after that."""
    nbtrack.sklearn.autolog()
    GridSearchCV(SVC(), GRID, cv=3).fit(X, y)

    runs = nbtrack.search_runs(output_format="list")
    (parent,) = [run for run in runs if "best_C" in run.data.params]
    assert max(run.info.end_time for run in runs) == parent.info.end_time


def test_leave_one_out_keeps_far_splits_in_the_table_only():
    """A metric for each row of the data would bury the others."""
    search = GridSearchCV(DummyClassifier(), {"strategy": ["prior"]}, cv=LeaveOneOut())
    run, children = recorded(search)

    metrics = children[0].data.metrics
    assert "split99_test_score" in metrics
    assert "split100_test_score" not in metrics
    assert "split149_test_score" in csv_of(run).splitlines()[0]


class Listed(BaseSearchCV):
    """Somebody's own search: tries a list, and notes where each came from."""

    def __init__(self, estimator, cv=None):
        super().__init__(estimator, cv=cv)

    def _run_search(self, evaluate_candidates):
        evaluate_candidates(
            [{"C": 1}, {"C": 2}], more_results={"origin": ["a", "b"], "gen": [0, 1]}
        )


def test_any_search_is_one():
    """A subclass of BaseSearchCV records like those that scikit-learn has."""
    run, children = recorded(Listed(SVC(), cv=2))

    assert [children[row].data.metrics["gen"] for row in (0, 1)] == [0.0, 1.0]
    assert "origin" not in children[0].data.metrics
    assert list(pd.read_csv(io.StringIO(csv_of(run)))["origin"]) == ["a", "b"]


def test_names_that_are_no_keys_are_made_ones():
    """Users name scorers and steps freely; two of them do not become one."""
    scoring = {"f1@macro": "f1_macro", "f1#macro": "accuracy"}
    pipeline = Pipeline([("scale & clip", StandardScaler()), ("clf", SVC())])
    grid = {"scale & clip__with_mean": [True]}
    search = GridSearchCV(pipeline, grid, cv=2, scoring=scoring, refit=False)
    _, children = recorded(search)

    metrics = children[0].data.metrics
    assert metrics["mean_test_f1_macro"] == search.cv_results_["mean_test_f1@macro"][0]
    assert metrics["mean_test_f1_macro-2"] == search.cv_results_["mean_test_f1#macro"][0]
    assert children[0].data.params["scale _ clip__with_mean"] == "True"


def test_what_is_no_search_records_nothing():
    """And a search whose fit was not finished has nothing to tell."""
    with nbtrack.start_run() as run:
        log_search(run, call_of(LogisticRegression(), 1.0), Flags())
        log_search(run, call_of(GridSearchCV(SVC(), GRID), 1.0), Flags())

    assert not run.data.params
    assert not nbtrack.MlflowClient().list_artifacts(run.run_id)
    assert len(nbtrack.search_runs(output_format="list")) == 1


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_a_search_finds_the_same_with_autolog(backend):
    """Workers, processes or threads, change nothing and record nothing of their own."""
    search = GridSearchCV(SGDClassifier(random_state=0), {"alpha": [1e-4, 1e-2]}, cv=3)
    expected = clone(search).fit(X, y)
    nbtrack.sklearn.autolog(log_models=False)
    with nbtrack.start_run() as run, joblib.parallel_backend(backend, n_jobs=2):
        search.fit(X, y)

    assert list(search.cv_results_["mean_test_score"]) == list(
        expected.cv_results_["mean_test_score"]
    )
    assert search.best_params_ == expected.best_params_
    assert vars(search).keys() == vars(expected).keys()
    assert run.data.metrics["best_cv_score"] == expected.best_score_
    assert len(nbtrack.search_runs(output_format="list")) == 3
