"""Metrics of one's own, and what they give back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nbtrack.errors import InvalidValue


@dataclass(kw_only=True)
class MetricValue:
    """*scores* are by row; *aggregate_results* are by name what is logged."""

    scores: Any = None
    justifications: Any = None
    aggregate_results: dict[str, float] | None = None

    def __post_init__(self) -> None:
        numbers = self.scores is not None and self.aggregate_results is None
        if numbers and all(isinstance(each, int | float) for each in self.scores):
            self.aggregate_results = standard_aggregations(self.scores)


def standard_aggregations(scores: Any) -> dict[str, float]:
    """Mean, variance and the 90th percentile."""
    import numpy as np

    return {
        "mean": float(np.mean(scores)),
        "variance": float(np.var(scores)),
        "p90": float(np.percentile(scores, 90)),
    }


@dataclass(frozen=True, kw_only=True)
class EvaluationMetric:
    """*eval_fn* takes predictions and targets, both Series, and, by name, `metrics` (those that are
    known by then), columns of the data and entries of evaluator_config."""

    eval_fn: Callable[..., Any]
    name: str
    greater_is_better: bool
    long_name: str | None = None
    version: str | None = None
    metric_details: str | None = None
    metric_metadata: Mapping[str, Any] | None = field(default=None)

    def values(self, facts: Facts) -> dict[str, float]:
        """What of it is logged, by name."""
        given = self.eval_fn(facts.predictions, facts.targets, **self._others(facts))
        name = f"{self.name}/{self.version}" if self.version else self.name
        if isinstance(given, MetricValue):
            results = given.aggregate_results or {}
            return {
                name if key == self.name else f"{name}/{key}": float(value)
                for key, value in results.items()
            }
        if isinstance(given, bool) or not hasattr(given, "__float__"):
            raise InvalidValue(
                f"The metric {self.name!r} gave {given!r:.80}; return a number or a MetricValue."
            )
        return {name: float(given)}

    def _others(self, facts: Facts) -> dict[str, Any]:
        found = {}
        parameters = list(inspect.signature(self.eval_fn).parameters.values())
        for each in parameters[2:]:
            if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
                continue
            if each.name in facts.known:
                found[each.name] = facts.known[each.name]
            elif each.default is each.empty:
                raise InvalidValue(
                    f"The metric {self.name!r} wants {each.name!r}, which is neither a column of "
                    "the data nor in evaluator_config. Give it there, or a default."
                )
        return found


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a metric of one's own may ask for; *known* by name."""

    predictions: Any
    targets: Any
    known: Mapping[str, Any]


def make_metric(
    *,
    eval_fn: Callable[..., Any],
    greater_is_better: bool,
    name: str | None = None,
    long_name: str | None = None,
    version: str | None = None,
    metric_details: str | None = None,
    metric_metadata: Mapping[str, Any] | None = None,
) -> EvaluationMetric:
    """A metric for `extra_metrics`; without *name*, that of the function. Raises InvalidValue."""
    found = name or str(getattr(eval_fn, "__name__", "<lambda>"))
    if found == "<lambda>":
        raise InvalidValue("A lambda has no name: give the metric one, name='…'.")
    if "/" in found:
        raise InvalidValue(f"The metric is called {found!r}; a '/' would be its version.")
    return EvaluationMetric(
        eval_fn=eval_fn,
        name=found,
        greater_is_better=greater_is_better,
        long_name=long_name or found,
        version=version,
        metric_details=metric_details,
        metric_metadata=metric_metadata,
    )
