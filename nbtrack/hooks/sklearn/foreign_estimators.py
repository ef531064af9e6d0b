"""Fits of a library's estimators that are scikit-learn's too: recorded as those are, and followed
as the trainings of that library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Around
from nbtrack.hooks.sklearn.candidate_curves import part_of_search
from nbtrack.hooks.sklearn.fits import FitKind, FitRecord, Step, begin_fit
from nbtrack.hooks.sklearn.fitted_model import example_of
from nbtrack.hooks.training.importances import log_importances
from nbtrack.hooks.training.models import keep_trained
from nbtrack.hooks.training.record import Record, recorded

if TYPE_CHECKING:
    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.recording.active_run import ActiveRun

Importances = Callable[[Any, Any], Mapping[str, Mapping[str, float]]]  # of a model, by its flags
_SKLEARN = "nbtrack.hooks.sklearn"
_EVALUATED = ("eval_set", "eval_X")  # what `fit` calls the data that it evaluates


def around_fit_of(
    library: Library,
    flavour: ModuleType,
    *,
    following: Callable[[FitRecord], AbstractContextManager[object]],
    importances: Importances,
) -> Around:
    """What to put around `fit` of its estimators. *flavour* is one of `models.flavours`."""
    kind = fit_kind(library, flavour, following=following, importances=importances)

    def begin(
        original: Callable[..., Any],
        estimator: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Record | None:
        record = begin_fit(kind, original, estimator, args, kwargs)
        if record is not None:
            library.say_if_untested()
            return record
        return part_of_search(estimator, args, kwargs) if library.switch.records_here else None

    return recorded(begin)


def fit_kind(
    library: Library,
    flavour: ModuleType,
    *,
    following: Callable[[FitRecord], AbstractContextManager[object]],
    importances: Importances,
) -> FitKind:
    def log_importance(run: ActiveRun, call: FitCall, flags: CommonFlags) -> None:
        log_importances(run, importances(call.estimator, flags))

    def log_model(run: ActiveRun, call: FitCall, flags: CommonFlags) -> None:
        if flags.log_models:
            keep_trained(run, call.estimator, flavour, flags, rows=example_of(call, flags))

    def scores(what: str, function: str) -> Step:
        """Of the training rows: whoever has something evaluated knows what he wants to know."""
        return Step(f"record the {what}", f"{_SKLEARN}.{function}", unless=_EVALUATED)

    steps = (
        Step("record the training data", f"{_SKLEARN}.inputs:log_inputs"),
        scores("training metrics", "training_metrics:log_training_metrics"),
        scores("plots", "plot_numbers:log_plots"),
        Step("record the importances", log_importance),
        Step("record the model", log_model),
    )
    return FitKind(library.package, library.switch, lambda: library.flags, steps, following)
