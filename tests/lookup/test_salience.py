"""What is shown first: the user's own, then what tells the runs apart."""

from __future__ import annotations

from nbtrack.lookup.key_facts import inventory_of, meaning_of_runs
from nbtrack.lookup.salience import (
    best_metric,
    is_told_first,
    metrics_in_order,
    params_in_order,
    told_metrics,
)
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, origins_text
from nbtrack.records.runs import RunData


def run(params=None, metrics=None, *, origins: Origins | None = None, **tags: str) -> RunData:
    told = {} if origins is None else {ORIGINS_TAG: origins_text(origins)}
    return RunData(params=params or {}, metrics=metrics or {}, tags={**tags, **told})


def fitted(C: str, accuracy: float) -> RunData:
    """As autolog records a fit, with the user's `alpha` and `accuracy`."""
    origins = Origins(
        params={
            "C": Origin.CHANGED,
            "tol": Origin.DEFAULT,
            "verbose": Origin.BOOKKEEPING,
            "alpha": Origin.ASSIGNED,
        },
        metrics={
            "training_score": Origin.TRAINING,
            "accuracy_score_X_test": Origin.ALIAS,
            "search_progress": Origin.BOOKKEEPING,
            "accuracy": Origin.ASSIGNED,
        },
    )
    params = {"C": C, "tol": "0.001", "verbose": "0", "alpha": "1"}
    metrics = {
        "training_score": 1.0,
        "accuracy_score_X_test": accuracy,
        "search_progress": 1.0,
        "accuracy": accuracy,
    }
    return run(params, metrics, origins=origins)


def order(data: list[RunData], **more) -> tuple[list[str], list[str]]:
    """(params, metrics) that are shown unasked, in order."""
    meaning, inventory = meaning_of_runs(data, **more), inventory_of(data)
    runs = len(data)
    params = params_in_order(inventory.params, meaning, runs=runs)
    metrics = metrics_in_order(inventory.metrics, meaning)
    return (
        [e.key for e in params if is_told_first("params", e, meaning, runs=runs)],
        [e.key for e in metrics if is_told_first("metrics", e, meaning, runs=runs)],
    )


def test_what_the_user_wrote_and_varied_comes_first():
    """Defaults, bookkeeping, other names and scores of the training data are folded away."""
    found = order([fitted("0.1", 0.9), fitted("10", 0.95)])

    assert found == (["C", "alpha"], ["accuracy"])


def test_by_hand_everything_is_the_users():
    """A run without a tag was logged by hand, whatever its keys are called."""
    data = [run({"lr": str(n), "verbose": "1"}, {"training_loss": n}) for n in range(3)]

    assert order(data) == (["lr", "verbose"], ["training_loss"])


def test_what_autolog_recorded_before_it_told_origins():
    """Its names say what they are; what varies is shown."""
    tags = {"mlflow.autologging": "sklearn"}
    data = [
        run({"C": str(n), "tol": "1", "n_jobs": str(n)}, {"training_score": 1, "f1": n}, **tags)
        for n in range(3)
    ]

    assert order(data) == (["C"], ["f1"])


def test_a_run_by_hand_beside_autologs_is_by_hand():
    """That it has no origins does not make it an old one of autolog's."""
    hand = run({"lr": "1", "epochs": "3"}, {"train_loss": 0.5})
    tags = {"mlflow.autologging": "sklearn"}
    logged = run({"C": "1"}, origins=Origins(params={"C": Origin.DEFAULT}), **tags)

    assert order([hand, logged]) == (["lr", "epochs"], ["train_loss"])


def test_one_who_logs_a_default_by_hand_is_heard():
    """Some run has it by hand: then it is the user's, whatever the others say."""
    tol = run({"tol": "0.5", "C": "1"})

    params, _ = order([fitted("0.1", 0.9), tol])
    assert "tol" in params


def test_what_is_pinned_stands_first():
    """Whatever it is."""
    data = [fitted("0.1", 0.9), fitted("10", 0.95)]

    params, metrics = order(data, pinned=["params.tol", "metrics.training_score"])
    assert (params[0], metrics[0]) == ("tol", "training_score")


def test_the_star_is_for_what_was_measured_on_other_data():
    """A training score gets it only where there is nothing else, and bookkeeping never."""
    data = [fitted("0.1", 0.9), fitted("10", 0.95)]
    trained = run(
        metrics={"training_score": 1.0, "rank_test_score": 1.0},
        origins=Origins(
            metrics={"training_score": Origin.TRAINING, "rank_test_score": Origin.BOOKKEEPING}
        ),
    )

    assert best_metric(inventory_of(data).metrics, meaning_of_runs(data)) == "accuracy"
    alone = [trained, trained]
    assert best_metric(inventory_of(alone).metrics, meaning_of_runs(alone)) == "training_score"


def test_without_metrics_of_ones_own_those_of_the_training_are_told():
    """One rule for the table, an open row, Compare and the charts; bookkeeping is never told."""
    told = {"loss": Origin.TRAINING, "n_iter": Origin.BOOKKEEPING, "f1": Origin.MEASURED}
    meaning = meaning_of_runs(
        [run(metrics=dict.fromkeys(told, 1.0), origins=Origins(metrics=told))]
    )

    assert told_metrics(["loss", "n_iter", "f1"], meaning) == ["f1"]
    assert told_metrics(["loss", "n_iter"], meaning) == ["loss"]
    assert told_metrics(["n_iter"], meaning) == []


def test_a_pinned_metric_is_told_whatever_it_is():
    told = {"loss": Origin.TRAINING, "f1": Origin.MEASURED}
    data = [run(metrics=dict.fromkeys(told, 1.0), origins=Origins(metrics=told))]

    assert told_metrics(told, meaning_of_runs(data, pinned=["metrics.loss"])) == ["loss", "f1"]


def test_what_is_of_the_machine_is_bookkeeping_by_its_name():
    """Of a run that MLflow recorded no tag says so."""
    data = [run(metrics={"system/cpu_utilization_percentage": 50.0, "zeal": 1.0})]

    assert order(data)[1] == ["zeal"]
