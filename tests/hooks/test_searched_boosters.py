"""A search over boosters: each candidate has its curve, the search that of the best model."""

from __future__ import annotations

from contextlib import ExitStack

import joblib
import numpy as np
import pytest
from sklearn.ensemble import BaggingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - it must be imported
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.model_selection import _search as sklearn_searches
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbtrack
from nbtrack.hooks.sklearn import candidate_curves
from nbtrack.hooks.sklearn.candidate_curves import CandidateCurves
from nbtrack.hooks.sklearn.worker_curves import brought_home
from tests.hooks.boosters import X_test, X_train, steps, values, y_test, y_train

xgboost = pytest.importorskip("xgboost")
lightgbm = pytest.importorskip("lightgbm")
catboost = pytest.importorskip("catboost")

CV = KFold(2)
EVALUATED = {"eval_set": [(X_test, y_test)]}
GRIDS = {
    "xgboost": ("validation_0-logloss", {"max_depth": [1, 3]}),
    "lightgbm": ("valid_0-binary_logloss", {"num_leaves": [2, 4]}),
    "catboost": ("validation-Logloss", {"depth": [1, 2]}),
}
LIBRARIES = pytest.mark.parametrize("library", GRIDS)


def classifier(library, **params):
    given = {"n_estimators": 4} | params
    if library == "xgboost":
        return xgboost.XGBClassifier(n_jobs=1, verbosity=0, **given)
    if library == "lightgbm":
        return lightgbm.LGBMClassifier(n_jobs=1, verbose=-1, **given)
    quiet = {"thread_count": 1, "verbose": False, "allow_writing_files": False}
    return catboost.CatBoostClassifier(**quiet, **given)


def grid_search(library, **kwargs):
    return GridSearchCV(classifier(library), GRIDS[library][1], cv=CV, **kwargs)


def halving_search(**kwargs):
    """Of four candidates, the best ones again."""
    return HalvingGridSearchCV(
        classifier("xgboost"), {"max_depth": [1, 2, 3, 4]}, cv=CV, factor=2,
        resource="n_estimators", min_resources=2, max_resources=8, random_state=0, **kwargs,
    )  # fmt: skip


def fitted(search, **evaluated):
    verbose = {"verbose": False} if "XGB" in str(search.estimator) else {}
    return search.fit(X_train, y_train, **(evaluated or EVALUATED), **verbose)


def split_curves(library, **chosen):
    """Of the fits on the splits, as the user would make them."""
    data, _, metric = GRIDS[library][0].partition("-")
    verbose = {"verbose": False} if library == "xgboost" else {}
    curves = []
    for rows, _ in CV.split(X_train):
        model = classifier(library, **chosen)
        model.fit(X_train.iloc[rows], y_train.iloc[rows], **EVALUATED, **verbose)
        curves.append(model.evals_result_[data][metric])
    return curves


def mean(curves):
    return [sum(each) / len(curves) for each in zip(*curves)]


def family(autologged):
    """(the search's run, its candidates' in order)."""
    search, *found = autologged.runs()
    return search, sorted(found, key=lambda run: int(run.data.tags["nbtrack.candidate"]))


def scores(search):
    results = search.cv_results_
    return {key: list(results[key]) for key in results if key.endswith("_score")}


@LIBRARIES
def test_each_candidate_has_the_mean_curve_of_its_splits(autologged, library):
    """And the search the curve of the model that it refitted; there is no run more."""
    key, grid = GRIDS[library]
    ((name, chosen),) = grid.items()
    search = fitted(grid_search(library))
    run, candidates = family(autologged)

    assert len(candidates) == len(chosen)
    for candidate, value in zip(candidates, chosen):
        assert candidate.data.params[name] == str(value)
        assert steps(candidate, key) == [0, 1, 2, 3]
        nbtrack.autolog(disable=True)
        assert values(candidate, key) == pytest.approx(mean(split_curves(library, **{name: value})))
    data, _, metric = key.partition("-")
    assert values(run, key) == search.best_estimator_.evals_result_[data][metric]


@LIBRARIES
def test_the_search_finds_what_it_would_find(autologged, library):
    """To the last bit, and leaves nothing behind."""
    recorded = fitted(grid_search(library))
    nbtrack.autolog(disable=True)
    bare = fitted(grid_search(library))

    assert scores(recorded) == scores(bare)
    assert recorded.best_params_ == bare.best_params_
    assert (recorded.predict_proba(X_test) == bare.predict_proba(X_test)).all()
    assert candidate_curves._watching == []


