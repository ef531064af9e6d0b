"""What the functions of sklearn.metrics say of a prediction is kept on the run of its model."""

from __future__ import annotations

import inspect
import logging
import pickle
import sys
import traceback
import types
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from later_runs import (
    X_test,
    X_train,
    artifact,
    calls,
    fitted,
    later_metrics,
    table,
    unknown,
    y_test,
    y_train,
)
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression

# Imported before autolog is turned on, as in the first cell of a notebook.
from sklearn.metrics import (
    accuracy_score,
    auc,
    check_scoring,
    classification_report,
    cohen_kappa_score,
    confusion_matrix,
    f1_score,
    get_scorer,
    make_scorer,
    multilabel_confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_auc_score,
    roc_curve,
    silhouette_score,
)
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

import nbtrack
from nbtrack.hooks import closure_cells
from nbtrack.hooks.measured import metric_log
from nbtrack.hooks.measured.predictions import predictions
from nbtrack.recording.session import current_session

MODEL_UNKNOWN = "  # model unknown"


@pytest.fixture(autouse=True)
def project(autologged):
    nbtrack.sklearn.autolog(log_models=False, log_datasets=False)
    yield
    predictions.clear()  # the models of other tests predict alike


# --- names


def test_a_metric_is_named_after_function_and_data():
    """`{metric}_{variable}`, on the run that trained the model, though it is over."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)

    value = accuracy_score(y_test, y_pred)

    assert later_metrics(run_id) == {"accuracy_score_X_test": value}
    assert calls(run_id) == {
        "accuracy_score_X_test": "accuracy_score(y_true=y_test, y_pred=y_pred)"
    }


def test_calls_of_one_metric_are_numbered():
    """Whatever the data is, as in MLflow; the arguments are in metric_info.json."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)
    f1_score(y_test, y_pred, average="macro")
    f1_score(y_true=y_test, y_pred=y_pred, average="micro")
    f1_score(y_train, model.predict(X_train), average="macro")

    assert set(later_metrics(run_id)) == {
        "f1_score_X_test",
        "f1_score-2_X_test",
        "f1_score-3_X_train",
    }
    assert calls(run_id)["f1_score-2_X_test"] == (
        "f1_score(y_true=y_test, y_pred=y_pred, average='micro')"
    )


def test_another_object_of_the_same_name_is_numbered():
    """Data that was changed under its name is other data."""
    model, run_id = fitted()
    for part in (X_test[:20], X_test[20:]):
        accuracy_score(y_test[: len(part)], model.predict(part))

    assert set(later_metrics(run_id)) == {"accuracy_score_part", "accuracy_score-2_part-2"}


def test_an_expression_gives_a_readable_name():
    """In the place of MLflow's unknown_dataset."""
    model, run_id = fitted()

    accuracy_score(y_test[:20], model.predict(X_test[:20]))

    assert set(later_metrics(run_id)) == {"accuracy_score_X_test_:20"}


