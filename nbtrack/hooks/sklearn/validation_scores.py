"""What the cross-validating functions return, as series of points, single numbers and a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbtrack.hooks.training.param_texts import param_text

Given = Mapping[str, Any]  # the call's arguments by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """*series* are lists of (step, value); *table* is CSV, "" for none."""

    family: str
    series: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    numbers: dict[str, float] = field(default_factory=dict)
    table: str = ""


Reader = Callable[[Any, Given], Scores]  # from what a function returned, and was given


def of_cross_validate(result: Mapping[str, Any], _given: Given) -> Scores:
    """Also what each fold took; what else is asked for (estimators, indices) is no score."""
    columns = {
        name: values
        for name, values in result.items()
        if name in ("fit_time", "score_time") or name.startswith(("test_", "train_"))
    }
    return _by_fold(columns)


def of_cross_val_score(result: Any, _given: Given) -> Scores:
    return _by_fold({"test_score": result})


def _by_fold(columns: Mapping[str, Any]) -> Scores:
    values = {name: _floats(column) for name, column in columns.items()}
    numbers = {}
    for name, each in values.items():
        numbers[f"{name}_mean"], numbers[f"{name}_std"] = _mean_and_std(each)
    series = {name: list(enumerate(each)) for name, each in values.items()}
    return Scores(family="cv", series=series, numbers=numbers)


def of_learning_curve(result: Sequence[Any], _given: Given) -> Scores:
    sizes = [int(size) for size in result[0]]
    columns = dict(zip(("train_score", "test_score", "fit_time", "score_time"), result[1:]))
    return Scores(
        family="learning_curve",
        series=_along(sizes, columns),
        table=_table("train_size", sizes, columns),
    )


def of_validation_curve(result: Sequence[Any], given: Given) -> Scores:
    name = given["param_name"]
    columns = dict(zip(("train_score", "test_score"), result))
    values = [param_text(value) for value in given["param_range"]]
    return Scores(
        family=f"validation_curve_{name}",
        series=_along(range(len(values)), columns),
        table=_table(name, values, columns),
    )


def of_permutation_test(result: tuple[Any, Any, Any], _given: Given) -> Scores:
    score, permuted, pvalue = result
    return Scores(
        family="permutation_test",
        series={"permuted_score": list(enumerate(_floats(permuted)))},
        numbers={"score": float(score), "pvalue": float(pvalue)},
    )


def of_cross_val_predict(_result: Any, _given: Given) -> Scores:
    return Scores(family="cv_predict")


def _along(steps: Sequence[int], columns: Mapping[str, Any]) -> dict[str, list[tuple[int, float]]]:
    """Mean and deviation of each row of (steps x folds), at its step."""
    series: dict[str, list[tuple[int, float]]] = {}
    for name, rows in columns.items():
        of_rows = [_mean_and_std(_floats(row)) for row in rows]
        series[name] = [(step, mean) for step, (mean, _) in zip(steps, of_rows)]
        series[f"{name}_std"] = [(step, std) for step, (_, std) in zip(steps, of_rows)]
    return series


def _table(name: str, values: Iterable[Any], columns: Mapping[str, Any]) -> str:
    """A row for each value and fold."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([name, "fold", *columns])
    for value, *rows in zip(values, *columns.values()):
        for fold, scores in enumerate(zip(*map(_floats, rows))):
            writer.writerow([value, fold, *("" if s != s else s for s in scores)])
    return buffer.getvalue()


def _floats(values: Iterable[Any]) -> list[float]:
    return [float(value) for value in values]


def _mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """As numpy has them: no fold, or one that has no score, gives NaN."""
    import numpy as np

    if not values:
        return float("nan"), float("nan")
    with np.errstate(all="ignore"):
        return float(np.mean(values)), float(np.std(values))
