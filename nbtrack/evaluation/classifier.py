"""A classifier's metrics, its table by class, and its pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nbtrack.display.markup import clipped
from nbtrack.evaluation import drawing
from nbtrack.evaluation.class_counts import ClassCounts
from nbtrack.evaluation.classes import columns_of, labels_of, place_of
from nbtrack.evaluation.ranking import Ranking, log_loss, ranking_of

Draw = Callable[[], bytes]
_FALSE, _TRUE = "False Positive Rate", "True Positive Rate"


@dataclass(kw_only=True)
class Classified:
    """*table* has a row for each class, of more than two; *pictures* are drawn when called."""

    metrics: dict[str, float] = field(default_factory=dict)
    table: dict[str, list[Any]] = field(default_factory=dict)
    pictures: dict[str, Draw] = field(default_factory=dict)


def evaluate_classifier(
    y: Any, predicted: Any, shares: Any, config: Mapping[str, Any], *, classes: Any = None
) -> Classified:
    """*shares* (rows, classes) or None; *classes* are those of its columns, None if the model does
    not say: then in their order. Raises InvalidValue."""
    return _Classifier(y, predicted, shares, config, classes).evaluated()


class _Classifier:
    def __init__(
        self, y: Any, predicted: Any, shares: Any, config: Mapping[str, Any], classes: Any
    ) -> None:
        self._y, self._config = np.asarray(y), config
        self._labels = labels_of(self._y, np.asarray(predicted), classes, config)
        weights = config.get("sample_weights")
        self._weights = None if weights is None else np.asarray(weights, dtype=float)
        self._counts = ClassCounts(self._y, np.asarray(predicted), self._labels, self._weights)
        places, given = self._counts.predicted_places, config.get("label_list")
        self._shares = (
            None if shares is None else columns_of(shares, self._labels, classes, places, given)
        )
        self._positive = place_of(config.get("pos_label"), self._labels)
        self._ranked: dict[int, Ranking] = {}

    def evaluated(self) -> Classified:
        is_binary = len(self._labels) == 2
        average = "binary" if is_binary else str(self._config.get("average", "weighted"))
        found = Classified()
        if is_binary:
            found.metrics |= self._counts.one_against_all(self._positive)
        found.metrics["example_count"] = len(self._y)
        positive = self._positive if is_binary else None
        found.metrics |= self._counts.scores(average, positive)
        if self._shares is not None:
            places = self._counts.true_places
            found.metrics["log_loss"] = log_loss(places, self._shares, self._weights)
            self._add_ranks(found, average)
        if not is_binary:
            found.table = self._table()
        found.pictures["confusion_matrix"] = self._matrix
        return found

    # --- by probabilities

    def _rank(self, place: int) -> Ranking:
        if place not in self._ranked:
            assert self._shares is not None
            is_it = self._counts.true_places == place
            self._ranked[place] = ranking_of(is_it, self._shares[:, place], self._weights)
        return self._ranked[place]

    def _add_ranks(self, found: Classified, average: str) -> None:
        if average == "binary":
            rank = self._rank(self._positive)
            found.metrics |= {
                "roc_auc": rank.roc_auc,
                "precision_recall_auc": rank.average_precision,
            }
            found.pictures["lift_curve_plot"] = self._lift
        elif average in ("weighted", "macro"):
            found.metrics["roc_auc"] = self._mean_area(average)
        if self._has_curves():
            found.pictures["roc_curve_plot"] = self._roc
            found.pictures["precision_recall_curve_plot"] = self._precision_recall
        found.pictures["calibration_curve_plot"] = self._calibration

    def _mean_area(self, average: str) -> float:
        """Of the classes that the data has: the area of another one is NaN."""
        places = np.flatnonzero(self._counts.support > 0).tolist()
        areas = [self._rank(place).roc_auc for place in places]
        weights = self._counts.support[places] if average == "weighted" else None
        return float(np.average(areas, weights=weights))

    def _has_curves(self) -> bool:
        return len(self._labels) <= int(self._config.get("max_classes_for_multiclass_roc_pr", 10))

    def _table(self) -> dict[str, list[Any]]:
        places = range(len(self._labels))
        by_class = self._counts.by_class()
        rows = [
            {
                "positive_class": self._labels[place],
                **self._counts.one_against_all(place),
                "example_count": len(self._y),
                "accuracy_score": self._counts.accuracy_of(place),
                **{name: float(values[place]) for name, values in by_class.items()},
                **self._areas(place),
            }
            for place in places
        ]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _areas(self, place: int) -> dict[str, float]:
        if self._shares is None or not self._has_curves():
            return {}
        rank = self._rank(place)
        return {"roc_auc": rank.roc_auc, "precision_recall_auc": rank.average_precision}

    # --- pictures

    def _drawn_places(self) -> list[int]:
        return [self._positive] if len(self._labels) == 2 else list(range(len(self._labels)))

    def _name(self, place: int) -> str:
        return clipped(str(self._labels[place]), drawing.LONGEST_NAME)

    def _roc(self) -> bytes:
        lines = [
            (f"{self._name(p)}, AUC={r.roc_auc:.3f}", r.false_rates, r.true_rates)
            for p, r in ((place, self._rank(place)) for place in self._drawn_places())
        ]
        chance = ("", [0, 1], [0, 1])
        return drawing.line_plot(lines, title="ROC curve", names=(_FALSE, _TRUE), chance=chance)

    def _precision_recall(self) -> bytes:
        lines = [
            (f"{self._name(p)}, AP={r.average_precision:.3f}", r.recall, r.precision)
            for p, r in ((place, self._rank(place)) for place in self._drawn_places())
        ]
        names = ("Recall", "Precision")
        return drawing.line_plot(lines, title="Precision recall curve", names=names)

    def _calibration(self) -> bytes:
        assert self._shares is not None
        lines = [
            drawing.calibration_line(
                self._name(p), self._counts.true_places == p, self._shares[:, p]
            )
            for p in self._drawn_places()
        ]
        names, chance = (
            ("Mean predicted probability", "Fraction of positives"),
            ("", [0, 1], [0, 1]),
        )
        return drawing.line_plot(lines, title="Calibration curve", names=names, chance=chance)

    def _lift(self) -> bytes:
        assert self._shares is not None
        place = self._positive
        is_it, share = self._counts.true_places == place, self._shares[:, place]
        line = drawing.lift_line(self._name(place), is_it, share)
        names = ("Percentage of sample", "Lift")
        return drawing.line_plot([line], title="Lift curve", names=names)

    def _matrix(self) -> bytes:
        return drawing.matrix_plot(self._counts.weighted, [str(each) for each in self._labels])
