"""The PyTorch hook: taps in torch, from when it is imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from nbtrack.hooks import patching
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.lightning import hook as lightning

_HERE = "nbtrack.hooks.pytorch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags(CommonFlags):
    log_every_n_epoch: int = 1
    log_every_n_step: int | None = None
    checkpoint: bool = True
    checkpoint_monitor: str = "val_loss"
    checkpoint_mode: str = "min"
    checkpoint_save_best_only: bool = True
    checkpoint_save_weights_only: bool = False
    checkpoint_save_freq: str | int = "epoch"


class Torch(Library):
    """It is tapped as a whole, when all of it is there, and Lightning's packages with it."""

    def enable(self, flags: CommonFlags) -> None:
        super().enable(flags)
        lightning.enable(flags)

    def disable(self) -> None:
        super().disable()
        lightning.disable()
        if f"{_HERE}.tapping" in sys.modules:
            _loops().end()


def _patches(module: ModuleType) -> Iterator[patching.Patch]:
    """None: what is called at every step has taps, which are lighter."""
    if module.__name__ == "torch":
        _loops().begin()
    yield from ()


def _loops() -> Any:
    return importlib.import_module(f"{_HERE}.tapping").loops


def autolog(
    log_every_n_epoch: int = 1,
    log_every_n_step: int | None = None,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
    checkpoint: bool = True,
    checkpoint_monitor: str = "val_loss",
    checkpoint_mode: str = "min",
    checkpoint_save_best_only: bool = True,
    checkpoint_save_weights_only: bool = False,
    checkpoint_save_freq: str | int = "epoch",
    log_model_signatures: bool = True,
) -> None:
    """Record plain training loops, and what Lightning trains: settings, what is logged, the model.

    log_model_signatures: kept with the model, from its first call.
    registered_model_name: register each model under this name.

    Of Lightning alone:
    log_every_n_epoch: record what is logged of a whole epoch in one of so many epochs.
    log_every_n_step: record what is logged of a step in one of so many steps; None: in each, or
    where the Trainer's own `log_every_n_steps` says.
    checkpoint: keep checkpoints as artifacts.
    checkpoint_monitor, checkpoint_mode: what makes one the best, and if it is the "min" or "max".
    checkpoint_save_best_only: keep the best alone.
    checkpoint_save_weights_only: leave the states of optimizers and schedulers out.
    checkpoint_save_freq: "epoch", or after how many steps.
    """
    flags = Flags(
        log_every_n_epoch=log_every_n_epoch,
        log_every_n_step=log_every_n_step,
        log_models=log_models,
        log_datasets=log_datasets,
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
        checkpoint=checkpoint,
        checkpoint_monitor=checkpoint_monitor,
        checkpoint_mode=checkpoint_mode,
        checkpoint_save_best_only=checkpoint_save_best_only,
        checkpoint_save_weights_only=checkpoint_save_weights_only,
        checkpoint_save_freq=checkpoint_save_freq,
        log_model_signatures=log_model_signatures,
    )
    library.ask(flags, disable=disable)


library = Torch(
    "torch",
    hook=f"{_HERE}.hook",
    flags=Flags(),
    patches=_patches,
    tested=((2, 4), (2, 13)),
)
enable, disable = library.enable, library.disable
