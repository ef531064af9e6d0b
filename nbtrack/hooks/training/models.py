"""The trained model as an artifact, with the signature that its first training rows give it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.data.rows import EXAMPLE_ROWS, first_rows
from nbtrack.hooks.quiet import unnoticed
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.models.folder import FlavorParts
    from nbtrack.models.model_info import ModelInfo
    from nbtrack.recording.active_run import ActiveRun

MODEL_PATH = "model"
REGISTER_SECONDS = 2.0  # a fit does not wait longer for a database that another program holds


def log_trained(
    run: ActiveRun,
    model: Any,
    parts_of: Callable[[], FlavorParts],
    flags: CommonFlags,
    *,
    rows: Any,
    predict: Callable[[Any], Any] | None,
    path: str = MODEL_PATH,
) -> ModelInfo:
    """*rows* are the first ones that it was trained with; None: they cannot be had."""
    with current_session().set_up:
        from nbtrack.models.saving import log_fitted

    predicted = None
    if flags.log_model_signatures and rows is not None and predict is not None:
        with guarded(f"infer the signature of {type(model).__name__}"), unnoticed(model):
            # A copy, in case that it changes what it is given.
            predicted = predict(first_rows(rows, EXAMPLE_ROWS))
    return log_fitted(
        run,
        parts_of(),
        path,
        signature_rows=None if predicted is None else rows,
        predictions_of_rows=predicted,
        input_example=rows if flags.log_input_examples else None,
    )


def keep_trained(
    run: ActiveRun, model: Any, flavour: ModuleType, flags: CommonFlags, *, rows: Any
) -> None:
    """As *flavour*, one of `models.flavours`, keeps it; registered if the flags say so."""
    info = log_trained(
        run,
        model,
        lambda: flavour.parts_of(model, **flags.model_options),
        flags,
        rows=rows,
        predict=flavour.predictor_of(model).predict,
    )
    register(run, info, flags.registered_model_name)


def register(run: ActiveRun, info: ModelInfo, name: str | None) -> None:
    """At once, because who asked for it may load it in the next line."""
    if name is None:
        return
    from nbtrack.api.model_logging import register_logged

    cure = f"nbtrack.register_model({info.model_uri!r}, {name!r}) does it later"
    with guarded(f"register a model as {name!r} ({cure})"):
        register_logged(run.store, info, name, timeout=REGISTER_SECONDS)
