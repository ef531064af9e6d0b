"""Cross-validation records its folds on the run, and otherwise cannot be noticed."""

from __future__ import annotations

import inspect
import io
import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import accuracy_score, log_loss

# Before autolog is turned on, as earlier cells do.
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.preprocessing import StandardScaler
from sklearn.utils._param_validation import InvalidParameterError

import nbtrack
import nbtrack.sklearn
from nbtrack.hooks.autolog import HOOKS
from tests.support.begun_project import begun_project

X, y = load_iris(return_X_y=True)
model = LogisticRegression(C=3, max_iter=500)


@pytest.fixture(autouse=True)
def project(tmp_path):
    nbtrack.set_tracking_uri(begun_project(tmp_path / ".nbtrack"))
    nbtrack.sklearn.autolog(log_models=False)
    yield tmp_path
    HOOKS["sklearn"].forget()
    while nbtrack.active_run() is not None:
        nbtrack.end_run()
    nbtrack.set_tracking_uri(None)


def all_runs():
    return nbtrack.search_runs(output_format="list", order_by=["start_time ASC"])


def series(run_id, key):
    return [(m.step, m.value) for m in nbtrack.MlflowClient().get_metric_history(run_id, key)]


def table(run, name):
    path = nbtrack.MlflowClient().download_artifacts(run.info.run_id, name)
    with open(path, encoding="utf-8") as file:
        return pd.read_csv(io.StringIO(file.read()))


def test_cross_val_score_records_its_folds():
    """A point for each fold, mean and deviation, and the call as it was written."""
    with nbtrack.start_run() as run:
        scores = cross_val_score(model, X, y, cv=3)

    assert series(run.run_id, "cv_test_score") == list(enumerate(scores))
    assert run.data.metrics["cv_test_score_mean"] == pytest.approx(scores.mean())
    assert run.data.metrics["cv_test_score_std"] == pytest.approx(scores.std())
    assert run.data.tags["nbtrack.cv"] == "cross_val_score(estimator=model, X=X, y=y, cv=3)"
    assert len(all_runs()) == 1


def test_cross_validate_records_each_scorer_and_the_times():
    """Train scores when they were asked for; fitted estimators and indices are no scores."""
    with nbtrack.start_run() as run:
        result = cross_validate(
            model,
            X,
            y,
            cv=3,
            scoring=["accuracy", "f1_macro"],
            return_train_score=True,
            return_estimator=True,
            return_indices=True,
        )

    kept = {"fit_time", "score_time"} | {
        f"{part}_{name}" for part in ("test", "train") for name in ("accuracy", "f1_macro")
    }
    assert {key for key in run.data.metrics if not key.endswith(("_mean", "_std"))} == {
        f"cv_{name}" for name in kept
    }
    for name in kept:
        assert series(run.run_id, f"cv_{name}") == list(enumerate(result[name]))


def test_learning_curve_has_a_point_for_each_size():
    """The step is the number of training rows; the table has every fold."""
    with nbtrack.start_run() as run:
        sizes, train, test = learning_curve(model, X, y, cv=3, shuffle=True, random_state=0)

    assert series(run.run_id, "learning_curve_test_score") == [
        (size, pytest.approx(scores.mean())) for size, scores in zip(sizes, test)
    ]
    assert series(run.run_id, "learning_curve_train_score_std")[0][1] == pytest.approx(
        train[0].std()
    )
    rows = table(run, "learning_curve.csv")
    assert list(rows) == ["train_size", "fold", "train_score", "test_score"]
    assert list(rows["test_score"]) == [score for scores in test for score in scores]


def test_validation_curve_has_a_point_for_each_value():
    """Values may be texts: the step is their place, the table says what they are."""
    with nbtrack.start_run() as run:
        _, test = validation_curve(
            model, X, y, param_name="solver", param_range=["lbfgs", "newton-cg"], cv=2
        )

    assert series(run.run_id, "validation_curve_solver_test_score") == [
        (step, pytest.approx(scores.mean())) for step, scores in enumerate(test)
    ]
    rows = table(run, "validation_curve_solver.csv")
    assert list(rows["solver"]) == ["lbfgs", "lbfgs", "newton-cg", "newton-cg"]
    assert list(rows["fold"]) == [0, 1, 0, 1]


def test_permutation_test_records_score_and_pvalue():
    """And the scores of chance, one a permutation."""
    with nbtrack.start_run() as run:
        score, permuted, pvalue = permutation_test_score(model, X, y, cv=2, n_permutations=4)

    assert run.data.metrics["permutation_test_score"] == pytest.approx(score)
    assert run.data.metrics["permutation_test_pvalue"] == pytest.approx(pvalue)
    assert series(run.run_id, "permutation_test_permuted_score") == list(enumerate(permuted))