def test_a_run_that_is_resumed_counts_on():
    """What an earlier process measured keeps its key."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)
    accuracy_score(y_test, y_pred)
    calls(run_id)
    metric_log._logs.clear()  # as in a new process

    accuracy_score(y_test, y_pred)

    assert set(calls(run_id)) == {"accuracy_score_X_test", "accuracy_score-2_X_test"}


def test_secrets_in_an_argument_are_masked():
    """The text of a call is kept as cells are."""
    model, run_id = fitted()
    labels = {"AKIAIOSFODNN7EXAMPLE": y_test}

    accuracy_score(labels["AKIAIOSFODNN7EXAMPLE"], model.predict(X_test))

    assert b"AKIAIOSFODNN7EXAMPLE" not in artifact(run_id, "metric_info.json")


def test_a_metric_in_an_endless_loop_is_not_kept_for_ever(caplog, monkeypatch):
    """Beyond a number of times a warning names what is made for series."""
    monkeypatch.setattr(metric_log, "MOST_CALLS", 30)
    model, run_id = fitted()
    y_pred = model.predict(X_test)
    for _ in range(metric_log.MOST_CALLS + 5):
        cohen_kappa_score(y_test, y_pred)

    assert len(later_metrics(run_id)) == 30
    assert "log_metric(key, value, step=i)" in caplog.text


# --- whose


@pytest.mark.parametrize(
    "wrap",
    [
        lambda p: p.tolist(),
        lambda p: [int(each) for each in p],
        lambda p: tuple(p),
        lambda p: p.copy(),
        lambda p: p.astype(float),
        lambda p: p.reshape(-1, 1),
        lambda p: pd.Series(p),
        lambda p: pd.DataFrame({"prediction": p}),
        lambda p: pd.DataFrame({"y": y_test, "prediction": p})["prediction"],
        lambda p: pd.Series(p).values,
    ],
)
def test_a_prediction_in_another_form_is_still_the_models(wrap):
    """Views are known by their memory, copies by what they hold."""
    model, run_id = fitted()
    wrapped = wrap(model.predict(X_test))

    accuracy_score(y_test, wrapped)

    assert set(later_metrics(run_id)) == {"accuracy_score_X_test"}


def test_a_column_of_the_probabilities_is_the_models():
    """As a view, a copy and a list."""
    model, run_id = fitted()
    y_is_last = y_test == 2
    column = model.predict_proba(X_test)[:, 2]
    copied, listed = column.copy(), column.tolist()

    values = {roc_auc_score(y_is_last, each) for each in (column, copied, listed)}

    assert len(values) == 1
    assert len(later_metrics(run_id)) == 3


def test_a_part_of_the_rows_says_how_many():
    """A slice, and what a mask takes out of a prediction, are not all of the data."""
    model, run_id = fitted()
    y_pred, mask = model.predict(X_test), X_test[:, 0] > 6

    accuracy_score(y_test[:20], y_pred[:20])
    accuracy_score(y_test[mask], y_pred[mask])

    assert set(later_metrics(run_id)) == {
        "accuracy_score_X_test_20_rows",
        f"accuracy_score-2_X_test_{mask.sum()}_rows",
    }


def test_an_expression_of_predictions_alone_is_the_models():
    """A threshold or the largest probability is the user's choice, the numbers are the model's."""
    model, run_id = fitted()
    probabilities, threshold = model.predict_proba(X_test), 0.4

    accuracy_score(y_test == 2, (probabilities[:, 2] > threshold).astype(bool))
    accuracy_score(y_test, np.argmax(probabilities, axis=1))

    assert set(later_metrics(run_id)) == {"accuracy_score_X_test", "accuracy_score-2_X_test"}


def test_an_expression_of_two_models_is_nobodys():
    """An average of two predictions belongs to neither."""
    (first, first_id), (second, second_id) = fitted(), fitted(GaussianNB())
    one, other = first.predict_proba(X_test), second.predict_proba(X_test)

    accuracy_score(y_test, np.argmax(one + other, axis=1))

    assert later_metrics(first_id) == later_metrics(second_id) == {}


def test_two_models_keep_their_own_metrics():
    """Each metric goes to the run of its model, in whatever order they are computed."""
    (first, first_id), (second, second_id) = fitted(C=1e-4), fitted()
    one, other = first.predict(X_test), second.predict(X_test)
    second_value, first_value = accuracy_score(y_test, other), accuracy_score(y_test, one)

    assert first_value != second_value
    assert later_metrics(first_id) == {"accuracy_score_X_test": first_value}
    assert later_metrics(second_id) == {"accuracy_score_X_test": second_value}


def test_two_models_of_one_run_keep_their_own_metrics():
    """The second fit has a child run, and its metrics are there."""
    with nbtrack.start_run() as run:
        first = LogisticRegression(C=1e-4).fit(X_train, y_train)
        second = LogisticRegression(max_iter=200).fit(X_train, y_train)
        one, other = first.predict(X_test), second.predict(X_test)
        values = [accuracy_score(y_test, one), accuracy_score(y_test, other)]
    [child] = nbtrack.search_runs(
        filter_string=f"tags.`mlflow.parentRunId` = '{run.run_id}'", output_format="list"
    )

    runs = (run.run_id, child.info.run_id)
    assert [later_metrics(each) for each in runs] == [{"accuracy_score_X_test": v} for v in values]


def test_what_two_models_predicted_alike_is_nobodys():
    """A list that both may have made is marked; the array itself is still known."""
    (first, first_id), (second, second_id) = fitted(), fitted(C=1.01)
    one, other = first.predict(X_test), second.predict(X_test)
    assert (one == other).all()
    listed = [int(label) for label in one]
    with nbtrack.start_run() as run:
        accuracy_score(y_test, listed)
        accuracy_score(y_test, one)

    assert set(later_metrics(run.run_id)) == {"accuracy_score_listed"}
    assert unknown(run.run_id) == "accuracy_score_listed"
    assert calls(run.run_id)["accuracy_score_listed"].endswith(MODEL_UNKNOWN)
    assert set(later_metrics(first_id)) == {"accuracy_score_X_test"}
    assert later_metrics(second_id) == {}


def test_a_model_that_was_not_tracked_is_not_taken_for_another():
    """Its prediction equals that of a tracked model, and yet is not its."""
    nbtrack.sklearn.autolog(disable=True)
    untracked = DecisionTreeClassifier(random_state=0).fit(X_train, y_train)
    nbtrack.sklearn.autolog(log_models=False, log_datasets=False)
    tracked, run_id = fitted(DecisionTreeClassifier(random_state=0))
    tracked.predict(X_test)

    accuracy_score(y_test, untracked.predict(X_test))

    assert later_metrics(run_id) == {}


def test_a_constant_is_no_evidence():
    """A baseline of zeros is not the model that predicts zeros."""
    model, run_id = fitted(C=1e-9)
    model.predict(X_test)
    baseline = np.full(len(y_test), model.predict(X_test)[0])

    accuracy_score(y_test, baseline)

    assert later_metrics(run_id) == {}


def test_the_true_labels_are_nobodys_prediction():
    """A perfect model predicts them, and yet a baseline that is compared with them is not it."""
    perfect, run_id = fitted(DecisionTreeClassifier(random_state=0))
    assert (perfect.predict(X_train) == y_train).all()
    baseline = np.roll(y_train, 1)

    accuracy_score(y_train, baseline)
    accuracy_score(y_train, y_train)

    assert later_metrics(run_id) == {}


def test_swapped_arguments_are_forgiven():
    """`accuracy_score(y_pred, y_test)` is seen often, and the value is the same."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)

    accuracy_score(y_pred, y_test)

    assert set(later_metrics(run_id)) == {"accuracy_score_X_test"}


