"""Whether a model is good enough: against numbers, and against another model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.evaluation.results import EvaluationResult

_LEAST = 1e-10  # that something is better by, of which nothing is known but 0


class ModelValidationFailed(NbtrackError):
    """One metric, or several, do not reach their threshold; the message has a line for each."""


class MetricThreshold:
    """*threshold* is a number to reach; *min_absolute_change* and *min_relative_change* (0 to 1)
    say by how much to be better than the baseline. Raises InvalidValue."""

    def __init__(
        self,
        threshold: float | None = None,
        min_absolute_change: float | None = None,
        min_relative_change: float | None = None,
        greater_is_better: bool | None = None,
    ) -> None:
        if not isinstance(greater_is_better, bool):
            raise InvalidValue("A MetricThreshold needs greater_is_better=True or False.")
        if (threshold, min_absolute_change, min_relative_change) == (None, None, None):
            raise InvalidValue("A MetricThreshold needs threshold=, or a change from a baseline.")
        if min_absolute_change is not None and not min_absolute_change > 0:
            raise InvalidValue(f"min_absolute_change is {min_absolute_change!r}; it is above 0.")
        if min_relative_change is not None and not 0 <= min_relative_change <= 1:
            raise InvalidValue(f"min_relative_change is {min_relative_change!r}; it is 0 to 1.")
        self.threshold, self.greater_is_better = threshold, greater_is_better
        self.min_absolute_change, self.min_relative_change = (
            min_absolute_change,
            min_relative_change,
        )

    def faults(self, value: float, baseline: float | None, *, is_compared: bool) -> Iterator[str]:
        """NaN reaches nothing: no comparison with it holds."""
        sign = 1 if self.greater_is_better else -1
        if self.threshold is not None and not sign * value >= sign * self.threshold:
            yield f"is {value:g}, and has to reach {self.threshold:g}"
        changes = (self.min_absolute_change, self.min_relative_change)
        if not is_compared or changes == (None, None):
            return
        if baseline is None:
            yield "is not among those of the baseline"
            return
        gained = sign * (value - baseline)
        if (least := self.min_absolute_change) is not None and not gained >= least:
            yield f"is {value:g}, and has to be {least:g} better than {baseline:g}"
        share = self.min_relative_change
        needed = share * abs(baseline) if share is not None and baseline else _LEAST
        if share is not None and not gained >= needed:
            yield f"is {value:g}, and has to be {share:.1%} better than {baseline:g}"


def validate_evaluation_results(
    validation_thresholds: Mapping[str, MetricThreshold],
    candidate_result: EvaluationResult,
    baseline_result: EvaluationResult | None = None,
) -> None:
    """Raises ModelValidationFailed if *candidate_result* does not reach the thresholds, which are
    by name of the metric; changes are from *baseline_result*."""
    faults = []
    for name, threshold in validation_thresholds.items():
        value = candidate_result.metrics.get(name)
        if value is None:
            faults.append(f"{name} is not among those that were measured")
            continue
        baseline = None if baseline_result is None else baseline_result.metrics.get(name)
        is_compared = baseline_result is not None
        found = threshold.faults(value, baseline, is_compared=is_compared)
        faults += [f"{name} {fault}" for fault in found]
    if faults:
        raise ModelValidationFailed("\n".join(["The model is not good enough:", *faults]))