def test_folds_of_two_calls_do_not_mix():
    """The second is numbered, as MLflow numbers a metric that is computed again."""
    with nbtrack.start_run() as run:
        first = cross_val_score(model, X, y, cv=3)
        second = cross_val_score(model, X, y, cv=2, scoring="f1_macro")

    assert series(run.run_id, "cv_test_score") == list(enumerate(first))
    assert series(run.run_id, "cv-2_test_score") == list(enumerate(second))
    assert "f1_macro" in run.data.tags["nbtrack.cv-2"]


def test_the_run_gets_params_and_data_as_from_a_fit():
    """It is this estimator that was fitted on every fold of X."""
    with nbtrack.start_run() as run:
        cross_val_score(model, X, y, cv=2)

    assert run.data.params == {name: str(value) for name, value in model.get_params().items()}
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    assert [each.dataset.name for each in run.inputs.dataset_inputs] == ["X"]


def test_another_estimator_gets_a_child_run():
    """Scores of two models, or of one with two values of C, never stand in one run."""
    with nbtrack.start_run() as run:
        for C in (1.0, 2.0):
            cross_val_score(LogisticRegression(C=C, max_iter=500), X, y, cv=2)

    first, second = all_runs()
    assert first.info.run_id == run.run_id
    assert first.data.params["C"] == "1.0"
    assert second.data.tags["mlflow.parentRunId"] == run.run_id
    assert second.data.params["C"] == "2.0"
    assert second.info.status == "FINISHED"
    assert "cv_test_score" in second.data.metrics


def test_without_a_run_it_makes_one():
    """As a fit does: it ends with the call."""
    cross_val_score(model, X, y, cv=2)

    (run,) = all_runs()
    assert run.info.run_name == "LogisticRegression C=3 max_iter=500"
    assert run.info.status == "FINISHED"
    assert "cv_test_score" in run.data.metrics
    assert nbtrack.active_run() is None


def test_a_failed_call_is_a_failed_run():
    """The error is the user's, as it was; the run says which it was."""
    with pytest.raises(ValueError, match="fits failed"):
        cross_val_score(model, X, ["a"] * 150, cv=2)

    (run,) = all_runs()
    assert run.info.status == "FAILED"
    assert "fits failed" in run.data.tags["nbtrack.fit_error"]


def test_a_wrong_argument_records_nothing():
    """scikit-learn refuses it before anything is fitted."""
    with pytest.raises(InvalidParameterError):
        cross_val_score(model, X, y, cv="three")

    assert all_runs() == []


def test_a_fold_without_a_score_is_nan():
    """A score that is not there is not 0, and not left out either."""

    class Fails(DummyClassifier):
        def fit(self, X, y):
            if X[0, 0] == X_first:
                raise ValueError("no")
            return super().fit(X, y)

    X_first = X[0, 0]
    with nbtrack.start_run() as run, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = cross_val_score(Fails(), X, y, cv=2)

    kept = [value for _, value in series(run.run_id, "cv_test_score")]
    assert np.array_equal(kept, scores, equal_nan=True)
    assert np.isnan(run.data.metrics["cv_test_score_mean"])


def test_what_is_fitted_inside_records_nothing():
    """Folds, searches within, and the cross_validate behind cross_val_score are inner calls."""
    with nbtrack.start_run() as run:
        search = GridSearchCV(model, {"C": [1, 2]}, cv=2)
        cross_val_score(search, X, y, cv=2)

    assert len(all_runs()) == 1
    assert not [key for key in run.data.metrics if not key.startswith("cv_")]


def test_preparing_data_records_nothing():
    """Neither metrics nor params."""
    with nbtrack.start_run() as run:
        StandardScaler().fit(X)

    assert not run.data.metrics
    assert not run.data.params


@pytest.mark.parametrize(
    ("method", "measure"), [("predict", accuracy_score), ("predict_proba", log_loss)]
)
def test_predictions_across_folds_are_measured_on_the_run_of_their_estimator(method, measure):
    """Under a name for the data that no fitted model's metrics have; and the call is on record."""
    with nbtrack.start_run() as run:
        predicted = cross_val_predict(model, X, y, cv=2, method=method)
        model.fit(X, y)
        value = measure(y, predicted)
        measure(y, getattr(model, method)(X))

    assert run.data.metrics[f"{measure.__name__}_X_out_of_fold"] == value
    assert f"{measure.__name__}-2_X" in run.data.metrics
    assert run.data.params["C"] == "3"
    assert run.data.tags["nbtrack.cv_predict"].startswith("cross_val_predict(estimator=")
    assert "nbtrack.metrics_model_unknown" not in run.data.tags
    assert len(all_runs()) == 1


