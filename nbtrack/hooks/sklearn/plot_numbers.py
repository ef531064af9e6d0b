"""Confusion matrix, ROC and precision-recall curve of a fit, as numbers in JSON artifacts.

The pictures, with MLflow's names, are drawn from these files: see `nbtrack.hooks.plot_drawing`.
So a fit pays for the numbers only, and a picture that was not drawn can be drawn at any time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.sklearn import classification_scores as scores
from nbtrack.hooks.sklearn.fit_predictions import FitPredictions, predictions_of
from nbtrack.hooks.sklearn.training_metrics import coded_labels, positive_thresholds
from nbtrack.hooks.training.drawing import draw_later

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.recording.active_run import ActiveRun

CONFUSION = "training_confusion_matrix"
ROC = "training_roc_curve"
PRECISION_RECALL = "training_precision_recall_curve"
MOST_CLASSES = 60  # of more, those with the most rows are kept: no picture could show them
MOST_POINTS = 400  # of a curve
DIGITS = 6


def log_plots(run: ActiveRun, call: FitCall, flags: Flags) -> None:  # noqa: ARG001
    """The numbers now; the pictures when the outermost run has ended, or when asked for."""
    asked = predictions_of(call)
    if not asked.can_be_asked or asked.kind != "classifier" or not _has_one_column(asked):
        return
    with no_warnings():
        plots = list(_plots(asked))
    for name, numbers in plots:
        run.log_bytes(json.dumps(numbers, separators=(",", ":")).encode(), f"{name}.json")
    if plots:
        draw_later(run)


def _has_one_column(asked: FitPredictions) -> bool:
    return asked.predicted is not None and asked.y.ndim == 1 == asked.predicted.ndim


def _plots(asked: FitPredictions) -> Iterator[tuple[str, dict[str, Any]]]:
    facts = {"estimator": type(asked.estimator).__name__, "rows": len(asked.y)}
    if asked.is_sample:
        facts["of_rows"] = asked.total_rows
    facts["is_weighted"] = asked.weights is not None
    coded = coded_labels(asked)
    yield CONFUSION, {**facts, **_confusion(coded)}
    if (coded.true_total > 0).sum() == 2 == coded.class_count:
        found = positive_thresholds(asked)
        if found is not None and found.true[-1] and found.false[-1]:
            facts["positive_label"] = str(coded.labels[1])
            yield ROC, {**facts, **_roc(found)}
            yield PRECISION_RECALL, {**facts, **_precision_recall(found)}


def _confusion(coded: scores.Coded) -> dict[str, Any]:
    """*counts*: a row per true label, a column per predicted one; rows or their weight."""
    import numpy as np

    count = len(coded.labels)
    pairs = coded.true * count + coded.predicted
    counts = np.bincount(pairs, weights=coded.weights, minlength=count * count)
    shown = _most_frequent(coded)
    counts = counts.reshape(count, count)[np.ix_(shown, shown)]
    return {
        "classes": count,
        "labels": [str(label) for label in coded.labels[shown].tolist()],
        "counts": _plain(counts),
    }


def _most_frequent(coded: scores.Coded) -> Any:
    import numpy as np

    totals = coded.true_total + coded.predicted_total
    present = np.flatnonzero((totals > 0) | (np.arange(len(totals)) < coded.class_count))
    order = np.argsort(-totals[present], kind="stable")
    return np.sort(present[order[:MOST_CLASSES]])


def _roc(found: scores.Thresholds) -> dict[str, Any]:
    """Points from (0, 0) to (1, 1); *thresholds* begin with None: above every score."""
    import numpy as np

    true = np.concatenate([[0.0], found.true / found.true[-1]])
    false = np.concatenate([[0.0], found.false / found.false[-1]])
    # Both only grow: even steps along the curve keep its shape.
    kept = _spread(true + false)
    return {
        "auc": scores.area_under_roc(found),
        "fpr": _plain(false[kept]),
        "tpr": _plain(true[kept]),
        "thresholds": [None, *_plain(found.scores[kept[1:] - 1])],
    }


def _precision_recall(found: scores.Thresholds) -> dict[str, Any]:
    """Points by growing recall, from (recall 0, precision 1) on, as scikit-learn ends them."""
    import numpy as np

    recall = np.concatenate([[0.0], found.true / found.true[-1]])
    precision = np.concatenate([[1.0], scores.precision_at(found)])
    # Where recall stands still, precision falls.
    kept = _spread(recall + np.cumsum(abs(np.diff(precision, prepend=1.0))))
    positives = found.true[-1]
    return {
        "average_precision": scores.average_precision(found),
        "positive_rate": round(float(positives / (positives + found.false[-1])), DIGITS),
        "recall": _plain(recall[kept]),
        "precision": _plain(precision[kept]),
        "thresholds": [None, *_plain(found.scores[kept[1:] - 1])],
    }


def _spread(along: Any) -> Any:
    """At most MOST_POINTS places, evenly along a growing measure, the first and last included."""
    import numpy as np

    if len(along) <= MOST_POINTS:
        return np.arange(len(along))
    places = np.searchsorted(along, np.linspace(along[0], along[-1], MOST_POINTS))
    return np.unique(np.concatenate([[0], places, [len(along) - 1]]))


def _plain(values: Any) -> Any:
    return values.round(DIGITS).tolist()
