"""What LightGBM calls in each iteration, and what it knows when the training has ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from lightgbm.callback import EarlyStopException

from nbtrack.hooks.training.loop import Loop

KINDS = ("split", "gain")
# If a callback stops, LightGBM asks no later one; where nothing is said, the first of n has -n.
_STOPPING = ("early_stopping_round", "early_stopping_rounds", "early_stopping", "n_iter_no_change")
FIRST, LAST = -1_000_000, 1_000_000


def callbacks_of(loop: Loop, own: Collection[Any]) -> list[Callable[[Any], None]]:
    """To be put before the user's *own*."""

    def add(env: Any) -> None:
        if loop.last_step is None:
            total = env.end_iteration - env.begin_iteration
            loop.expects(total, may_end_early=bool(own) or _stops_early(env.params))
        loop.add(env.iteration, _values(env.evaluation_result_list or ()))

    def stop(env: Any) -> None:
        if loop.is_to_stop():
            loop.is_stopped = True
            raise EarlyStopException(env.iteration, env.evaluation_result_list or [])

    vars(add).update(order=FIRST, before_iteration=False)
    vars(stop).update(order=LAST, before_iteration=False)
    return [add, stop]


def _stops_early(params: Mapping[str, Any]) -> bool:
    return any(name in params for name in _STOPPING)


def _values(results: Any) -> Iterator[tuple[str, str, float]]:
    for data, metric, value, *more in results:
        if len(more) > 1:  # cv: (data, metric, mean, is_higher_better, deviation)
            yield data, f"{metric}-mean", value
            yield data, f"{metric}-std", more[1]
        else:
            yield data, metric, value


def tell_best(loop: Loop, booster: Any) -> None:
    """LightGBM counts the trees: 1 is the first iteration, and 0 is none."""
    if booster.best_iteration > 0 and not loop.is_stopped:  # where it is where it stopped
        loop.best_iteration = booster.best_iteration - 1
        scores = [score for metrics in booster.best_score.values() for score in metrics.values()]
        if len(scores) == 1:  # of several it does not say which one it went by
            loop.best_score = float(scores[0])


def importances_of(booster: Any) -> Mapping[str, Mapping[str, float]]:
    names = booster.feature_name()
    found = {kind: booster.feature_importance(importance_type=kind) for kind in KINDS}
    return {kind: dict(zip(names, numbers.tolist())) for kind, numbers in found.items()}
