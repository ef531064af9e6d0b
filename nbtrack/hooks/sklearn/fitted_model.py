"""The fitted model as an artifact, `model`; of a search also `best_estimator`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.sklearn.inputs import input_rows
from nbtrack.hooks.training.models import MODEL_PATH, log_trained, register
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.hooks.sklearn.fit_call import FitCall
    from nbtrack.hooks.sklearn.flags import Flags
    from nbtrack.models.model_info import ModelInfo
    from nbtrack.recording.active_run import ActiveRun

BEST_PATH = "best_estimator"


def log_fitted_model(run: ActiveRun, call: FitCall, flags: Flags) -> None:
    """Raises ModelNotSaved for what no pickle takes."""
    if not flags.log_models:
        return
    rows = example_of(call, flags)
    info = _save(run, call.estimator, MODEL_PATH, rows, flags)
    best = getattr(call.estimator, "best_estimator_", None)
    if best is not None:
        _save(run, best, BEST_PATH, rows, flags)
    register(run, info, flags.registered_model_name)


def example_of(call: FitCall, flags: CommonFlags) -> Any:
    """The first rows of X, a copy; None if they cannot be had."""
    if not (flags.log_model_signatures or flags.log_input_examples):
        return None
    with guarded(f"take the first rows for the signature of {type(call.estimator).__name__}"):
        return input_rows(call)
    return None


def _save(run: ActiveRun, model: Any, path: str, rows: Any, flags: Flags) -> ModelInfo:
    with current_session().set_up:
        from nbtrack.models.flavours import sklearn as flavour

    def parts_of() -> Any:
        return flavour.parts_of(model, serialization_format=flags.serialization_format)

    # None, and so no signature, if it cannot say.
    method = next((name for name in ("predict", "transform") if hasattr(model, name)), None)
    predict = None if method is None else getattr(model, method)
    return log_trained(run, model, parts_of, flags, rows=rows, predict=predict, path=path)
