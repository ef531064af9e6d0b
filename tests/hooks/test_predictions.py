"""An array belongs to the model that made it, as long as that is sure."""

from __future__ import annotations

import gc
import linecache
import os
import pickle
import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from later_runs import X_test, X_train, calls, fitted, later_metrics, unknown, y_test, y_train
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, adjusted_rand_score, mean_squared_error
from sklearn.tree import DecisionTreeClassifier

import nbtrack
from nbtrack.hooks.measured.contents import MOST_NUMBERS, digest_of, digests_of
from nbtrack.hooks.measured.prediction_store import Prediction, PredictionStore
from nbtrack.hooks.measured.predictions import predictions
from nbtrack.recording.active_run import ActiveRun

random = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def project(autologged):
    nbtrack.sklearn.autolog(log_models=False, log_datasets=False)
    yield
    predictions.clear()  # the models of other tests predict alike


@pytest.fixture
def run():
    with nbtrack.start_run() as opened:
        yield opened


def other_run():
    with nbtrack.start_run(nested=True) as opened:
        assert isinstance(opened, ActiveRun)
        return opened


# --- identity


def test_views_are_known_by_their_memory(run):
    """Slices, columns, reshaped views and pandas' views on them."""
    store, made = PredictionStore(), random.random((20, 3))
    store.remember(made, Prediction(run, "X"))

    views = [made, made[:5], made[:, 1], made[3:, 1][::2], made.T, made.reshape(-1)]
    views += [pd.Series(made[:, 1], copy=False), pd.Series(made[:, 1], copy=False).values]
    assert [store.identified(view).data for view in views] == ["X"] * len(views)


def test_a_result_that_is_a_view_is_known_by_what_owns_it(run):
    """What predict returns may itself be a slice; a slice of it then hangs on the whole."""
    store, made = PredictionStore(), random.random(20)[5:]
    store.remember(made, Prediction(run, "X"))

    assert store.identified(made[:3]).data == "X"


def test_copies_are_not_known_by_identity(run):
    """A mask copies; so does arithmetic."""
    store, made = PredictionStore(), random.random(20)
    store.remember(made, Prediction(run, "X"))

    assert store.identified(made[made > 0.5]) is None
    assert store.identified(made + 0) is None


def test_memory_of_the_input_is_nobodys_prediction(run):
    """A transformer that hands on its input, or a view of it, does not own the user's data."""
    store, X = PredictionStore(), random.random((20, 3))
    view = X[:, :2]
    store.remember(X, Prediction(run, "X"), made_from=X)
    store.remember(view, Prediction(run, "X"), made_from=X)

    assert store.identified(X) is None
    assert store.identified(X[:, 2]) is None
    assert store.recognized(X.tolist()) is None
    assert store.identified(view).data == "X"


def test_nothing_is_kept_of_an_array_that_is_gone(run):
    """Only weak references, and digests."""
    store = PredictionStore()
    made = random.random((1000, 3))
    store.remember(made, Prediction(run, "X"))
    assert len(store) > 0
    del made
    gc.collect()

    assert len(store) == 0


def test_an_array_that_two_models_return_is_neithers(run):
    """A cached array, handed out twice."""
    store, made = PredictionStore(), random.random(20)
    store.remember(made, Prediction(run, "X"))
    store.remember(made, Prediction(other_run(), "X"))

    assert store.identified(made).run is None


def test_several_outputs_are_known_one_by_one(run):
    """predict_proba of many outputs is a list of arrays, and so is what is taken of each."""
    store, made = PredictionStore(), [random.random((20, 2)), random.random((20, 2))]
    store.remember(made, Prediction(run, "X"))

    assert store.identified(made).data == "X"
    assert store.identified([each[:, 1] for each in made]).data == "X"
    assert store.identified([made[0], random.random(3)]) is None


# --- content


@pytest.mark.parametrize("count", [30, MOST_NUMBERS + 5000])
@pytest.mark.parametrize("labels", [[0, 1, 2], ["a", "b", "ä"], [0.5, np.nan, -1.0]])
def test_the_same_values_have_the_same_digest_in_any_form(labels, count):
    """Of long ones, rows at places that depend on the length alone are looked at."""
    made = np.array(labels)[random.integers(0, 3, count)]
    forms = [made.tolist(), list(made), tuple(made), made.astype(object), made.reshape(-1, 1)]
    forms += [
        pd.Series(made, index=range(7, count + 7)),
        pl.Series(made),
        pd.DataFrame({"p": made}),
    ]
    digest = digest_of(made)

    assert digest is not None
    assert [digest_of(form) for form in forms] == [digest] * len(forms)
    assert digest_of(made[::-1]) != digest
    assert digest_of(made[1:]) != digest


