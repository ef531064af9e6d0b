"""The model that was trained, kept with the signature that a call of it gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.hooks.training.models import MODEL_PATH, log_trained, register
from nbtrack.models.flavours import pytorch as flavour

if TYPE_CHECKING:
    from torch.nn import Module

    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.hooks.pytorch.first_call import FirstCall
    from nbtrack.recording.active_run import ActiveRun


def keep_model(
    run: ActiveRun,
    model: Module,
    call: FirstCall | None,
    flags: CommonFlags,
    *,
    path: str = MODEL_PATH,
) -> None:
    """If models are to be kept."""
    if not flags.log_models:
        return
    info = log_trained(
        run,
        model,
        lambda: flavour.parts_of(model),
        flags,
        rows=None if call is None else call.rows,
        predict=None if call is None else lambda _rows: call.returned,
        path=path,
    )
    register(run, info, flags.registered_model_name)
