"""Around `partial_fit`: a loop over batches or epochs is one model, and so one run.

The first call has the params and tags recorded, as a fit has; what is measured after any of them
is the run's. Each call is over in a moment and sees a part of the data, so there are no training
metrics, plots or datasets, and no model: `nbtrack.sklearn.log_model` keeps the one that is good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.nesting import is_inside_recorded_call
from nbtrack.hooks.sklearn.estimators import is_recorded
from nbtrack.hooks.sklearn.fits import SKLEARN, FitRecord
from nbtrack.hooks.sklearn.flags import current_flags
from nbtrack.hooks.sklearn.hook import switch
from nbtrack.hooks.sklearn.run_choice import run_of_fit
from nbtrack.journal.lines import now_us
from nbtrack.recording.session import current_session
from nbtrack.records.runs import RunStatus


def around_partial_fit(
    original: Callable[..., Any], estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = original(estimator, *args, **kwargs)
    if known_models.run_of(estimator) is None:
        with guarded(f"record the partial_fit of {type(estimator).__name__}"):
            kind: Any = type(estimator)
            if is_recorded(kind) and not is_inside_recorded_call():
                _begin(original, estimator)
    return result


def _begin(original: Callable[..., Any], estimator: Any) -> None:
    flags = current_flags()
    chosen = run_of_fit(current_session(), estimator, flags) if switch.records_here else None
    if chosen is None:
        return
    FitRecord(chosen, original, estimator, kind=SKLEARN).write_beginning()
    known_models.remember(estimator, Trained(chosen.run, current_flags))
    if chosen.ends_with_fit:
        chosen.run.end(RunStatus.FINISHED, end_us=now_us())