def test_agreement_of_two_models_is_nobodys():
    """cohen_kappa_score does not tell a judge from a judged one."""
    (first, first_id), (second, second_id) = fitted(), fitted(GaussianNB())

    cohen_kappa_score(first.predict(X_test), second.predict(X_test))

    assert later_metrics(first_id) == later_metrics(second_id) == {}


def test_without_a_run_a_metric_of_nobody_is_not_kept():
    """No run is opened for a bare metric call, unless the notebook wants one."""
    accuracy_score(y_test, np.roll(y_test, 1))
    assert nbtrack.active_run() is None

    session = current_session()
    session.open_cell_run = lambda: session.start_run(name="cell")
    try:
        shifted = np.roll(y_test, 1)
        accuracy_score(y_test, shifted)
    finally:
        session.open_cell_run = lambda: None

    assert set(later_metrics(nbtrack.active_run().run_id)) == {"accuracy_score_shifted"}


def test_labels_of_a_clusterer_are_its_prediction():
    """Those of fit_predict, and the attribute that fit leaves."""
    with nbtrack.start_run() as run:
        clusters = KMeans(3, n_init=1, random_state=0).fit(X_train)
    silhouette_score(X_train, clusters.labels_)

    assert set(later_metrics(run.run_id)) == {"silhouette_score_X_train"}


# --- what is not the user's call


def test_metrics_within_searches_and_validation_are_not_kept():
    """Also those that the user's own scorer calls, in worker threads too."""

    def own_score(y_true, y_pred):
        return accuracy_score(y_true, y_pred)

    model, run_id = fitted()
    scorer = make_scorer(own_score)
    with nbtrack.start_run() as run:
        cross_validate(model, X_train, y_train, cv=2, scoring=scorer)
        _ = GridSearchCV(model, {"C": [1, 2]}, cv=2, scoring=scorer).fit(X_train, y_train)

    kept = set(later_metrics(run_id)) | set(later_metrics(run.run_id))
    assert not [key for key in kept if key.startswith(("accuracy_score", "own_score"))]


SCORERS = {
    "by name": (lambda: get_scorer("accuracy"), {"accuracy_score_X_test"}),
    "negated": (lambda: get_scorer("neg_log_loss"), {"log_loss_X_test"}),
    "made": (lambda: make_scorer(f1_score, average="macro"), {"f1_score_X_test"}),
    "the model's": (
        lambda: check_scoring(LogisticRegression()),
        {"LogisticRegression_score_X_test"},
    ),
    "several": (
        lambda: check_scoring(LogisticRegression(), ["accuracy", "roc_auc_ovr"]),
        {"accuracy_score_X_test", "roc_auc_score_X_test"},
    ),
}


