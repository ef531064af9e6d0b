"""`nbtrack.evaluate`: MLflow's names and, to the last bits that mean something, its values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score

import nbtrack
from nbtrack.evaluation.classifier import evaluate_classifier
from nbtrack.evaluation.regression import regression_scores
from nbtrack.models import MetricThreshold, make_metric

RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def project(tmp_path):
    nbtrack.set_tracking_uri(str(tmp_path / ".nbtrack"))


def data(classes: int, rows: int = 400) -> tuple[pd.DataFrame, LogisticRegression]:
    X = RNG.normal(size=(rows, 4))
    y = (X @ RNG.normal(size=(4, classes)) + RNG.gumbel(size=(rows, classes))).argmax(1)
    names = np.array([f"class {n}" for n in range(classes)])
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=names[y])
    return frame, LogisticRegression().fit(frame[list("abcd")], frame["y"])


def theirs():
    return pytest.importorskip("mlflow.models.evaluation.evaluators.classifier")


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("average", ["weighted", "macro", "micro"])
def test_many_classes_score_as_in_mlflow(average, is_weighted):
    """Averages, log loss, areas, and the table by class, with and without weights of rows."""
    frame, model = data(4)
    X, y = frame[list("abcd")], frame["y"]
    predicted, shares = model.predict(X), model.predict_proba(X)
    weights = RNG.choice([0, 0.5, 1.3, 2], len(y)) if is_weighted else None
    config = {"average": average, "sample_weights": weights}

    found = evaluate_classifier(y, predicted, shares, config)

    expected = theirs()._get_multiclass_classifier_metrics(
        y_true=y, y_pred=predicted, y_proba=shares, labels=model.classes_, average=average,
        sample_weights=weights,
    )  # fmt: skip
    assert found.metrics == pytest.approx(expected, rel=1e-12)
    table = theirs()._get_classifier_per_class_metrics_collection_df(
        y, predicted, model.classes_, weights
    )
    for kind, name in (("roc", "roc_auc"), ("pr", "precision_recall_auc")):
        table[name] = theirs()._gen_classifier_curve(
            False, y, shares, model.classes_, None, kind, weights
        ).auc  # fmt: skip
    assert list(found.table) == list(table.columns)
    for name in table.columns[1:]:
        assert found.table[name] == pytest.approx(table[name].tolist(), rel=1e-12), name


@pytest.mark.parametrize("positive", [None, "class 0"])
def test_two_classes_score_as_in_mlflow(positive):
    """Whichever of them is the positive one; equal probabilities count as one threshold."""
    frame, model = data(2)
    X, y = frame[list("abcd")], frame["y"]
    predicted, shares = model.predict(X), model.predict_proba(X).round(1)
    label = positive or "class 1"

    found = evaluate_classifier(y, predicted, shares, {"pos_label": positive})

    labels = ["class 0", "class 1"] if label == "class 1" else ["class 1", "class 0"]
    expected = theirs()._get_binary_classifier_metrics(
        y_true=y, y_pred=predicted, y_proba=shares, labels=labels, pos_label=label
    )
    for kind, name in (("roc", "roc_auc"), ("pr", "precision_recall_auc")):
        column = shares[:, ["class 0", "class 1"].index(label)]
        expected[name] = theirs()._gen_classifier_curve(
            True, y, column, labels, label, kind, None
        ).auc  # fmt: skip
    expected["roc_auc"] = roc_auc_score(y == label, column)  # MLflow 3.4: of the other class
    assert found.metrics == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_numbers_score_as_in_mlflow(is_weighted):
    """Zeros among the targets, too."""
    regressor = pytest.importorskip("mlflow.models.evaluation.evaluators.regressor")
    y = np.append(RNG.normal(size=99), 0.0)
    predicted = y + RNG.normal(size=100)
    weights = RNG.uniform(0.5, 2, 100) if is_weighted else None

    found = regression_scores(y, predicted, weights)

    assert found == pytest.approx(regressor._get_regressor_metrics(y, predicted, weights), rel=1e-9)


def test_an_evaluation_is_recorded(tmp_path):
    """Metrics, table and pictures are on the run; metrics of one's own see the others."""
    frame, model = data(3)
    error = make_metric(
        eval_fn=lambda predictions, targets, metrics, cost: (
            cost * (1 - metrics["accuracy_score"].aggregate_results["accuracy_score"])
        ),
        greater_is_better=False,
        name="cost_of_errors",
    )
    with nbtrack.start_run() as run:
        uri = nbtrack.sklearn.log_model(model, "model").model_uri
        found = nbtrack.evaluate(
            uri, frame, targets="y", model_type="classifier", extra_metrics=[error],
            evaluator_config={"cost": 100, "metric_prefix": "val_"},
        )  # fmt: skip

    assert found.metrics["val_score"] == found.metrics["val_accuracy_score"]
    assert found.metrics["val_cost_of_errors"] == pytest.approx(
        100 * (1 - found.metrics["val_accuracy_score"])
    )
    kept = nbtrack.get_run(run.info.run_id).data.metrics
    assert {name: kept[name] for name in found.metrics} == found.metrics
    assert found.artifacts.keys() == {
        "calibration_curve_plot", "confusion_matrix", "per_class_metrics",
        "precision_recall_curve_plot", "roc_curve_plot",
    }  # fmt: skip
    found.save(tmp_path / "saved")
    again = nbtrack.EvaluationResult.load(tmp_path / "saved")
    assert again.metrics == found.metrics
    assert again.artifacts["per_class_metrics"].content["positive_class"].tolist() == [
        "class 0", "class 1", "class 2"
    ]  # fmt: skip
    assert again.artifacts["roc_curve_plot"].content.size[0] > 300


