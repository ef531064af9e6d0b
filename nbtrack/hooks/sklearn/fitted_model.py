"""The fitted model as an artifact, `model`; of a search also `best_estimator`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.quiet import unnoticed
from nbtrack.hooks.sklearn.inputs import EXAMPLE_ROWS, input_rows
from nbtrack.hooks.sklearn.rows import first_rows
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.models.model_info import ModelInfo
    from nbtrack.recording.active_run import ActiveRun

MODEL_PATH, BEST_PATH = "model", "best_estimator"
REGISTER_SECONDS = 2.0  # a fit does not wait longer for a database that another program holds


def log_fitted_model(run: ActiveRun, call: FitCall, flags: Flags) -> None:
    """Raises ModelNotSaved for what no pickle takes."""
    if not flags.log_models:
        return
    rows = _example(call, flags)
    info = _save(run, call.estimator, MODEL_PATH, rows, flags)
    best = getattr(call.estimator, "best_estimator_", None)
    if best is not None:
        _save(run, best, BEST_PATH, rows, flags)
    if flags.registered_model_name is not None:
        _register(run, info, flags.registered_model_name)


def _register(run: ActiveRun, info: ModelInfo, name: str) -> None:
    """At once, because who asked for it may load it in the next line."""
    from nbtrack.api.model_logging import register_logged

    cure = f"nbtrack.register_model({info.model_uri!r}, {name!r}) does it later"
    with guarded(f"register a model as {name!r} ({cure})"):
        register_logged(run.store, info, name, timeout=REGISTER_SECONDS)


def _example(call: FitCall, flags: Flags) -> Any:
    """The first rows of X, a copy; None if they cannot be had."""
    if not (flags.log_model_signatures or flags.log_input_examples):
        return None
    with guarded(f"take the first rows for the signature of {type(call.estimator).__name__}"):
        return input_rows(call)
    return None


def _save(run: ActiveRun, model: Any, path: str, rows: Any, flags: Flags) -> ModelInfo:
    with current_session().set_up:
        from nbtrack.models.saving import save_fitted

    predicted = _predicted(model, rows) if flags.log_model_signatures else None
    return save_fitted(
        run,
        model,
        path,
        signature_rows=None if predicted is None else rows,
        predictions_of_rows=predicted,
        input_example=rows if flags.log_input_examples else None,
        serialization_format=flags.serialization_format,
    )


def _predicted(model: Any, rows: Any) -> Any:
    """What *model* makes of *rows*; None, and so no signature, if it cannot say."""
    method = next((name for name in ("predict", "transform") if hasattr(model, name)), None)
    if rows is None or method is None:
        return None
    with guarded(f"infer the signature of {type(model).__name__}"), unnoticed(model):
        # A copy, in case that it changes what it is given.
        return getattr(model, method)(first_rows(rows, EXAMPLE_ROWS))
    return None