@LIBRARIES
def test_with_two_threads(autologged, library):
    """As with one."""
    key, grid = GRIDS[library]
    with joblib.parallel_config("threading", n_jobs=2):
        fitted(grid_search(library))
    run, candidates = family(autologged)

    assert len(candidates) == 2
    assert len(values(run, key)) == 4
    nbtrack.autolog(disable=True)
    for candidate, value in zip(candidates, *grid.values()):
        seen = split_curves(library, **dict.fromkeys(grid, value))
        assert values(candidate, key) == pytest.approx(mean(seen))


@pytest.mark.slow
@LIBRARIES
def test_in_other_processes(autologged, library):
    """The curves come home with the scores; nothing of ours is left in scikit-learn, or in what it
    returns."""
    key, grid = GRIDS[library]
    functions = sklearn_searches._fit_and_score, sklearn_searches._warn_or_raise_about_fit_failures
    nbtrack.autolog(disable=True)
    bare = fitted(grid_search(library, n_jobs=2))
    nbtrack.autolog()
    recorded = fitted(grid_search(library, n_jobs=2))
    run, candidates = family(autologged)

    assert len(candidates) == 2
    assert len(values(run, key)) == 4
    assert scores(recorded) == scores(bare)
    assert recorded.cv_results_.keys() == bare.cv_results_.keys()
    assert functions == (
        sklearn_searches._fit_and_score,
        sklearn_searches._warn_or_raise_about_fit_failures,
    )
    nbtrack.autolog(disable=True)
    for candidate, value in zip(candidates, *grid.values()):
        seen = split_curves(library, **dict.fromkeys(grid, value))
        assert values(candidate, key) == pytest.approx(mean(seen))


def test_a_search_that_goes_on_when_one_in_other_processes_ends(autologged):
    """In another thread, say: all of its results have the same keys."""
    nbtrack.autolog(disable=True)
    fits = []

    class EndsTheOther(xgboost.XGBClassifier):
        def fit(self, *args, **kwargs):
            fits.append(self)
            if len(fits) == 2:
                other.close()
            return super().fit(*args, **kwargs)

    with ExitStack() as other:
        other.enter_context(brought_home(grid_search("xgboost", n_jobs=2), CandidateCurves()))
        search = GridSearchCV(EndsTheOther(n_estimators=2), {"max_depth": [1, 2]}, cv=CV)
        search.fit(X_train, y_train)

    assert len(fits) == 5
    assert "nbtrack" not in search.cv_results_


@pytest.mark.slow
def test_a_halving_search_in_other_processes(autologged):
    """Its rounds come home one after the other; a library that is not recorded is not in them."""
    search = halving_search(n_jobs=2)
    fitted(search)
    _, candidates = family(autologged)
    resources = search.cv_results_["n_resources"].tolist()

    assert [len(steps(run, "validation_0-logloss")) for run in candidates] == resources
    nbtrack.xgboost.autolog(disable=True)
    fitted(halving_search(n_jobs=2))
    *_, newest = (r for r in autologged.runs() if "mlflow.parentRunId" not in r.data.tags)
    for run in (newest, *autologged.children(newest.info.run_id)):
        assert "validation_0-logloss" not in run.data.metrics


@pytest.mark.slow
def test_the_errors_of_other_processes_are_the_users(autologged):
    """All of them, and one that ends the search; no frame of ours is told."""
    wrong = GridSearchCV(classifier("xgboost"), {"max_depth": [-3]}, cv=CV, n_jobs=2)
    with pytest.raises(ValueError, match="All the 2 fits failed") as all_failed:
        fitted(wrong)
    wrong.error_score = "raise"
    with pytest.raises(Exception, match="max_depth") as first:
        fitted(wrong)

    for found in (all_failed, first):
        assert not [e for e in found.traceback if "worker_curves" in str(e.path)]
    assert "worker_fits" not in str(first.value.__cause__)


