"""Around `fit`: what is recorded of an estimator, and by which steps when it is fitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from nbtrack.base.guard import guarded
from nbtrack.capture.argument_names import Parameter, argument_name
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.nesting import calling_frame, is_inside_recorded_call
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.sklearn.callbacks import live_metrics
from nbtrack.hooks.sklearn.candidate_curves import CandidateCurves, watched
from nbtrack.hooks.sklearn.estimators import is_recorded
from nbtrack.hooks.sklearn.fit_call import Argument, FitCall, read_arguments
from nbtrack.hooks.sklearn.flags import current_flags
from nbtrack.hooks.sklearn.hook import switch
from nbtrack.hooks.sklearn.inner_estimators import is_search
from nbtrack.hooks.sklearn.noted_origins import param_origins
from nbtrack.hooks.sklearn.params import fit_name, param_texts
from nbtrack.hooks.sklearn.quiet_draws import QuietDraw
from nbtrack.hooks.sklearn.run_choice import run_of_fit
from nbtrack.hooks.sklearn.subjects import note_fit, subject_of
from nbtrack.hooks.sklearn.worker_curves import brought_home
from nbtrack.hooks.switches import Switch
from nbtrack.hooks.training.record import Record, recorded
from nbtrack.hooks.training.run_choice import FitRun, names_of
from nbtrack.journal.lines import now_us
from nbtrack.recording.session import current_session
from nbtrack.records.origins import Origin
from nbtrack.records.tags import FIT_TAG


class Step(NamedTuple):
    action: str  # "could not …"
    # "module:function", or the function; it is called with the run, the FitCall and the flags.
    function: str | Callable[..., None]
    unless: tuple[str, ...] = ()  # arguments of `fit`, with any of which it is not needed


_HERE = "nbtrack.hooks.sklearn"
STEPS = (
    Step("record the training data", f"{_HERE}.inputs:log_inputs"),
    Step("record the training metrics", f"{_HERE}.training_metrics:log_training_metrics"),
    Step("record the plots", f"{_HERE}.plot_numbers:log_plots"),
    Step("record the learning curves", f"{_HERE}.curves:log_curves"),
    Step("remember the predictions", f"{_HERE}.estimator_predictions:note_fit_results"),
    Step("record the candidates", f"{_HERE}.searches:log_search"),
    Step("record the model", f"{_HERE}.fitted_model:log_fitted_model"),
    Step("record estimator.html", f"{_HERE}.estimator_html:log_estimator_html"),
)


class FitKind(NamedTuple):
    """How the estimators of one framework are recorded, whose fits are like scikit-learn's."""

    flavor: str
    switch: Switch
    flags: Callable[[], CommonFlags]
    steps: tuple[Step, ...]
    following: Callable[[FitRecord], AbstractContextManager[object]]  # while it runs


def begin_fit(
    kind: FitKind,
    original: Callable[..., Any],
    estimator: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> FitRecord | None:
    """None: the fit is not to be recorded, or cannot be."""
    if is_inside_recorded_call() or not kind.switch.records_here:
        return None
    with guarded(f"record the fit of {type(estimator).__name__}"):
        chosen = run_of_fit(current_session(), estimator, kind.flags(), flavor=kind.flavor)
        if chosen is None:
            return None
        record = FitRecord(chosen, original, estimator, args, kwargs, kind=kind)
        record.begin()
        return record
    return None


class FitRecord(Record):
    curves: CandidateCurves | None = None  # of a search

    def __init__(
        self,
        chosen: FitRun,
        original: Callable[..., Any],
        estimator: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
        *,
        kind: FitKind,
    ) -> None:
        super().__init__(chosen, type(estimator).__name__, (estimator, *args), kwargs or {})
        self.estimator, self.original, self.flags = estimator, original, kind.flags()
        self.given = read_arguments(original, args, self.kwargs)
        self._kind = kind

    def write_beginning(self) -> None:
        tags = names_of(self.estimator)
        with guarded(f"name the fit of {self.what}"):
            tags[FIT_TAG] = fit_name(self.estimator)
        params: dict[str, str] = {}
        origins: Mapping[str, Origin] = {}
        with guarded(f"record the params of {self.what}"):
            params = param_texts(self.estimator)
            note_fit(self.run, subject_of(self.estimator, params))
        with guarded(f"tell the defaults of {self.what}"):
            origins = param_origins(self.estimator)
        self.write(params, tags, origins)

    def following(self) -> AbstractContextManager[object]:
        self._drawing = QuietDraw()
        with guarded("follow the iterations of a fit"):
            return self._kind.following(self)
        return nullcontext()

    def write_result(self, result: Any) -> None:
        self._drawing.end(self.estimator, self.args[1:])
        call = self._call(result, ended_us=now_us())
        self._remember(call)
        with no_warnings():
            self._take_steps(call)

    def _call(self, result: Any, *, ended_us: int) -> FitCall:
        given = self.given
        return FitCall(
            estimator=self.estimator,
            X=given.X.value,
            y=given.y.value,
            sample_weight=given.sample_weight.value,
            X_name=self._name_of(given.X),
            y_name=self._name_of(given.y),
            result=result,
            method=self.original.__name__,
            seconds=self.seconds,
            ended_us=ended_us,
            curves=self.curves,
        )

    def _name_of(self, argument: Argument) -> str | None:
        """What the user calls it."""
        frame = calling_frame()
        if frame is None or argument.value is None:
            return None
        parameter = Parameter(self.original.__name__, argument.position, argument.keyword)
        found = argument_name(frame, argument.value, parameter)
        return None if found is None else found.name

    def _remember(self, call: FitCall) -> None:
        trained = Trained(self.run, self._kind.flags)
        known_models.remember(call.estimator, trained)
        best = getattr(call.estimator, "best_estimator_", None)
        if best is not None:
            known_models.remember(best, trained)

    def _take_steps(self, call: FitCall) -> None:
        for step in self._kind.steps:
            if any(self.kwargs.get(name) is not None for name in step.unless):
                continue
            with guarded(f"{step.action} of {self.what}"):
                _function(step.function)(self.run, call, self.flags)


@cache
def _function(named: str | Callable[..., None]) -> Callable[..., None]:
    if not isinstance(named, str):
        return named
    module, _, function = named.partition(":")
    with current_session().set_up:
        found: Callable[..., None] = getattr(import_module(module), function)
    return found


def _follow(record: FitRecord) -> AbstractContextManager[object]:
    following = live_metrics(record.run, record.estimator, record.given.X.value)
    if is_search(record.estimator):
        record.curves = CandidateCurves()
        following.enter_context(watched(record.curves))
        following.enter_context(brought_home(record.estimator, record.curves))
    return following


SKLEARN = FitKind("sklearn", switch, current_flags, STEPS, _follow)


def _begin(
    original: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> FitRecord | None:
    kind: Any = type(estimator)
    if not is_recorded(kind):
        return None
    return begin_fit(SKLEARN, original, estimator, args, kwargs)


around_fit = recorded(_begin)
