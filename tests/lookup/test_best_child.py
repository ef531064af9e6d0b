"""Which of several children is best, and what of it the parent shows."""

from __future__ import annotations

import math

from nbtrack.lookup.best_child import BestChild, best_child
from nbtrack.lookup.metric_direction import Direction
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, origins_text
from nbtrack.records.runs import RunData

SVC = Origins(
    params={
        "C": Origin.CHANGED,
        "kernel": Origin.DEFAULT,
        "tol": Origin.DEFAULT,
        "verbose": Origin.BOOKKEEPING,
    },
    metrics={
        "accuracy": Origin.ASSIGNED,
        "accuracy_score_X": Origin.ALIAS,
        "training_score": Origin.TRAINING,
    },
    aliases={"accuracy_score_X": "accuracy"},
)


def svc(C: int, accuracy: float, *, kernel: str = "rbf") -> RunData:
    return RunData(
        params={"C": str(C), "kernel": kernel, "tol": "0.1", "verbose": str(C)},
        metrics={"accuracy": accuracy, "accuracy_score_X": accuracy, "training_score": 1 / C},
        tags={ORIGINS_TAG: origins_text(SVC)},
    )


def chosen(declared: dict[str, Direction] | None = None, **children: RunData) -> BestChild:
    best = best_child(children, declared=declared or {})
    assert best is not None
    return best


def test_by_the_metric_that_matters():
    """With what differs among them, and what was measured on other data, by whatever name."""
    best = chosen(a=svc(1, 0.8), b=svc(2, 0.9), c=svc(3, 0.7))

    assert (best.run_id, best.metric, best.params) == ("b", "accuracy", {"C": "2"})
    assert best.metrics == {"accuracy": 0.9, "accuracy_score_X": 0.9}
    assert best.noted == Origins(
        params={"C": Origin.CHANGED},
        metrics={"accuracy": Origin.ASSIGNED, "accuracy_score_X": Origin.ALIAS},
        aliases=SVC.aliases,
    )


def test_a_swept_default_is_told():
    """Though it is one; what is the same for all is not."""
    best = chosen(a=svc(1, 0.8), b=svc(1, 0.7, kernel="linear"))

    assert best.params == {"kernel": "rbf"}


def test_what_one_kind_has_alone():
    """Is told where somebody set it: not its defaults."""
    forest = RunData(params={"trees": "9"}, metrics={"accuracy": 0.5})

    assert chosen(a=svc(1, 0.8), b=forest).params == {"C": "1"}


def test_the_better_side():
    """As the name says or the user declares; what is no number is never the best."""
    runs = {
        name: RunData(metrics={"loss": loss, "rt": loss})
        for name, loss in {"a": 3.0, "b": math.nan, "c": 2.0}.items()
    }
    rated = {name: RunData(metrics={"rt": each.metrics["rt"]}) for name, each in runs.items()}

    assert chosen(**runs).run_id == "c"
    assert best_child(rated, declared={}) is None
    assert chosen({"rt": "higher"}, **rated).run_id == "a"


def test_what_only_one_was_measured_by():
    """Says more than training metrics, which both have."""
    trained = [RunData(metrics={"training_score": score}, tags=svc(1, 0).tags) for score in (1, 0)]
    measured = RunData(metrics={**trained[1].metrics, "f1": 0.1}, tags=trained[1].tags)

    assert chosen(a=trained[0], b=measured).run_id == "b"
    assert chosen(a=trained[0], b=trained[1]).metric == "training_score"


def test_no_metric_at_all():
    """Then none is."""
    assert best_child({"a": RunData(), "b": RunData()}, declared={}) is None
    assert best_child({}, declared={}) is None


def test_what_diverged_says_nothing():
    """NaN is worse than any number, and where there is nothing else nobody is best."""
    nan = RunData(metrics={"loss": math.nan, "rmse": math.nan})

    assert best_child({"a": nan, "b": nan}, declared={}) is None
    one = chosen(a=nan, b=RunData(metrics={"loss": math.nan, "rmse": 2.0}))
    assert (one.run_id, one.metric) == ("b", "rmse")