def test_models_and_data_of_any_kind():
    """An estimator, a function, an array, predictions that are there; and a run is opened."""
    X = RNG.normal(size=(50, 3))
    y = X @ [1.0, 2.0, 3.0] + RNG.normal(size=50)
    model = LinearRegression().fit(X, y)
    frame = pd.DataFrame({"said": model.predict(X), "y": y})

    kinds = [
        nbtrack.evaluate(model, X, targets=y, model_type="regressor"),
        nbtrack.evaluate(lambda rows: model.predict(rows.to_numpy()), X, targets=y,
                         model_type="regressor"),
        nbtrack.evaluate(data=frame, targets="y", predictions="said", model_type="regressor"),
    ]  # fmt: skip

    first = kinds[0].metrics["r2_score"]  # layouts of an array differ in the last bit
    assert [each.metrics["r2_score"] for each in kinds] == pytest.approx([first] * 3)
    assert len({each.run_id for each in kinds}) == 3
    assert "score" in kinds[0].metrics
    assert "score" not in kinds[2].metrics


def test_what_is_wrong_is_said():
    """With the cure."""
    frame, model = data(2, rows=20)
    for words, arguments in [
        ("model_type is 'text'", {"model_type": "text"}),
        ("no column 'z'", {"model_type": "classifier", "targets": "z"}),
        ("Say what is true", {"model_type": "classifier"}),
        ("Give a model, or", {"model_type": "classifier", "targets": "y", "model": None}),
        ("is not in label_list", {
            "model_type": "classifier", "targets": "y",
            "evaluator_config": {"label_list": ["class 0", "class 9"]},
        }),
    ]:  # fmt: skip
        with pytest.raises(nbtrack.NbtrackError, match=words):
            nbtrack.evaluate(**{"model": model, "data": frame, **arguments})
    with pytest.raises(nbtrack.NbtrackError, match="lambda has no name"):
        make_metric(eval_fn=lambda a, b: 1.0, greater_is_better=True)


def test_thresholds_hold_a_model_to_numbers_and_to_another():
    """All that fails is said at once; less may be better."""
    good = nbtrack.EvaluationResult({"f1": 0.9, "loss": 0.2}, {})
    bad = nbtrack.EvaluationResult({"f1": 0.8, "loss": 0.3}, {})
    wanted = {
        "f1": MetricThreshold(threshold=0.85, min_absolute_change=0.05, greater_is_better=True),
        "loss": MetricThreshold(min_relative_change=0.2, greater_is_better=False),
    }

    nbtrack.validate_evaluation_results(wanted, good, bad)
    with pytest.raises(nbtrack.NbtrackError) as failed:
        nbtrack.validate_evaluation_results({**wanted, "auc": wanted["f1"]}, bad, good)
    assert str(failed.value).count("\n") == 4
    assert "f1 is 0.8, and has to reach 0.85" in str(failed.value)
    assert "auc is not among those that were measured" in str(failed.value)
    with pytest.raises(nbtrack.NbtrackError, match="greater_is_better"):
        MetricThreshold(threshold=1)


def refused(words: str, model, frame, **more) -> None:
    with pytest.raises(nbtrack.errors.InvalidValue, match=words):
        nbtrack.evaluate(model, frame, targets="y", **{"model_type": "classifier", **more})


def test_probabilities_go_to_the_classes_that_the_model_names():
    """Also where the data lacks one of them; one that the model does not know is refused."""
    frame, model = data(3)
    some = frame[frame["y"] != "class 0"]
    found = evaluate_classifier(
        some["y"], model.predict(some[list("abcd")]), model.predict_proba(some[list("abcd")]), {},
        classes=model.classes_,
    )  # fmt: skip
    shares = model.predict_proba(some[list("abcd")])
    right = shares[np.arange(len(some)), [int(name[-1]) for name in some["y"]]]
    assert found.metrics["log_loss"] == pytest.approx(-np.log(right).mean())
    assert 0.5 < found.metrics["roc_auc"] < 1
    assert found.table["positive_class"] == ["class 0", "class 1", "class 2"]
    odd = some.assign(y=some["y"].where(some["a"] < 1, "class 7"))
    refused("class 7.*no probability", model, odd)

    class Bare:
        predict, predict_proba = staticmethod(model.predict), staticmethod(model.predict_proba)

    few = odd[odd.index.isin(some.index[model.predict(some[list("abcd")]) != "class 0"])]
    refused("do not fit.*label_list", Bare(), few)


