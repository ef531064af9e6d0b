"""A trial as a run: its params and intermediate values as they come, and how it ended.

| of a trial | is                                                                        |
|------------|---------------------------------------------------------------------------|
| params     | what was suggested                                                        |
| metrics    | `value`, or what the study calls its objectives (`value_0`, `value_1`);   |
|            | `intermediate_value` by step                                              |
| status     | KILLED if it was pruned or interrupted, FAILED if the study counts it so  |
| tags       | `nbtrack.candidate`, its number; its user attributes; `nbtrack.pruned`    |
|            | and `nbtrack.fit_error` say why                                           |
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.base.imported import imported
from nbtrack.hooks.measured.known_models import ByModel
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.record import FIT_ERROR_TAG, MOST_ERROR
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.runs import RunStatus
from nbtrack.records.tags import OWN_PREFIXES, PRUNED_TAG

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

INTERMEDIATE = "intermediate_value"


class Outcome(NamedTuple):
    status: RunStatus
    values: Sequence[float] = ()
    tags: Mapping[str, str] = {}


class TrialRun:
    """*run* tells of a trial as long as that runs; *objectives* are the keys of its values."""

    def __init__(self, run: ActiveRun, number: int, objectives: Sequence[str]) -> None:
        self.run, self.number = run, number
        self.thread = threading.get_ident()  # that it was begun in
        self._objectives = objectives
        self._params: dict[str, str] = {}
        self._last_step: int | None = None
        self._steps: set[int] = set()

    def note_params(self, params: Mapping[str, Any]) -> None:
        self._params |= {storable_key(name): param_text(v) for name, v in params.items()}
        self._write_params()

    def note_value(self, value: Any, step: Any) -> None:
        """Of a step that is reported again, Optuna keeps the first value."""
        if (place := int(step)) not in self._steps:
            self._steps.add(place)
            self._last_step = place
            self.run.log_metric(INTERMEDIATE, float(value), step=place)

    def end(self, outcome: Outcome, *, attributes: Mapping[str, Any]) -> None:
        """*attributes* are those that the user gave the trial."""
        try:
            with guarded(f"record trial {self.number}"):
                self._write(outcome, attributes)
        finally:  # also when the user interrupts us
            with guarded(f"end the run of trial {self.number}"):
                self.run.end(outcome.status)

    def outcome_of_return(self, returned: Any) -> Outcome:
        """As Optuna takes it: what is no number, or not as many as there are objectives, fails."""
        values = _numbers(returned)
        if len(values) == len(self._objectives) and not any(map(isnan, values)):
            return Outcome(RunStatus.FINISHED, values)
        return self._failed(f"the objective returned {returned!r}")

    def outcome_of_error(self, error: BaseException) -> Outcome:
        if isinstance(error, imported("optuna.exceptions", "TrialPruned")):
            return self._pruned(str(error))
        status = RunStatus.KILLED if isinstance(error, KeyboardInterrupt) else RunStatus.FAILED
        return self._failed(f"{type(error).__name__}: {error}", status)

    def outcome_told(self, told: Any) -> Outcome:
        """*told* is the trial as the study keeps it."""
        if told.state.name == "COMPLETE":
            return Outcome(RunStatus.FINISHED, told.values)
        if told.state.name == "PRUNED":
            return self._pruned("")
        return self._failed("it was told to have failed")

    def _pruned(self, reason: str) -> Outcome:
        place = "" if self._last_step is None else f" at step {self._last_step}"
        text = f"pruned{place}" + (f": {reason}" if reason else "")
        return Outcome(RunStatus.KILLED, tags={PRUNED_TAG: text[:MOST_ERROR]})

    def _failed(self, why: str, status: RunStatus = RunStatus.FAILED) -> Outcome:
        return Outcome(status, tags={FIT_ERROR_TAG: f"trial {self.number}: {why}"[:MOST_ERROR]})

    def _write_params(self) -> None:
        """Those that are not on the run: a fit in the trial may have one of that name too."""
        known = self.run.logged.params
        new = {key: text for key, text in self._params.items() if known.get(key) != text}
        if new:
            self.run.hook_params.update(new)
            self.run.log_params(new)

    def _write(self, outcome: Outcome, attributes: Mapping[str, Any]) -> None:
        self._write_params()
        values = dict(zip(self._objectives, outcome.values))
        metrics = [*values, *([INTERMEDIATE] if self._steps else [])]
        self.run.log_metrics(values)
        self.run.set_tags({**_as_tags(attributes), **outcome.tags})
        self.run.note_origins(
            Origins(
                params=all_of(self._params, Origin.CHANGED),
                metrics=all_of(metrics, Origin.MEASURED),
            )
        )


open_trials: ByModel[TrialRun] = ByModel()


def around_suggest(
    original: Callable[..., Any], trial: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Written at once: what a long trial tries can be seen while it runs."""
    value = original(trial, *args, **kwargs)
    if (found := open_trials.find(trial)) is not None:
        with guarded("record a param of a trial"):
            found.note_params({args[0] if args else kwargs["name"]: value})
    return value


def around_report(
    original: Callable[..., Any], trial: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    original(trial, *args, **kwargs)
    if (found := open_trials.find(trial)) is not None:
        with guarded("record an intermediate value of a trial"):
            given = {**dict(zip(("value", "step"), args)), **kwargs}
            found.note_value(**given)


def _numbers(returned: Any) -> list[float]:
    try:
        return [float(v) for v in (returned if isinstance(returned, Sequence) else [returned])]
    except (TypeError, ValueError):
        return []


def _as_tags(attributes: Mapping[str, Any]) -> dict[str, str]:
    return {
        storable_key(name): param_text(value)
        for name, value in attributes.items()
        if not name.startswith(OWN_PREFIXES)
    }
