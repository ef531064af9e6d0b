"""Metrics computed from codes and totals: scikit-learn's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from nbtrack.hooks.sklearn.classification_scores import (
    Coded,
    LabelSets,
    accuracy,
    area_under_roc,
    average_precision,
    log_loss,
    pairwise_roc_auc,
    precision_recall_f1,
    thresholds,
)
from nbtrack.hooks.sklearn.regression_scores import regression_scores


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("has_weights", [False, True])
def test_class_metrics_equal_scikit_learn(seed: int, has_weights: bool) -> None:
    """Random labels and scores with ties and classes nobody has, to the last digit but one."""
    random_numbers = np.random.default_rng(seed)
    classes = int(random_numbers.integers(2, 6))
    y = random_numbers.integers(0, classes, 60)
    y[:classes] = range(classes)
    scores = random_numbers.random((60, classes)).round(1) + 1e-3
    scores /= scores.sum(axis=1, keepdims=True)
    predicted = random_numbers.choice([0, classes - 1], 60)
    weights = random_numbers.random(60) if has_weights else None

    coded = Coded(y, predicted, classes=np.arange(classes), weights=weights)

    shared: dict[str, Any] = {"sample_weight": weights}
    averaged = {"average": "weighted", "zero_division": 0, **shared}
    assert accuracy(coded) == pytest.approx(metrics.accuracy_score(y, predicted, **shared))
    assert precision_recall_f1(coded) == pytest.approx(
        [
            score(y, predicted, **averaged)
            for score in (metrics.precision_score, metrics.recall_score, metrics.f1_score)
        ],
        rel=1e-12,
    )
    assert log_loss(coded.true, scores, weights) == pytest.approx(
        metrics.log_loss(y, scores, **shared), rel=1e-12
    )
    if classes > 2 and not has_weights:
        expected = metrics.roc_auc_score(y, scores, average="weighted", multi_class="ovo")
        assert pairwise_roc_auc(y, scores) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_areas_equal_scikit_learn(seed: int) -> None:
    """ROC and precision-recall areas with tied scores, weights, and rows of weight 0."""
    random_numbers = np.random.default_rng(seed)
    y, scores = random_numbers.integers(0, 2, 80), random_numbers.random(80).round(1)
    weights = random_numbers.integers(0, 3, 80) * 0.7

    for used in (None, weights):
        points = thresholds(y == 1, scores, used)
        assert points is not None
        roc = metrics.roc_auc_score(y, scores, sample_weight=used)
        precision = metrics.average_precision_score(y, scores, sample_weight=used)
        assert area_under_roc(points) == pytest.approx(roc, rel=1e-12)
        assert average_precision(points) == pytest.approx(precision, rel=1e-12)


def test_metrics_of_label_sets_equal_scikit_learn() -> None:
    """Also with a label that no row has, and with two labels, where MLflow compares the wrong."""
    random_numbers = np.random.default_rng(0)
    y, predicted = random_numbers.integers(0, 2, (2, 50, 3))
    scores = random_numbers.random((50, 3))
    y[:, 2] = 0

    sets = LabelSets(y, predicted)

    assert sets.accuracy() == pytest.approx(metrics.accuracy_score(y, predicted))
    expected = metrics.f1_score(y, predicted, average="weighted", zero_division=0)
    assert precision_recall_f1(sets)[2] == pytest.approx(expected)
    two = LabelSets(y[:, :2], predicted[:, :2]).roc_auc(scores[:, :2])
    assert two == pytest.approx(
        metrics.roc_auc_score(y[:, :2], scores[:, :2], average="weighted"), rel=1e-12
    )


def test_regression_metrics_equal_scikit_learn() -> None:
    """Several targets, one of them constant, with weights."""
    random_numbers = np.random.default_rng(0)
    y, predicted = random_numbers.random((2, 30, 3))
    y[:, 1] = 4
    weights = random_numbers.random(30)

    ours = regression_scores(y, predicted, weights=weights)

    for name in ("mean_squared_error", "mean_absolute_error", "r2_score"):
        expected = getattr(metrics, name)(y, predicted, sample_weight=weights)
        assert ours[name] == pytest.approx(expected, rel=1e-12)
