"""What a trainer, its module and their data were told: as params, and what early stopping found."""

from __future__ import annotations

import inspect
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from math import isfinite
from typing import Any

from torch.nn import Module

from nbtrack.base.plain_values import PLAIN
from nbtrack.hooks.pytorch.hook import Flags
from nbtrack.hooks.pytorch.settings import (
    Setting,
    device_of,
    optimizer_params,
    scheduler_params,
    summary_of,
    write_settings,
)
from nbtrack.hooks.training.calls import texts_and_origins
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.origins import Origin

_LOG_EVERY = 50  # steps, if nobody says anything: then each step is recorded
# What a Trainer has if nobody says anything. Recorded is what was said.
_DEFAULTS = {
    "min_epochs": 0,
    "max_steps": -1,
    "min_steps": None,
    "accumulate_grad_batches": 1,
    "gradient_clip_val": None,
    "gradient_clip_algorithm": None,
    "precision": "32-true",
    "limit_train_batches": 1.0,
    "limit_val_batches": 1.0,
    "overfit_batches": 0.0,
    "val_check_interval": 1.0,
    "check_val_every_n_epoch": 1,
    "fast_dev_run": False,
}
_HOW = {  # the work is done, and not what is computed
    "log_every_n_steps": _LOG_EVERY,
    "num_sanity_val_steps": 2,
    "reload_dataloaders_every_n_epochs": 0,
    "num_devices": 1,
    "num_nodes": 1,
}
_STOPPING = ("monitor", "mode", "patience")  # MLflow's params of early stopping, with `min_delta`


def log_every(trainer: Any, flags: Flags) -> int:
    """Of how many steps one is recorded."""
    said = flags.log_every_n_step
    if said is None and trainer.log_every_n_steps != _LOG_EVERY and not trainer.fast_dev_run:
        said = trainer.log_every_n_steps
    return max(said, 0) or 2**62 if said is not None else 1


def hyperparameters(*owners: Any) -> tuple[dict[str, str], dict[str, Origin]]:
    """What `save_hyperparameters` kept of a module and its data, and whether it was chosen; of one
    name the last counts."""
    found: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for owner in owners:
        found |= dict(_flat(getattr(owner, "hparams", None) or {}))
        defaults |= _defaults_of(owner)
    return texts_and_origins(found, defaults)


def chosen(module: Any) -> dict[str, Any]:
    """Of its hyperparameters, those that a name can tell: plain, and not the default."""
    defaults = _defaults_of(module)
    return {
        name: value
        for name, value in dict(getattr(module, "hparams", None) or {}).items()
        if type(value) in PLAIN and (name not in defaults or value != defaults[name])
    }


def _defaults_of(owner: Any) -> dict[str, Any]:
    parameters = inspect.signature(type(owner).__init__).parameters
    return {name: p.default for name, p in parameters.items() if p.default is not p.empty}


def _flat(params: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """`optimizer/lr`, as Lightning's loggers have it."""
    for name, value in dict(params).items():
        if isinstance(value, Namespace):
            value = vars(value)
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", type(value).__name__ if isinstance(value, Module) else value


def write_fit_settings(run: RunWriter, trainer: Any, module: Any) -> None:
    """When the module has its optimizers, before anything is trained."""
    write_settings(run, {**_trainer_params(trainer), **_stopping_params(trainer)})
    write_settings(run, _optimizer_params(trainer))
    run.log_text(summary_of(module), "model_summary.txt")


def _trainer_params(trainer: Any) -> dict[str, Setting]:
    """`epochs` is what MLflow calls the most there may be."""
    found = {"epochs": (param_text(trainer.max_epochs), Origin.CHANGED)}
    for defaults, origin in ((_DEFAULTS, Origin.CHANGED), (_HOW, Origin.BOOKKEEPING)):
        for name, default in defaults.items():
            value = getattr(trainer, name, default)
            if value != default:
                found[name] = param_text(value), origin
    return found


def _stopping_params(trainer: Any) -> dict[str, Setting]:
    found = {}
    for place, callback in enumerate(trainer.early_stopping_callbacks):
        given = {name: getattr(callback, name) for name in _STOPPING}
        given["min_delta"] = abs(callback.min_delta)  # it has the sign of the mode
        for name, value in given.items():
            found[_numbered(name, place)] = param_text(value), Origin.UNTOLD
    return found


def _numbered(name: str, place: int) -> str:
    return f"{name}_{place + 1}" if place else name


def _optimizer_params(trainer: Any) -> dict[str, Setting]:
    """The first optimizer's as they are, as in MLflow; `optimizer_2_lr` of another."""
    found: dict[str, Setting] = {}
    for place, optimizer in enumerate(trainer.optimizers):
        own = optimizer_params(optimizer)
        for scheduler in _schedulers_of(optimizer, trainer.lr_scheduler_configs):
            own |= scheduler_params(scheduler)
        own["device"] = device_of(optimizer), Origin.BOOKKEEPING
        prefix = f"optimizer_{place + 1}_" if place else ""
        found |= {f"{prefix}{name}": setting for name, setting in own.items()}
    return found


def _schedulers_of(optimizer: Any, configs: Iterable[Any]) -> Iterator[Any]:
    for config in configs:
        if getattr(config.scheduler, "optimizer", None) is optimizer:
            yield config.scheduler


def stopping_metrics(trainer: Any) -> dict[str, float]:
    """MLflow's `restored_epoch` is left out: Lightning restores none."""
    found: dict[str, float] = {}
    for place, callback in enumerate(trainer.early_stopping_callbacks):
        best = float(callback.best_score)
        if isfinite(best):
            found[_numbered("best_score", place)] = best
        found[_numbered("wait_count", place)] = callback.wait_count
        if callback.stopped_epoch:
            found[_numbered("stopped_epoch", place)] = callback.stopped_epoch
    return found
