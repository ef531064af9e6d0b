"""A search over boosters: each candidate has its curve, the search that of the best model."""

from __future__ import annotations

import json

import joblib
import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - it must be imported
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    RandomizedSearchCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nbtrack
from nbtrack.hooks.sklearn import candidate_curves
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
    if library == "xgboost":
        return xgboost.XGBClassifier(n_estimators=4, n_jobs=1, verbosity=0, **params)
    if library == "lightgbm":
        return lightgbm.LGBMClassifier(n_estimators=4, n_jobs=1, verbose=-1, **params)
    quiet = {"thread_count": 1, "verbose": False, "allow_writing_files": False}
    return catboost.CatBoostClassifier(n_estimators=4, **quiet, **params)


def grid_search(library, **kwargs):
    return GridSearchCV(classifier(library), GRIDS[library][1], cv=CV, **kwargs)


def fitted(search, **evaluated):
    verbose = {"verbose": False} if "XGB" in str(search.estimator) else {}
    return search.fit(X_train, y_train, **(evaluated or EVALUATED), **verbose)


def mean_curve(library, **chosen):
    """As the user would compute it: of the fits on the splits, the mean of each round."""
    key = GRIDS[library][0]
    data, _, metric = key.partition("-")
    with_verbose = {"verbose": False} if library == "xgboost" else {}
    curves = []
    for rows, _ in CV.split(X_train):
        model = classifier(library, **chosen)
        model.fit(X_train.iloc[rows], y_train.iloc[rows], **EVALUATED, **with_verbose)
        curves.append(model.evals_result_[data][metric])
    return np.mean([curve[: min(map(len, curves))] for curve in curves], axis=0)


def family(autologged):
    """(the search's run, its candidates' in order)."""
    search, *found = autologged.runs()
    return search, sorted(found, key=lambda run: int(run.data.tags["nbtrack.candidate"]))


def without_record(search, **evaluated):
    nbtrack.autolog(disable=True)
    return fitted(search, **evaluated)


def scores(search):
    return {
        key: list(found)
        for key, found in search.cv_results_.items()
        if "score" in key and "time" not in key
    }


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
        assert values(candidate, key) == pytest.approx(mean_curve(library, **{name: value}))
    data, _, metric = key.partition("-")
    assert values(run, key) == search.best_estimator_.evals_result_[data][metric]
    origins = json.loads(candidates[0].data.tags["nbtrack.origins"])
    assert key in str(origins)


@LIBRARIES
def test_the_search_finds_what_it_would_find(autologged, library):
    """To the last bit, and leaves nothing behind."""
    recorded = fitted(grid_search(library))
    bare = without_record(grid_search(library))

    assert scores(recorded) == scores(bare)
    assert recorded.best_params_ == bare.best_params_
    ours, theirs = (each.predict_proba(X_test) for each in (recorded, bare))
    assert (ours == theirs).all()
    assert candidate_curves._watching == []


@pytest.mark.parametrize("backend", ["threading", "loky"])
@LIBRARIES
def test_with_two_jobs(autologged, library, backend):
    """Threads are seen; of another process nothing is said, but of the refit, which is here."""
    key, grid = GRIDS[library]
    with joblib.parallel_config(backend, n_jobs=2):
        fitted(grid_search(library))
    run, candidates = family(autologged)

    assert len(candidates) == 2
    assert len(values(run, key)) == 4
    nbtrack.autolog(disable=True)
    for candidate, value in zip(candidates, *grid.values()):
        mean = mean_curve(library, **dict.fromkeys(grid, value))
        assert values(candidate, key) == pytest.approx([] if backend == "loky" else mean)


def test_early_stopping_cuts_the_mean_where_the_first_split_ends(autologged):
    """The mean of fewer splits would be of other data; the search has the best model's best."""
    stopping = {"early_stopping_rounds": 2, "learning_rate": 2.0}
    search = GridSearchCV(classifier("xgboost", **stopping), {"n_estimators": [30]}, cv=CV)
    fitted(search)
    run, (candidate,) = family(autologged)
    nbtrack.autolog(disable=True)
    mean = mean_curve_of_stopping = []
    for rows, _ in CV.split(X_train):
        model = classifier("xgboost", **stopping).set_params(n_estimators=30)
        model.fit(X_train.iloc[rows], y_train.iloc[rows], **EVALUATED, verbose=False)
        mean_curve_of_stopping.append(model.evals_result_["validation_0"]["logloss"])

    assert len(set(map(len, mean))) == 2  # or the test says nothing
    assert values(candidate, "validation_0-logloss") == pytest.approx(
        [sum(each) / 2 for each in zip(*mean)]
    )
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
    search = HalvingGridSearchCV(
        classifier("xgboost"), {"max_depth": [1, 2, 3, 4]}, cv=CV, factor=2,
        resource="n_estimators", min_resources=2, max_resources=8, random_state=0,
    )  # fmt: skip
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
    with pytest.warns(UserWarning, match="fits failed"):
        fitted(search)
    _, (failed, whole) = family(autologged)

    assert values(failed, "validation_0-logloss") == []
    assert len(values(whole, "validation_0-logloss")) == 4


def test_what_a_candidate_is_made_of_is_not_the_candidate(autologged):
    """A model of several boosters has several curves, and none is its own."""
    from sklearn.ensemble import BaggingClassifier

    search = GridSearchCV(
        BaggingClassifier(classifier("catboost"), 2), {"max_samples": [0.5, 1.0]}, cv=CV
    )
    search.fit(X_train, y_train)
    run, candidates = family(autologged)

    assert len(candidates) == 2
    assert not [k for each in (run, *candidates) for k in each.data.metrics if "Logloss" in k]


def test_a_search_that_fails_is_no_longer_watched(autologged):
    """And its error is the user's."""
    with pytest.raises(TypeError, match="no_such"):
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


@pytest.mark.parametrize("jobs", [1, 2])
@LIBRARIES
def test_a_cross_validation_is_one_run(autologged, library, jobs):
    """With the scores that it has without a record, also in other processes."""
    model = classifier(library)
    found = cross_val_score(model, X_train, y_train, cv=CV, n_jobs=jobs)
    run = autologged.run()
    nbtrack.autolog(disable=True)

    assert run.info.status == "FINISHED"
    assert found.tolist() == cross_val_score(model, X_train, y_train, cv=CV).tolist()