def test_predictions_of_two_estimators_are_kept_apart():
    """The second gets a run of its own, and its scores go there."""
    with nbtrack.start_run() as run:
        one = cross_val_predict(model, X, y, cv=2)
        other = cross_val_predict(DummyClassifier(strategy="uniform", random_state=0), X, y, cv=2)
        accuracies = [accuracy_score(y, one), accuracy_score(y, other)]
    child = next(r for r in all_runs() if r.info.run_id != run.run_id)

    found = [r.data.metrics["accuracy_score_X_out_of_fold"] for r in (run, child)]
    assert found == accuracies


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_workers_change_nothing(backend):
    """Same scores; workers, processes or threads, make no runs of their own."""
    nbtrack.sklearn.autolog(disable=True)
    expected = cross_val_score(SGDClassifier(random_state=0), X, y, cv=4)
    nbtrack.sklearn.autolog(log_models=False)
    with nbtrack.start_run() as run, joblib.parallel_backend(backend, n_jobs=2):
        scores = cross_val_score(SGDClassifier(random_state=0), X, y, cv=4)

    assert np.array_equal(scores, expected)
    assert series(run.run_id, "cv_test_score") == list(enumerate(expected))
    assert len(all_runs()) == 1


def test_nobody_can_tell_by_the_functions():
    """Identity, signature and pickles are scikit-learn's, with autolog and after it."""
    nbtrack.sklearn.autolog(disable=True)
    before = [(f, str(inspect.signature(f)), pickle.dumps(f)) for f in FUNCTIONS]
    nbtrack.sklearn.autolog()

    import sklearn.model_selection

    for function, signature, pickled in before:
        assert getattr(sklearn.model_selection, function.__name__) is function
        assert str(inspect.signature(function)) == signature
        assert pickle.dumps(function) == pickled
    nbtrack.sklearn.autolog(disable=True)
    cross_val_score(model, X, y, cv=2)
    assert all_runs() == []


FUNCTIONS = [
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
]


def test_random_numbers_and_warnings_stay_the_users():
    """What the call leaves behind is the same as without autolog."""

    def outcome():
        np.random.seed(3)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            scores = cross_val_score(SGDClassifier(max_iter=2, tol=None), X, y, cv=2)
            cross_val_score(LogisticRegression(max_iter=1), X, y, cv=2)
        return scores.tolist(), np.random.random(), [(str(w.message), w.lineno) for w in caught]

    nbtrack.sklearn.autolog(disable=True)
    expected = outcome()
    nbtrack.sklearn.autolog(log_models=False)
    assert outcome() == expected


def test_the_fit_of_an_equal_estimator_joins_its_cross_validation():
    """One model, validated and then fitted, is one run with all that is known of it."""
    with nbtrack.start_run() as run:
        cross_val_score(model, X, y, cv=2)
        fitted = LogisticRegression(C=3, max_iter=500).fit(X, y)
        accuracy_score(y, fitted.predict(X))

    assert len(all_runs()) == 1
    assert {"cv_test_score", "training_score", "accuracy_score_X"} <= run.data.metrics.keys()


def test_in_a_loop_over_models_each_has_one_run():
    """Validated, then fitted: the first on the run itself, each other on a child of its own."""
    models = [model, DummyClassifier(), SGDClassifier(random_state=0)]
    with nbtrack.start_run() as run:
        for each in models:
            cross_val_score(each, X, y, cv=2)
            each.fit(X, y)
    runs = [each.data for each in all_runs() if each.info.run_id == run.run_id or is_child(each)]

    assert len(all_runs()) == len(runs) == 3
    assert all({"cv_test_score", "training_score"} <= each.metrics.keys() for each in runs)
    with nbtrack.start_run():
        DummyClassifier().fit(X, y)
    assert len(all_runs()) == 4  # another run is another story


def is_child(run):
    return "mlflow.parentRunId" in run.data.tags


def test_cross_validation_joins_the_fit_of_an_equal_estimator():
    """Also when that fit was in a child run, and not when its params were changed since."""
    with nbtrack.start_run():
        DummyClassifier().fit(X, y)
        second = LogisticRegression(C=3, max_iter=500).fit(X, y)
        cross_val_score(second, X, y, cv=2)
        cross_val_score(second.set_params(C=5), X, y, cv=2)

    by_C = {run.data.params.get("C"): run for run in all_runs()}
    assert len(all_runs()) == 3
    assert {"cv_test_score", "training_score"} <= by_C["3"].data.metrics.keys()
    assert "training_score" not in by_C["5"].data.metrics
    assert "cv_test_score" in by_C["5"].data.metrics
