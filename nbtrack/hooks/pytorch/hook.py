"""The PyTorch hook: taps in torch, from when it is imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.hooks import patching
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library

_HERE = "nbtrack.hooks.pytorch"


class Torch(Library):
    """It is tapped as a whole, when all of it is there."""

    def disable(self) -> None:
        super().disable()
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
    log_models: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
    **_mlflows: Any,
) -> None:
    """Record plain training loops: settings of the optimizers, losses, learning rates, the model.

    registered_model_name: register each model under this name.
    What MLflow's `autolog` has for Lightning alone (`log_every_n_step`, `checkpoint`, …) is taken
    and changes nothing.
    """
    flags = CommonFlags(
        log_models=log_models,
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
    )
    library.ask(flags, disable=disable)


library = Torch(
    "torch",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((2, 4), (2, 13)),
)
enable, disable = library.enable, library.disable
