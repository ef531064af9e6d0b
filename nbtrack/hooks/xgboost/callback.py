"""What XGBoost calls in each iteration, and what it knows when the training has ended."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from xgboost.callback import TrainingCallback

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.loop import Loop


class LoopCallback(TrainingCallback):  # type: ignore[misc]  # xgboost ships no types for it
    """To be the first one: if another says stop, XGBoost asks no later one."""

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop

    def before_training(self, model: Any) -> Any:
        with guarded("count the iterations that a model has already"):
            self._loop.first_step = model.num_boosted_rounds()
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        """Here, when everybody has seen the iteration before."""
        return self._loop.is_to_stop()

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        self._loop.add(self._loop.first_step + epoch, newest(evals_log))
        return False

    def after_training(self, model: Any) -> Any:
        """Whoever asked for early stopping has noted the best iteration in the model, where that of
        an earlier training stays if nobody did."""
        with guarded("tell the best iteration"):
            best, score = model.attr("best_iteration"), model.attr("best_score")
            if best is not None and int(best) >= self._loop.first_step:
                self._loop.best_iteration = int(best)
                self._loop.best_score = None if score is None else float(score)
        return model


def newest(evals_log: Any) -> Iterator[tuple[str, str, float]]:
    for data, metrics in evals_log.items():
        for metric, values in metrics.items():
            newest = values[-1]
            if isinstance(newest, tuple):  # cv
                yield data, f"{metric}-mean", newest[0]
                yield data, f"{metric}-std", newest[1]
            else:
                yield data, metric, newest


def importances_of(booster: Any, kinds: Collection[str] | None) -> Mapping[str, dict[str, float]]:
    return {
        kind: {feature: _total(number) for feature, number in scores.items()}
        for kind in kinds or ("weight",)
        if (scores := booster.get_score(importance_type=kind))
    }


def _total(number: Any) -> float:
    """A linear booster of several classes has a list: as MLflow orders them, by absolute sum."""
    return float(sum(map(abs, number))) if isinstance(number, list) else float(number)
