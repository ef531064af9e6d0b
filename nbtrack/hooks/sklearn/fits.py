"""Around `fit`: the outermost call is recorded, and goes on as if nobody looked.

What is known before is written before: a fit that takes the process with it leaves its params.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.capture.argument_names import Parameter, argument_name
from nbtrack.hooks.nesting import calling_frame, is_inside_recorded_call
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.sklearn.callbacks import live_metrics
from nbtrack.hooks.sklearn.estimators import is_recorded
from nbtrack.hooks.sklearn.fit_call import Argument, FitCall, read_arguments
from nbtrack.hooks.sklearn.flags import Flags, current_flags
from nbtrack.hooks.sklearn.hook import switch
from nbtrack.hooks.sklearn.known_models import known_models
from nbtrack.hooks.sklearn.noted_origins import note_params
from nbtrack.hooks.sklearn.params import fit_name, param_texts
from nbtrack.hooks.sklearn.quiet_draws import QuietDraw
from nbtrack.hooks.sklearn.run_choice import CLASS_TAG, NAME_TAG, FitRun, choose_run
from nbtrack.hooks.sklearn.subjects import note_fit, subject_of
from nbtrack.journal.lines import now_us
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Param, RunStatus, RunTag
from nbtrack.records.tags import FIT_TAG

FIT_ERROR_TAG = "nbtrack.fit_error"
_MOST_ERROR = 500  # characters


class Step(NamedTuple):
    action: str  # "could not …"
    function: str  # "module:function", called with the run, the FitCall and the Flags


_HERE = "nbtrack.hooks.sklearn"
STEPS = (
    Step("record the training data", f"{_HERE}.inputs:log_inputs"),
    Step("record the training metrics", f"{_HERE}.training_metrics:log_training_metrics"),
    Step("record the plots", f"{_HERE}.plot_numbers:log_plots"),
    Step("record the learning curves", f"{_HERE}.curves:log_curves"),
    Step("remember the predictions", f"{_HERE}.predictions:note_fit_results"),
    Step("record the candidates", f"{_HERE}.searches:log_search"),
    Step("record the model", f"{_HERE}.fitted_model:log_fitted_model"),
    Step("record estimator.html", f"{_HERE}.estimator_html:log_estimator_html"),
)


def around_fit(
    original: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    kind: Any = type(estimator)
    if not is_recorded(kind) or is_inside_recorded_call() or not switch.records_here:
        return original(estimator, *args, **kwargs)
    record = _begin(original, estimator)
    if record is None:
        return original(estimator, *args, **kwargs)
    drawing = QuietDraw()
    began = time.perf_counter()
    try:
        with record.live_metrics(args, kwargs):
            result = original(estimator, *args, **kwargs)
    except BaseException as exc:
        record.fail(exc)
        raise
    seconds = time.perf_counter() - began
    drawing.end(estimator, args)
    record.finish(result, args, kwargs, seconds=seconds)
    return result


def _begin(original: Callable[..., Any], estimator: Any) -> FitRecord | None:
    """None: the fit is not to be recorded, or cannot be."""
    flags = current_flags()
    with guarded(f"record the fit of {type(estimator).__name__}"):
        chosen = choose_run(current_session(), estimator, flags)
        if chosen is None:
            return None
        record = FitRecord(chosen, original, estimator, flags)
        try:
            record.write_beginning()
        except BaseException as exc:  # the user interrupts us
            record.fail(exc)
            raise
        return record
    return None


class FitRecord:
    """One outermost fit, from before it begins to after it has ended."""

    def __init__(
        self, chosen: FitRun, original: Callable[..., Any], estimator: Any, flags: Flags
    ) -> None:
        self._run, self._ends_with_fit = chosen
        self._original = original
        self._estimator = estimator
        self._flags = flags

    def write_beginning(self) -> None:
        kind = type(self._estimator)
        tags = {NAME_TAG: kind.__name__, CLASS_TAG: f"{kind.__module__}.{kind.__name__}"}
        with guarded(f"name the fit of {kind.__name__}"):
            tags[FIT_TAG] = fit_name(self._estimator)
        params: dict[str, str] = {}
        with guarded(f"record the params of {kind.__name__}"):
            params = param_texts(self._estimator)
            note_fit(self._run, subject_of(self._estimator, params))
            self._run.hook_params.update(params)
        with guarded(f"record the fit of {kind.__name__}"):
            self._run.log_batch(
                params=[Param(key=key, value=value) for key, value in params.items()],
                tags=[RunTag(key=key, value=value) for key, value in tags.items()],
            )
        with guarded(f"tell the defaults of {kind.__name__}"):
            note_params(self._run, self._estimator, params)

    def live_metrics(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> AbstractContextManager[object]:
        """What is known while it runs."""
        with guarded("follow the iterations of a fit"):
            X = read_arguments(self._original, args, kwargs).X.value
            return live_metrics(self._run, self._estimator, X)
        return nullcontext()

    def fail(self, error: BaseException) -> None:
        ended_us = now_us()
        with guarded("record that the fit failed"):
            text = f"{type(self._estimator).__name__}: {type(error).__name__}: {error}"
            self._run.set_tag(FIT_ERROR_TAG, text[:_MOST_ERROR])
        is_interrupt = isinstance(error, KeyboardInterrupt)
        self._end(RunStatus.KILLED if is_interrupt else RunStatus.FAILED, ended_us)

    def finish(
        self, result: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, seconds: float
    ) -> None:
        ended_us = now_us()
        try:
            with guarded(f"record the fit of {type(self._estimator).__name__}"):
                call = self._call(result, args, kwargs, seconds=seconds, ended_us=ended_us)
                self._remember(call)
                with no_warnings():
                    self._take_steps(call)
        finally:  # also when the user interrupts us
            self._end(RunStatus.FINISHED, ended_us)

    def _call(
        self,
        result: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        seconds: float,
        ended_us: int,
    ) -> FitCall:
        given = read_arguments(self._original, args, kwargs)
        return FitCall(
            estimator=self._estimator,
            X=given.X.value,
            y=given.y.value,
            sample_weight=given.sample_weight.value,
            X_name=self._name_of(given.X),
            y_name=self._name_of(given.y),
            result=result,
            method=self._original.__name__,
            seconds=seconds,
            ended_us=ended_us,
        )

    def _name_of(self, argument: Argument) -> str | None:
        """What the user calls it."""
        frame = calling_frame()
        if frame is None or argument.value is None:
            return None
        parameter = Parameter(self._original.__name__, argument.position, argument.keyword)
        found = argument_name(frame, argument.value, parameter)
        return None if found is None else found.name

    def _remember(self, call: FitCall) -> None:
        known_models.remember(call.estimator, self._run)
        best = getattr(call.estimator, "best_estimator_", None)
        if best is not None:
            known_models.remember(best, self._run)

    def _take_steps(self, call: FitCall) -> None:
        for step in STEPS:
            with guarded(f"{step.action} of {type(call.estimator).__name__}"):
                _function(step.function)(self._run, call, self._flags)

    def _end(self, status: RunStatus, ended_us: int) -> None:
        if self._ends_with_fit:
            with guarded("end the run of a fit"):
                self._run.end(status, end_us=ended_us)


@cache
def _function(name: str) -> Callable[..., None]:
    module, _, function = name.partition(":")
    with current_session().set_up:
        found: Callable[..., None] = getattr(import_module(module), function)
    return found
