"""Fits of scikit-learn that draw from numpy's generator, and make no use of what they draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from nbtrack.provenance.warnings.searched_params import fitted_parts, own_value

_MOST_ROWS_WITHOUT_STOPPING = 10_000
_WITHOUT_STATE = ("GraphicalLasso", "GraphicalLassoCV")  # and draw
# Parameters that the rules below look at.
_ASKED = frozenset(
    {"random_state", "probability", "early_stopping", "max_features", "solver", "penalty", "dual"}
    | {"l1_ratio", "l1_ratios", "loss", "selection", "shuffle"}
)
_DRAW_ANYHOW = (*_WITHOUT_STATE, "SGDOneClassSVM")  # whatever their random_state is


class Shape(NamedTuple):
    """Of the data; 0 where it is not known."""

    rows: int
    columns: int


def harmless_fit(estimator: Any, shape: Shape) -> bool:
    """Whether a fit of *estimator*, an estimator of scikit-learn, is the same each time, though it
    may draw from numpy's generator: every part of it is known to leave what it draws unused."""
    random = [each for each in fitted_parts(estimator, _ASKED) if _may_draw(each)]
    return bool(random) and all(_leaves_unused(each, shape) for each in random)


def _may_draw(part: Any) -> bool:
    return own_value(part, "random_state", 0) is None or type(part).__name__ in _DRAW_ANYHOW


def _leaves_unused(part: Any, shape: Shape) -> bool:
    kind: Any = type(part)
    rule = _RULES.get(kind.__name__) if kind.__module__.startswith("sklearn.") else None
    return rule is not None and rule(part, shape)


def _of_libsvm(part: Any, _shape: Shape) -> bool:
    return getattr(part, "probability", False) in (False, "deprecated")


def _of_histograms(part: Any, shape: Shape) -> bool:
    stops = part.early_stopping
    is_small = stops == "auto" and shape.rows <= _MOST_ROWS_WITHOUT_STOPPING
    return (stops is False or is_small) and part.max_features == 1.0


def _of_logistic(part: Any, _shape: Shape) -> bool:
    """Liblinear shuffles for a penalty of l1, and in the dual."""
    if part.solver == "liblinear":
        ratio = getattr(part, "l1_ratio", None) or getattr(part, "l1_ratios", None)
        return not part.dual and part.penalty in ("l2", "deprecated") and ratio in (None, 0, "warn")
    return part.solver not in ("sag", "saga")


def _of_liblinear(part: Any, shape: Shape) -> bool:
    """Of these losses alone it solves the primal."""
    if not part.loss.startswith("squared_") or getattr(part, "penalty", "l2") != "l2":
        return False
    return part.dual is False or (part.dual == "auto" and _is_tall(part, shape))


def _is_tall(part: Any, shape: Shape) -> bool:
    """Not fewer rows than columns: by what it was fitted with, or else in folds of the data too,
    each of which has half of the rows at least."""
    fitted = getattr(part, "n_features_in_", None)
    if fitted is not None:
        return bool(shape.rows >= fitted)
    return bool(shape.columns) and shape.rows >= 2 * shape.columns


def _of_coordinates(part: Any, _shape: Shape) -> bool:
    return bool(part.selection == "cyclic")


def _of_one_class(part: Any, _shape: Shape) -> bool:
    """Its data have a seed of numpy's generator, which no sampling asks for; its order has not."""
    return part.random_state is not None or not part.shuffle


def _always(_part: Any, _shape: Shape) -> bool:
    return True


_RULES: Mapping[str, Callable[[Any, Shape], bool]] = {
    **dict.fromkeys(["SVC", "SVR", "NuSVC", "NuSVR", "OneClassSVM"], _of_libsvm),
    **dict.fromkeys(
        ["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"], _of_histograms
    ),
    **dict.fromkeys(["LogisticRegression", "LogisticRegressionCV"], _of_logistic),
    **dict.fromkeys(["LinearSVC", "LinearSVR"], _of_liblinear),
    **dict.fromkeys(["Lasso", "ElasticNet", "LassoCV", "ElasticNetCV"], _of_coordinates),
    **dict.fromkeys(
        ["MultiTaskLasso", "MultiTaskElasticNet", "MultiTaskLassoCV", "MultiTaskElasticNetCV"],
        _of_coordinates,
    ),
    "SGDOneClassSVM": _of_one_class,
    **dict.fromkeys(_WITHOUT_STATE, _always),  # they take coordinates in turn
}


def only_harmless(
    before: Mapping[str, int], after: Mapping[str, int], fits: Sequence[tuple[int, int]]
) -> set[str]:
    """Generators that moved in harmless *fits* alone: states of numpy's before and after each."""
    state = before.get("numpy")
    for began, ended in fits:
        state = ended if state == began else state
    return {"numpy"} if state is not None and state == after.get("numpy") else set()
