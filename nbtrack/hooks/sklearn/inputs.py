"""The data of a fit: recorded, kept in mind to find leaks, and its first rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.data.datasets import log_dataset
from nbtrack.hooks.data.rows import EXAMPLE_ROWS, first_rows
from nbtrack.hooks.measured.leaks import note_fitted

if TYPE_CHECKING:
    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.recording.active_run import ActiveRun


def log_inputs(run: ActiveRun, call: FitCall, flags: CommonFlags) -> None:
    if not flags.log_datasets or call.X is None:
        return
    found = log_dataset(
        run, call.X, y=call.y, name=call.X_name, y_name=call.y_name, context="train"
    )
    with guarded("look for leaks"):
        best = getattr(call.estimator, "best_estimator_", None)
        models = [call.estimator] if best is None else [call.estimator, best]
        note_fitted(models, call.X, call.y, found, call.X_name)


def input_rows(call: FitCall) -> Any:
    """A copy of the first rows of X, in its own form; None if X has no rows to take."""
    return first_rows(call.X, EXAMPLE_ROWS)