def test_columns_have_digests_of_their_own():
    """A copied column of the probabilities, and all of them as a list or frame."""
    made = random.random((30, 3))
    digests = set(digests_of(made))

    assert len(digests) == 4
    copies = [made[:, 1].copy(), made[:, 2].tolist(), made.tolist(), pd.DataFrame(made)]
    assert all(digest_of(each) in digests for each in copies)


def test_what_is_no_evidence_has_no_digest():
    """A constant, a single number, and what is no list of numbers or texts."""
    lists = ([], [1], [1, 1, 1], ["a", "a"], [None, 1], [1, [2]], [{}, {}])
    arrays = (np.zeros(9), np.zeros((2, 2, 2)), np.array([1j, 2]), np.zeros((3, 0)))
    tables = (pd.Series([], dtype=float), pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    for value in (None, 3, "text", {"a": 1}, object(), *lists, *arrays, *tables):
        assert digest_of(value) is None, value


def test_a_content_of_two_models_is_neithers(run):
    """One candidate is an owner, two are none; the same run twice is one."""
    store, made = PredictionStore(), random.random(20)
    store.remember(made, Prediction(run, "X"))
    store.remember(made.copy(), Prediction(run, "X"))
    assert store.recognized(made.tolist()).data == "X"

    store.remember(made.copy(), Prediction(other_run(), "X"))
    assert store.recognized(made.tolist()) is None


def test_memory_is_bounded(run):
    """The oldest contents are forgotten."""
    store = PredictionStore(most_contents=10)
    made = [random.random(20) for _ in range(50)]
    for each in made:
        store.remember(each, Prediction(run, "X"))

    assert store.recognized(made[0].tolist()) is None
    assert store.recognized(made[49].tolist()).data == "X"
    assert len(store._by_content) == 10


# --- real models


def test_labels_of_fit_predict_are_the_clusterers():
    """Without a call of predict."""
    with nbtrack.start_run() as run:
        labels = KMeans(3, n_init=1, random_state=0).fit_predict(X_train)
    adjusted_rand_score(y_train, labels)
    adjusted_rand_score(y_train, labels.tolist())

    assert set(later_metrics(run.run_id)) == {
        "adjusted_rand_score_X_train",
        "adjusted_rand_score-2_X_train",
    }


def test_parts_of_a_result_are_known():
    """predict(return_std=True) returns two arrays."""
    model, run_id = fitted(GaussianProcessRegressor(optimizer=None))
    mean, _ = model.predict(X_test, return_std=True)
    mean_squared_error(y_test, mean)

    assert set(later_metrics(run_id)) == {"mean_squared_error_X_test"}


def test_transformed_data_is_the_transformers_and_predictions_from_it_the_models():
    """Each step has its own run, and the metric goes to the one that predicted."""
    with nbtrack.start_run() as first:
        reducer = PCA(2).fit(X_train)
    Z_train, Z_test = reducer.transform(X_train), reducer.transform(X_test)
    with nbtrack.start_run() as second:
        model = LogisticRegression().fit(Z_train, y_train)
    accuracy_score(y_test, model.predict(Z_test))

    assert later_metrics(first.run_id) == {}
    assert set(later_metrics(second.run_id)) == {"accuracy_score_Z_test"}


def test_predictions_on_the_same_data_have_one_name():
    """predict and predict_proba on X_test are not two datasets."""
    model, run_id = fitted()
    labels, likely = model.predict(X_test), model.predict_proba(X_test).argmax(axis=1)
    accuracy_score(y_test, labels)
    accuracy_score(y_test, likely)

    assert set(later_metrics(run_id)) == {"accuracy_score_X_test", "accuracy_score-2_X_test"}


def test_predicting_leaves_no_trace_in_model_or_result():
    """Both pickle as they do without autolog."""
    model, _ = fitted()
    result = model.predict(X_test)
    recorded = pickle.dumps(result), sorted(vars(model))
    nbtrack.sklearn.autolog(disable=True)
    plain = LogisticRegression(tol=0.1).fit(X_train, y_train)

    assert recorded == (pickle.dumps(plain.predict(X_test)), sorted(vars(plain)))


def test_data_that_a_model_is_asked_about_is_recorded_once():
    """As MLflow's eval datasets, under the user's name."""
    nbtrack.sklearn.autolog(log_models=False)
    model, run_id = fitted()
    for _ in range(3):
        model.predict(X_test)
    model.score(X_test, y_test)
    model.predict_proba(X_train[:20])

    inputs = nbtrack.get_run(run_id).inputs.dataset_inputs
    tags = [(each.dataset.name, {tag.key: tag.value for tag in each.tags}) for each in inputs]
    contexts = [(name, of_one["mlflow.data.context"]) for name, of_one in tags]
    assert sorted(contexts) == [("X_test", "eval"), ("X_train", "train"), ("X_train_:20", "eval")]


# --- by the source around the call


def test_what_was_made_from_a_prediction_a_line_before_is_the_models():
    """Thresholds, masks and lists, in several steps; the values alone would tell nothing."""
    (first, first_id), (second, second_id) = fitted(), fitted(C=1.01)
    first.predict(X_test)
    is_last = y_test == 2
    for model in (first, second):
        labels = [int(p > 0.3) for p in [1]] and list(model.predict(X_test))
        listed = list(model.predict(X_test))
        scores = model.predict_proba(X_test)[:, 2].copy()
        hat = scores > 0.3
        hat = hat.astype(int)
        part = hat[:20]
        accuracy_score(y_test, listed)
        accuracy_score(is_last, hat)
        accuracy_score(is_last[:20], part)

    names = {
        "accuracy_score_X_test",
        "accuracy_score-2_X_test",
        "accuracy_score-3_X_test_20_rows",
    }
    assert len(labels) == len(y_test)
    assert set(later_metrics(first_id)) == set(later_metrics(second_id)) == names


def test_a_refit_in_between_does_not_take_over_earlier_predictions():
    """The list was made by the model of the first run."""
    model, first_id = fitted(DecisionTreeClassifier(max_depth=1))
    with nbtrack.start_run() as run:
        earlier = (model.predict_proba(X_test)[:, 2] > 0.3).astype(int)
        model.set_params(max_depth=3).fit(X_train, y_train)
        model.predict_proba(X_test)
        accuracy_score(y_test == 2, earlier)

    assert set(later_metrics(first_id)) == {"accuracy_score_X_test"}
    assert later_metrics(run.run_id) == {}


def test_a_name_that_was_used_again_is_followed_to_what_it_was():
    """`scores` is the second model's by now, but `hat` was made from the first one's."""
    (first, first_id), (second, second_id) = fitted(), fitted(DecisionTreeClassifier(max_depth=1))
    scores = first.predict_proba(X_test)
    hat = (scores[:, 2] > 0.3).astype(int)
    scores = second.predict_proba(X_test)
    accuracy_score(y_test == 2, hat)

    assert len(scores) == len(hat)
    assert set(later_metrics(first_id)) == {"accuracy_score_X_test"}
    assert later_metrics(second_id) == {}


def test_another_model_under_the_same_name_is_not_taken_for_the_tracked_one():
    """The text is the same as in the first round, but what is executed is not."""
    model, run_id = fitted()
    predict_only = type("Other", (), {"predict": lambda _, X: (X[:, 0] > 6).astype(int)})()
    for each in (model, predict_only):
        hat = each.predict(X_test) + 0
        accuracy_score(y_test, hat)

    assert len(later_metrics(run_id)) == 1


def test_where_the_source_leaves_a_choice_nobody_is_chosen():
    """Which branch was taken is not in the text."""
    (first, first_id), (second, second_id) = fitted(), fitted(DecisionTreeClassifier(max_depth=1))
    scores = first.predict_proba(X_test)
    if len(scores) == 38:
        hat = (second.predict_proba(X_test)[:, 2] > 0.3).astype(int)
    else:
        hat = (scores[:, 2] > 0.3).astype(int)
    with nbtrack.start_run() as run:
        accuracy_score(y_test == 2, hat)

    assert later_metrics(first_id) == later_metrics(second_id) == {}
    assert unknown(run.run_id) == "accuracy_score_hat"


def test_an_expression_with_something_else_in_it_is_doubted():
    """The user's own function may bring in anything."""
    model, run_id = fitted()

    def smoothed(p):
        return np.round(p / 2 + 0.4)

    scores = model.predict_proba(X_test)[:, 2]
    with nbtrack.start_run() as run:
        accuracy_score(y_test == 2, smoothed(scores).astype(int))
        accuracy_score(y_test == 2, np.where(scores > 0.5, y_test == 2, 0))

    assert later_metrics(run_id) == {}
    assert all(text.endswith("# model unknown") for text in calls(run.run_id).values())
    assert len(later_metrics(run.run_id)) == 2


def test_source_that_may_have_been_edited_since_is_not_believed(tmp_path):
    """What is executed may have been something else than what the file says now."""
    model, run_id = fitted()
    path = tmp_path / "helper.py"
    path.write_text("def check(y, p):\n    return accuracy_score(y, p + 0 > 1)\n")
    names = {"accuracy_score": accuracy_score}
    exec(compile(path.read_text(), str(path), "exec"), names)
    for age in (1e6, -100):  # long before nbtrack began to look, and after
        os.utime(path, (time.time() - age, time.time() - age))
        linecache.checkcache(str(path))
        names["check"](y_test > 1, model.predict(X_test))

    assert len(later_metrics(run_id)) == 1
