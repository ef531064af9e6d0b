"""`training_*` metrics by kind of estimator, with MLflow's names and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded, warn_once
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.sklearn import classification_scores as scores
from nbtrack.hooks.sklearn.fit_predictions import FitPredictions, predictions_of
from nbtrack.hooks.sklearn.inner_estimators import is_pipeline, is_search
from nbtrack.hooks.sklearn.noted_origins import note_metrics
from nbtrack.hooks.sklearn.regression_scores import regression_scores
from nbtrack.records.tags import TRAINING_METRICS_TAG

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.recording.active_run import ActiveRun

PREFIX = "training_"
_BY_LABEL = ("precision_score", "recall_score", "f1_score")


def log_training_metrics(run: ActiveRun, call: FitCall, flags: Flags) -> None:
    """Nothing without targets: there is nothing to compare with."""
    asked = predictions_of(call)
    if asked.can_be_asked:
        with no_warnings():
            found = _metrics(asked, pos_label=flags.pos_label)
        if found:
            named = {PREFIX + name: value for name, value in found.items()}
            run.log_metrics(named)
            note_metrics(run, named)
    if asked.note:
        run.set_tag(TRAINING_METRICS_TAG, asked.note)


def _metrics(asked: FitPredictions, *, pos_label: Any) -> dict[str, float]:
    found: dict[str, float | None] = {}
    if asked.kind != "other" and asked.predicted is not None:
        if asked.kind == "regressor":
            found = {**regression_scores(asked.y, asked.predicted, weights=asked.weights)}
        elif asked.y.ndim == 1 == asked.predicted.ndim:
            found = _of_classes(asked, pos_label=pos_label)
        elif _is_label_sets(asked.y) and asked.y.shape == asked.predicted.shape:
            found = _of_label_sets(asked)
    with guarded(f"record the training score of {type(asked.estimator).__name__}"):
        found["score"] = _score(asked, found)
    return {name: value for name, value in found.items() if value is not None}


def _of_classes(asked: FitPredictions, *, pos_label: Any) -> dict[str, float | None]:
    """What says how good the model is in one number comes first: that is how they are shown."""
    coded = coded_labels(asked)
    first = {"accuracy_score": scores.accuracy(coded), **_of_probabilities(asked)}
    return {**first, **_by_label(coded, pos_label)}


def coded_labels(asked: FitPredictions) -> scores.Coded:
    """Computed once for metrics and plots."""
    if asked.coded is None:
        classes = getattr(asked.estimator, "classes_", None)
        if getattr(classes, "ndim", 0) != 1:
            classes = sorted({*asked.y.tolist(), *asked.predicted.tolist()})
        asked.coded = scores.Coded(asked.y, asked.predicted, classes=classes, weights=asked.weights)
    return asked.coded


def _by_label(coded: scores.Coded, pos_label: Any) -> dict[str, float | None]:
    positive = None
    if pos_label is not None:
        present = (coded.true_total > 0) | (coded.predicted_total > 0)
        labels = coded.labels.tolist()
        if present.sum() > 2 or pos_label not in labels:
            warn_once(
                f"nbtrack: pos_label={pos_label!r} names no class of a two-class problem with "
                f"{labels[:10]!r}; precision, recall and f1 of training were not recorded."
            )
            return {}
        positive = labels.index(pos_label)
    return dict(zip(_BY_LABEL, scores.precision_recall_f1(coded, positive=positive)))


def _of_probabilities(asked: FitPredictions) -> dict[str, float | None]:
    probabilities, coded = asked.probabilities, coded_labels(asked)
    if probabilities is None or probabilities.ndim != 2 or not coded.has_only_known_classes:
        return {}
    if probabilities.shape[1] != coded.class_count:
        return {}
    return {
        "roc_auc": _roc_auc(asked),
        "log_loss": scores.log_loss(coded.true, probabilities, asked.weights),
    }


def _roc_auc(asked: FitPredictions) -> float | None:
    coded = coded_labels(asked)
    if coded.class_count > 2:
        if asked.weights is not None:  # not defined by scikit-learn for pairs of classes
            return None
        return scores.pairwise_roc_auc(coded.true, asked.probabilities)
    return scores.area_under_roc(positive_thresholds(asked))


def positive_thresholds(asked: FitPredictions) -> scores.Thresholds | None:
    """By the score of the second class; None when there are no scores. Computed once."""
    if asked.thresholds is None:
        found = asked.probabilities if asked.probabilities is not None else asked.decisions
        if found is None or found.ndim > 2 or (found.ndim == 2 and found.shape[1] > 2):
            return None
        column = found[:, -1] if found.ndim == 2 else found
        is_positive = coded_labels(asked).true == 1
        asked.thresholds = scores.thresholds(is_positive, column, asked.weights)
    return asked.thresholds


def _is_label_sets(y: Any) -> bool:
    """Whether *y* is a matrix of at most two whole numbers, which means sets of labels."""
    import numpy as np

    if y.ndim != 2 or y.dtype.kind not in "biuf":
        return False
    low, high = y.min(), y.max()
    is_whole = y.dtype.kind != "f" or (low == np.floor(low) and high == np.floor(high))
    return bool(is_whole and ((y == low) | (y == high)).all())


def _of_label_sets(asked: FitPredictions) -> dict[str, float | None]:
    sets = scores.LabelSets(asked.y, asked.predicted, weights=asked.weights)
    by_label = dict(zip(_BY_LABEL, scores.precision_recall_f1(sets)))
    found: dict[str, float | None] = {**by_label, "accuracy_score": sets.accuracy()}
    probabilities = asked.probabilities
    if probabilities is not None and probabilities.shape == asked.y.shape:
        found["log_loss"] = scores.log_loss(sets.true, probabilities, asked.weights)
        found["roc_auc"] = sets.roc_auc(probabilities)
    return found


def _score(asked: FitPredictions, found: dict[str, float | None]) -> float | None:
    """What `score` returns; where that is one of the metrics, it is not computed again."""
    name = _same_as_score(asked.estimator)
    if name is not None:
        return found.get(name)
    if not hasattr(asked.estimator, "score"):
        return None
    score = asked.score()
    return float(score) if getattr(score, "ndim", 0) == 0 else None


def _same_as_score(estimator: Any) -> str | None:
    if is_pipeline(estimator):
        return _same_as_score(estimator.steps[-1][1])
    if is_search(estimator):
        if not hasattr(estimator, "best_estimator_"):
            return "none"  # it can score nothing
        return None if estimator.scoring is not None else _same_as_score(estimator.best_estimator_)
    method = getattr(type(estimator), "score", None)
    if getattr(method, "__module__", None) != "sklearn.base":
        return None
    names = {"ClassifierMixin.score": "accuracy_score", "RegressorMixin.score": "r2_score"}
    return names.get(getattr(method, "__qualname__", ""))
