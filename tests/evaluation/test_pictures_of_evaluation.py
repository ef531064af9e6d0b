"""What is drawn of an evaluation: the curves themselves, by any names of classes."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    precision_recall_curve,
    roc_auc_score,
    roc_curve,
)

from nbtrack.evaluation import drawing
from nbtrack.evaluation.classifier import evaluate_classifier
from nbtrack.evaluation.ranking import ranking_of

RNG = np.random.default_rng(0)
SIZE = (drawing.WIDTH, drawing.HEIGHT)


def pixels_of(picture: bytes) -> np.ndarray:
    image = pytest.importorskip("PIL.Image").open(io.BytesIO(picture))
    assert image.size == SIZE
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_points_of_a_curve_are_those_of_scikit_learn(is_weighted):
    """A few hundred of them, from one end to the other, whatever scores are equal; and the areas,
    also where what is ranked highest has no weight."""
    is_it = RNG.random(5000) < 0.2
    scores = (RNG.normal(size=5000) + is_it).round(2)
    weights = RNG.choice([0, 0.5, 1.3, 2], 5000) if is_weighted else None
    if weights is not None:
        weights[scores > 2] = 0

    found = ranking_of(is_it, scores, weights)

    false, true, _ = roc_curve(is_it, scores, sample_weight=weights, drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(is_it, scores, sample_weight=weights)
    for curve, whole in (
        (zip(found.false_rates, found.true_rates), zip(false, true)),
        (zip(found.recall, found.precision), zip(recall, precision)),
    ):
        known = np.array(list(whole))
        near = [np.abs(known - point).max(axis=1).min() for point in curve]
        assert max(near) < 1e-12
    assert found.roc_auc == pytest.approx(roc_auc_score(is_it, scores, sample_weight=weights))
    expected = average_precision_score(is_it, scores, sample_weight=weights)
    assert found.average_precision == pytest.approx(expected)
    assert ranking_of(is_it & False, scores, weights).average_precision == 0  # as there
    assert 100 < len(found.recall) <= 301
    assert (found.false_rates[0], found.true_rates[0]) == (0, 0)
    assert found.false_rates[-1] == pytest.approx(1)
    assert found.true_rates[-1] == pytest.approx(1)
    assert np.abs(np.diff(found.true_rates)).max() < 0.03


def test_a_line_is_where_its_numbers_are():
    """Also above 1; what is NaN is left out, and a line of nothing else draws nothing."""
    level, none = ("a", [0, 1], [5.0, 5.0]), ("b", [0, 1], [np.nan, np.nan])
    words = {"title": "", "names": ("", "")}
    drawn = pixels_of(drawing.line_plot([level, none], **words))
    empty = pixels_of(drawing.line_plot([("", [], []), ("", [], [])], **words))

    def rows_of_line(picture: np.ndarray) -> list[int]:
        is_blue = np.abs(picture - (0x5C, 0x64, 0xC3)).sum(axis=2) < 120
        return np.flatnonzero(is_blue[:, 100:400].all(axis=1)).tolist()

    assert {43, 44}.intersection(rows_of_line(drawn))  # 5 of 5 is on top
    assert rows_of_line(empty) == []


def test_a_matrix_is_dark_where_the_share_is_high():
    """Of each true class; a class without rows is light, and many classes are drawn, too."""
    drawn = pixels_of(drawing.matrix_plot(np.array([[8.0, 2, 0], [0, 0, 9], [0, 0, 0]]), "abc"))
    dark = [
        [
            bool(drawn[44 + 118 * row + 20, 66 + 124 * column + 20].sum() < 330)
            for column in range(3)
        ]
        for row in range(3)
    ]
    assert dark == [[True, False, False], [False, False, True], [False, False, False]]
    many = pixels_of(drawing.matrix_plot(np.eye(1000), [f"class {n}" for n in range(1000)]))
    assert many[46:52, 68:74].sum() < many[46:52, 400:406].sum()


@pytest.mark.parametrize("count", [2, 3, 14])
def test_classes_of_any_name_are_drawn(count):
    """Markup, what hides or turns the line around, what no XML may hold, no name at all."""
    odd = ["", "<b>&'\"", "\x00\u202e\ud800\ufffe\uffff", "x" * 300, *map(str, range(10))][:count]
    labels = np.array(odd, dtype=object)
    places = np.arange(40) % count
    shares = RNG.dirichlet(np.ones(count), 40)

    found = evaluate_classifier(
        labels[places], labels[shares.argmax(1)], shares, {"label_list": labels}, classes=labels
    )

    assert len(found.pictures) == {2: 5, 3: 4, 14: 2}[count]
    for draw in found.pictures.values():
        assert pixels_of(draw()).min() < 128
