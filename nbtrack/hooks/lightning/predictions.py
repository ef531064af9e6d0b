"""Around `Trainer.predict`: what is measured of the batches goes to the run of the module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from nbtrack.base.guard import guarded
from nbtrack.hooks.lightning.fits import unwrapped
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.measured.prediction_store import Prediction
from nbtrack.hooks.measured.predictions import UNKNOWN_DATA, note_site, predictions
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.recording.active_run import ActiveRun

_DATA = ("dataloaders", "datamodule")
MOST_NUMBERS = 10_000_000  # to be put together


def around_predict(
    original: Callable[..., Any], trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    result = original(trainer, *args, **kwargs)
    with guarded("remember which module made a prediction"):
        frame = users_frame()
        run = known_models.run_of(unwrapped(trainer.lightning_module))
        if frame is not None and run is not None and trainer.world_size == 1:
            call = UsersCall(frame, original, args, kwargs)
            made = Prediction(run, _data_name(call, run))
            note_site(call, trainer, made)
            for batches in _by_loader(result):
                _remember(batches, made)
    return result


def _data_name(call: UsersCall, run: ActiveRun) -> str:
    for parameter in _DATA:
        value = call.given.get(parameter)
        if value is not None and (found := call.name(parameter)) is not None:
            return metric_log_of(run).data_name(found.name, value)
    return UNKNOWN_DATA


def _by_loader(result: Any) -> Iterator[list[Any]]:
    """What a module returns of each batch, where that is a tensor; of several loaders, a list of
    each."""
    if not isinstance(result, list) or not result:
        return
    for batches in result if isinstance(result[0], list) else [result]:
        if batches and all(isinstance(each, torch.Tensor) for each in batches):
            yield batches


def _remember(batches: list[Any], made: Prediction) -> None:
    """They are put together before they are measured, and often made classes."""
    for batch in batches:
        predictions.remember_arrays(batch, made)
    if sum(batch.numel() for batch in batches) > MOST_NUMBERS:
        return
    whole = torch.cat(batches)
    made = made._replace(rows=len(whole))
    predictions.remember(whole, made)
    if whole.ndim == 2 and whole.shape[1] > 1:
        predictions.remember(whole.argmax(1), made)
