"""Which of several children is best, and what of it the parent shows."""

from __future__ import annotations

import math

from nbtrack.lookup.best_child import best_child
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


def test_by_the_metric_that_matters():
    """With what differs among them, and what was measured on other data, by whatever name."""
    best = best_child({"a": svc(1, 0.8), "b": svc(2, 0.9), "c": svc(3, 0.7)}, declared={})

    assert best is not None
    assert (best.run_id, best.metric, best.params) == ("b", "accuracy", {"C": "2"})
    assert best.metrics == {"accuracy": 0.9, "accuracy_score_X": 0.9}
    assert best.noted == Origins(
        params={"C": Origin.CHANGED},
        metrics={"accuracy": Origin.ASSIGNED, "accuracy_score_X": Origin.ALIAS},
        aliases=SVC.aliases,
    )


def test_a_swept_default_is_told():
    """Though it is one; what is the same for all is not."""
    best = best_child({"a": svc(1, 0.8), "b": svc(1, 0.7, kernel="linear")}, declared={})

    assert best is not None
    assert best.params == {"kernel": "rbf"}


def test_what_one_kind_has_alone():
    """Is told where somebody set it: not its defaults."""
    forest = RunData(params={"trees": "9"}, metrics={"accuracy": 0.5})
    best = best_child({"a": svc(1, 0.8), "b": forest}, declared={})

    assert best is not None
    assert best.params == {"C": "1"}


def test_the_better_side():
    """As the name says or the user declares; what is no number is never the best."""
    runs = {
        name: RunData(metrics={"loss": loss, "rt": loss})
        for name, loss in {"a": 3.0, "b": math.nan, "c": 2.0}.items()
    }
    rated = {name: RunData(metrics={"rt": each.metrics["rt"]}) for name, each in runs.items()}

    assert [best.run_id for best in [best_child(runs, declared={})] if best] == ["c"]
    assert best_child(rated, declared={}) is None
    assert [b.run_id for b in [best_child(rated, declared={"rt": "higher"})] if b] == ["a"]


def test_no_metric_at_all():
    """Then none is."""
    assert best_child({"a": RunData(), "b": RunData()}, declared={}) is None
    assert best_child({}, declared={}) is None