@pytest.mark.parametrize("name", SCORERS)
def test_scorers_that_the_user_calls_are_kept(name):
    """By the function that they call, and with its value: a loss is a loss."""
    made, keys = SCORERS[name]
    model, run_id = fitted()
    result = made()(model, X_test, y_test)
    later = later_metrics(run_id)

    assert set(later) == keys
    values = result.values() if isinstance(result, dict) else [result]
    assert sorted(later.values()) == sorted(map(abs, values))


def test_metrics_within_metrics_are_not_kept():
    """classification_report and f1_score call others of their kind."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)
    f1_score(y_test, y_pred, average="macro")
    classification_report(y_test, y_pred)

    assert set(calls(run_id)) == {"f1_score_X_test", "classification_report_X_test"}


def test_threads_of_the_user_keep_their_metrics_apart():
    """Four models at once, each with its own run."""

    def one(depth):
        model, run_id = fitted(DecisionTreeClassifier(max_depth=depth, random_state=0))
        for _ in range(20):
            value = accuracy_score(y_test, model.predict(X_test))
        return run_id, value

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(one, [1, 2, 3, 4]))

    for run_id, value in results:
        assert len(later_metrics(run_id)) == 20
        assert set(later_metrics(run_id).values()) == {value}


# --- tables


def test_a_confusion_matrix_is_kept_with_its_labels():
    """A copy: what the user does to it later is not seen."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)

    counts = confusion_matrix(y_test, y_pred)
    before = counts.tolist()
    counts[:] = 0
    confusion_matrix(y_test, y_pred, labels=[2, 0])

    kept = table(run_id, "confusion_matrix_X_test")
    assert kept.columns.tolist() == ["true", "predicted 0", "predicted 1", "predicted 2"]
    assert kept.iloc[:, 1:].to_numpy().tolist() == before
    assert table(run_id, "confusion_matrix-2_X_test")["true"].tolist() == [2, 0]


