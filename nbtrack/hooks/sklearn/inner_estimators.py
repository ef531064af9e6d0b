"""Which estimators are within an estimator, recognised without importing their modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nbtrack.base.imported import is_instance

# With one of these set to False an estimator may write into the X it is given.
_COPY_PARAMS = ("copy", "copy_X", "copy_x")


def is_pipeline(estimator: Any) -> bool:
    return is_instance(estimator, "sklearn.pipeline", "Pipeline")


def is_search(estimator: Any) -> bool:
    return is_instance(estimator, "sklearn.model_selection", "GridSearchCV") or is_instance(
        estimator, "sklearn.model_selection._search", "BaseSearchCV"
    )


def deciding_estimator(estimator: Any) -> Any:
    """The one that does the work: a pipeline's last step, a search's best, a target's regressor."""
    for _ in range(8):
        inner = _inner(estimator)
        if inner is None or isinstance(inner, str):
            return estimator
        estimator = inner
    return estimator


def _inner(estimator: Any) -> Any:
    if is_pipeline(estimator):
        return estimator.steps[-1][1] if estimator.steps else None
    if is_search(estimator):
        return getattr(estimator, "best_estimator_", None)
    if is_instance(estimator, "sklearn.compose", "TransformedTargetRegressor"):
        return getattr(estimator, "regressor_", None)
    return None


def may_change_input(estimator: Any) -> bool:
    """Whether `fit` or `predict` may write into the user's X, because copying was turned off."""
    return any(vars(each).get(name) is False for each in _along(estimator) for name in _COPY_PARAMS)


def _along(estimator: Any) -> Iterator[Any]:
    """The estimator, and those inside that may get the very X it gets."""
    waiting = [estimator]
    for _ in range(64):
        if not waiting:
            return
        each = waiting.pop()
        if not hasattr(each, "__dict__"):
            continue
        yield each
        if is_pipeline(each):
            waiting.extend(step for _, step in each.steps)
        elif is_search(each):
            waiting.append(getattr(each, "best_estimator_", each.estimator))
        else:
            waiting.extend(vars(each).get(name) for name in ("estimator", "regressor"))