def test_what_are_no_classes_is_refused():
    """Before a table of each with each is made of them; the cure is said."""
    frame, model = data(2, rows=5000)
    numbers = frame.assign(y=(frame["y"] == "class 1").astype(int))
    refused("no classes.*probabilities", lambda rows: 1 / (1 + np.exp(-rows["a"])), numbers)
    refused("no classes", lambda rows: np.arange(len(rows)), numbers)
    refused("regressor", lambda rows: rows["a"], numbers.assign(y=numbers["a"]))
    refused("text.*number", lambda rows: [0] * len(rows), frame)
    refused("1 row.*None or NaN", model, frame.assign(y=["", *frame["y"][1:]]).replace("", None))
    hole = numbers.assign(y=[np.nan, *numbers["y"][1:]])
    refused("1 row.*None or NaN", lambda rows: [0] * len(rows), hole)
    refused(
        "pos_label.*'0'", lambda rows: rows["a"] > 0, numbers, evaluator_config={"pos_label": "0"}
    )


def test_there_is_a_prediction_for_each_row():
    """One for all would be spread over them."""
    frame = pd.DataFrame({"a": [0.0, 1, 2], "y": [0, 1, 1]})
    for kind in ("classifier", "regressor"):
        refused("is 1 of predictions for 3 rows", lambda rows: [1], frame, model_type=kind)
        refused("6 prediction.* for 3 rows", lambda rows: np.ones((3, 2)), frame, model_type=kind)
        weights = {"sample_weights": [1.0]}
        refused("is 1 of sample_weights for 3 rows", lambda rows: rows["a"] > 0, frame,
                model_type=kind, evaluator_config=weights)  # fmt: skip


def test_weights_and_probabilities_are_checked_before_anything_is_logged():
    """Some weight is not 0; probabilities are from 0 to 1, but for how 32 bits are rounded."""
    frame = pd.DataFrame({"a": [0.0, 1, 2], "y": [0, 1, 1]})

    def model(*shares: float):
        class Said:
            predict = staticmethod(lambda rows: rows["a"] > 0)
            predict_proba = staticmethod(lambda rows: np.c_[1 - np.array(shares), shares])

        return Said()

    for kind in ("classifier", "regressor"):
        refused("All sample_weights are 0", lambda rows: rows["a"] > 0, frame, model_type=kind,
                evaluator_config={"sample_weights": [0, 0.0, 0]})  # fmt: skip
    refused(r"1 of 3 rows .* row 1 \[nan, nan\]", model(0, np.nan, 1), frame)
    refused(r"2 of 3 rows .* row 0 \[3.0, -2.0\]", model(-2, 1, 1.5), frame)
    with nbtrack.start_run():
        nbtrack.evaluate(model(-1e-7, 1, 1 + 1e-7), frame, targets="y", model_type="classifier")
    assert len(nbtrack.search_runs()) == 1


def test_columns_have_any_name():
    """Of numbers, as a frame without names has them."""
    frame = pd.DataFrame({0: [0.0, 1, 2], 1: [0, 1, 1]})
    found = nbtrack.evaluate(lambda rows: rows[0] > 0, frame, targets=1, model_type="classifier")
    assert found.metrics["accuracy_score"] == 1
    with pytest.raises(nbtrack.errors.InvalidValue, match=r"no column 'z'.* 0, 1"):
        nbtrack.evaluate(lambda rows: rows[0], frame, targets="z", model_type="regressor")
    with pytest.raises(nbtrack.errors.InvalidValue, match="no column 7"):
        nbtrack.evaluate(lambda rows: rows[0], frame, targets=7, model_type="regressor")


def test_a_booster_is_asked_as_it_was_logged():
    """Its own `predict` takes no frame."""
    xgboost = pytest.importorskip("xgboost")
    frame = pd.DataFrame({"a": RNG.normal(size=60)}).assign(y=lambda rows: rows["a"] * 2)
    booster = xgboost.train({"nthread": 1}, xgboost.DMatrix(frame[["a"]], frame["y"]), 5)
    with nbtrack.start_run():
        uri = nbtrack.xgboost.log_model(booster, name="b").model_uri
        found = nbtrack.evaluate(uri, frame, targets="y", model_type="regressor")

    assert found.metrics["r2_score"] > 0.5


def test_nan_reaches_no_threshold():
    """Neither a number nor a change from a baseline, which may be NaN itself."""
    nan, one = (nbtrack.EvaluationResult({"m": value}, {}) for value in (float("nan"), 1.0))
    number = {"m": MetricThreshold(threshold=0.5, greater_is_better=True)}
    for change in ("min_absolute_change", "min_relative_change"):
        wanted = {"m": MetricThreshold(**{change: 0.1}, greater_is_better=True)}
        for result, baseline in ((nan, one), (one, nan)):
            with pytest.raises(nbtrack.NbtrackError, match="has to be"):
                nbtrack.validate_evaluation_results(wanted, result, baseline)
    with pytest.raises(nbtrack.NbtrackError, match="has to reach"):
        nbtrack.validate_evaluation_results(number, nan)