def test_reports_are_kept_as_text_or_table():
    """As they were asked for."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)
    text = classification_report(y_test, y_pred)
    report = classification_report(y_test, y_pred, output_dict=True)

    assert artifact(run_id, "metrics/classification_report_X_test.txt").decode() == text
    kept = table(run_id, "classification_report-2_X_test").set_index("label")
    assert kept.loc["macro avg", "f1-score"] == report["macro avg"]["f1-score"]
    assert kept.loc["accuracy", "value"] == report["accuracy"]


def test_curves_are_kept_and_their_area_is_the_models():
    """Also those whose parts are not equally long."""
    model, run_id = fitted()
    is_last, scores = y_test == 2, model.predict_proba(X_test)[:, 2]
    false, true, _ = roc_curve(is_last, scores)
    _, recall, thresholds = precision_recall_curve(is_last, scores)
    area = auc(false, true)

    assert table(run_id, "roc_curve_X_test")["tpr"].tolist() == true.tolist()
    kept = table(run_id, "precision_recall_curve_X_test")
    assert kept["recall"].tolist() == recall.tolist()
    assert kept["threshold"].dropna().tolist() == thresholds.tolist()
    assert later_metrics(run_id) == {"auc_X_test": area}


def test_values_by_class_are_kept_with_the_class():
    """Arrays, and tuples of arrays and single numbers."""
    model, run_id = fitted()
    y_pred = model.predict(X_test)
    by_class = f1_score(y_test, y_pred, average=None)
    precision, recall, fscore, _ = precision_recall_fscore_support(y_test, y_pred, average="macro")
    multilabel_confusion_matrix(y_test, y_pred)

    kept = table(run_id, "f1_score_X_test")
    assert kept.to_dict("list") == {"label": [0, 1, 2], "f1_score": by_class.tolist()}
    [row] = table(run_id, "precision_recall_fscore_support_X_test").to_dict("records")
    assert (row["precision"], row["recall"], row["fscore"]) == (precision, recall, fscore)
    assert table(run_id, "multilabel_confusion_matrix_X_test")["label"].tolist() == [0, 1, 2]


def test_of_a_long_result_some_rows_are_kept_and_it_says_so():
    """A curve with a point for each of 5,000 rows."""
    model, run_id = fitted()
    many = np.random.default_rng(0).normal(size=(5000, 4))
    scores = model.predict_proba(many)[:, 1]
    roc_curve(scores > scores.mean() - 0.1 * many[:, 0], scores, drop_intermediate=False)

    kept = table(run_id, "roc_curve_many")
    assert len(kept) == 2000
    assert kept["fpr"].iloc[-1] == 1.0
    assert calls(run_id)["roc_curve_many"].endswith("  # 2000 of 5001 rows kept")


# --- unseen


def test_metric_functions_stay_what_they_are():
    """Identity, signature, documentation, source and pickles, for every metric."""
    recorded = [getattr(sklearn.metrics, name) for name in ("f1_score", "roc_curve", "auc")]

    for function in recorded:
        assert pickle.loads(pickle.dumps(function)) is function
        assert inspect.signature(function) == inspect.signature(function.__wrapped__)
        assert "closure_cells" not in inspect.getsource(function)
    assert accuracy_score is sklearn.metrics.accuracy_score


def test_disabling_puts_the_originals_back():
    """The very functions, in their cells."""

    def contents():
        names = [
            n for n in sklearn.metrics.__all__ if inspect.isfunction(getattr(sklearn.metrics, n))
        ]
        functions = [getattr(sklearn.metrics, name) for name in names]
        return [cell.cell_contents for f in functions for cell in f.__closure__ or ()]

    recorded = contents()
    nbtrack.sklearn.autolog(disable=True)
    originals = contents()
    nbtrack.sklearn.autolog(log_models=False)
    nbtrack.sklearn.autolog(log_models=False)
    nbtrack.sklearn.autolog(disable=True)

    assert sum(one is not other for one, other in zip(recorded, originals)) > 60
    assert all(one is other for one, other in zip(originals, contents()))


def test_warnings_and_errors_are_as_without():
    """The same text from the same line, and no frame of ours in a traceback."""

    def observed():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            f1_score([0, 1, 0], [0, 0, 0])
            sklearn.metrics.class_likelihood_ratios([0, 1], [0, 0])
        seen = [(str(each.message), each.filename, each.lineno) for each in caught]
        with pytest.raises(ValueError, match="inconsistent") as failure:
            f1_score([0, 1], [0, 1, 2])
        return seen, "".join(traceback.format_exception(failure.value))

    recorded = observed()
    nbtrack.sklearn.autolog(disable=True)

    assert recorded == observed()
    assert recorded[0]


def test_a_fault_of_ours_changes_nothing(caplog):
    """The value comes back, and one line says what is missing."""

    class Strange(np.ndarray):
        @property
        def base(self):
            raise RuntimeError("no base today")

    strange = y_test.view(Strange)

    assert accuracy_score(y_test, strange) == 1.0
    assert caplog.text.count("no base today") == 1
    assert caplog.records[0].levelno == logging.WARNING


def test_nothing_is_left_in_the_users_objects():
    """Neither in the model nor in the prediction, and their pickles are the same."""
    model, _ = fitted()
    y_pred = model.predict(X_test)
    accuracy_score(y_test, y_pred)
    nbtrack.sklearn.autolog(disable=True)
    plain = type(model)(**model.get_params()).fit(X_train, y_train)

    assert vars(model).keys() == vars(plain).keys()
    assert pickle.dumps(y_pred) == pickle.dumps(plain.predict(X_test))


def test_a_function_without_a_cell_is_rebound_and_put_back(monkeypatch):
    """Under the names of its module and of the notebook; it still pickles by name."""
    module = types.ModuleType("measures")
    exec("def plain_score(y): return 1.0", vars(module))
    monkeypatch.setitem(sys.modules, "measures", module)
    original, seen = module.plain_score, []

    def around(function, instance, args, kwargs):
        seen.append((instance, args, kwargs))
        return function(*args, **kwargs)

    assert closure_cells.swap_wrapped(original, around) is None
    undo = closure_cells.rebind(original, around)
    recorded = module.plain_score

    assert recorded([1]) == 1.0
    assert seen == [(None, ([1],), {})]
    assert pickle.loads(pickle.dumps(recorded)) is recorded
    undo()
    assert module.plain_score is original
    assert recorded([2]) == 1.0
    assert len(seen) == 1