def test_early_stopping_cuts_the_mean_where_the_first_split_ends(autologged):
    """The mean of fewer splits would be of other data; the search has the best model's best."""
    stopping = {"early_stopping_rounds": 2, "learning_rate": 2.0}
    search = GridSearchCV(classifier("xgboost", **stopping), {"n_estimators": [30]}, cv=CV)
    fitted(search)
    run, (candidate,) = family(autologged)
    nbtrack.autolog(disable=True)
    curves = split_curves("xgboost", n_estimators=30, **stopping)

    assert len(set(map(len, curves))) == 2  # or the test says nothing
    assert values(candidate, "validation_0-logloss") == pytest.approx(mean(curves))
    assert run.data.metrics["best_iteration"] == search.best_estimator_.best_iteration
    assert run.data.metrics["best_score"] == search.best_estimator_.best_score


def test_best_iterations_are_counted_from_0(autologged):
    """By LightGBM, which counts from 1, and by CatBoost."""
    for library in ("lightgbm", "catboost"):
        early = {"early_stopping_rounds": 2, "learning_rate": 1.0}
        search = GridSearchCV(classifier(library, **early), {"n_estimators": [30]}, cv=CV)
        best = fitted(search).best_estimator_.best_iteration_
        run = [r for r in autologged.runs() if "mlflow.parentRunId" not in r.data.tags][-1]
        assert run.data.metrics["best_iteration"] == best - (library == "lightgbm")


def test_a_halving_search_tries_some_again(autologged):
    """Each time with a curve of its own."""
    search = halving_search()
    fitted(search)
    _, candidates = family(autologged)

    resources = search.cv_results_["n_resources"].tolist()
    assert len(set(resources)) == 3
    assert [len(steps(run, "validation_0-logloss")) for run in candidates] == resources


def test_a_randomized_search_over_a_pipeline(autologged):
    """The curve is its last step's."""
    pipeline = make_pipeline(StandardScaler(), classifier("lightgbm"))
    search = RandomizedSearchCV(
        pipeline, {"lgbmclassifier__num_leaves": [2, 3, 4]}, n_iter=2, cv=CV, random_state=0
    )
    search.fit(X_train, y_train, lgbmclassifier__eval_set=[(X_test.to_numpy(), y_test)])
    run, candidates = family(autologged)

    key = GRIDS["lightgbm"][0]
    assert [len(steps(each, key)) for each in (run, *candidates)] == [4, 4, 4]


def test_a_split_that_failed_leaves_no_mean(autologged):
    """As it leaves no mean score."""

    class Failing(xgboost.XGBClassifier):
        def fit(self, X, y, **kwargs):
            if self.max_depth == 1 and X.index[0] == 0:
                raise ValueError("no")
            return super().fit(X, y, **kwargs)

    search = GridSearchCV(
        Failing(n_estimators=4, n_jobs=1), {"max_depth": [1, 2]}, cv=CV, error_score=np.nan
    )
    with pytest.warns(UserWarning, match="non-finite"):
        fitted(search)
    _, (failed, whole) = family(autologged)

    assert values(failed, "validation_0-logloss") == []
    assert len(values(whole, "validation_0-logloss")) == 4


def test_what_a_candidate_is_made_of_is_not_the_candidate(autologged):
    """A model of several boosters has several curves, and none is its own."""
    search = GridSearchCV(
        BaggingClassifier(classifier("catboost"), 2), {"max_samples": [0.5, 1.0]}, cv=CV
    )
    search.fit(X_train, y_train)
    run, candidates = family(autologged)

    assert len(candidates) == 2
    assert not [k for each in (run, *candidates) for k in each.data.metrics if "Logloss" in k]


def test_a_search_that_fails_is_no_longer_watched(autologged):
    """And its error is the user's."""
    with pytest.raises(ValueError, match="no_such"):
        fitted(grid_search("xgboost"), no_such=1)

    assert candidate_curves._watching == []
    assert autologged.run().info.status == "FAILED"


def test_a_library_that_is_not_recorded_leaves_no_curve(autologged):
    """The search is scikit-learn's, and still has its candidates."""
    nbtrack.xgboost.autolog(disable=True)
    fitted(grid_search("xgboost"))
    run, candidates = family(autologged)

    assert len(candidates) == 2
    assert not [k for each in (run, *candidates) for k in each.data.metrics if "logloss" in k]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@LIBRARIES
def test_a_cross_validation_is_one_run(autologged, library, jobs):
    """With the scores that it has without a record, also in other processes."""
    model = classifier(library)
    found = cross_val_score(model, X_train, y_train, cv=CV, n_jobs=jobs)
    run = autologged.run()
    nbtrack.autolog(disable=True)

    assert run.info.status == "FINISHED"
    assert found.tolist() == cross_val_score(model, X_train, y_train, cv=CV).tolist()
