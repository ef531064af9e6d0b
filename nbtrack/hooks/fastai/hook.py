"""The fastai hook: what is put around which ways of a learner to fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch

_HERE = "nbtrack.hooks.fastai"
# By the module that makes them methods of the learner. `lr_find` trains for nothing to be kept.
_METHODS = {
    "fastai.learner": ("fit",),
    "fastai.callback.schedule": ("fit_one_cycle", "fit_flat_cos", "fit_sgdr", "fine_tune"),
}


def autolog(
    log_models: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record the fits of fastai's learners: `nbtrack.autolog` has the same flags.

    registered_model_name: register each model under this name.
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


def _patches(module: ModuleType) -> Iterator[Patch]:
    for method in _METHODS.get(module.__name__, ()):
        yield Patch(f"fastai.learner:Learner.{method}", f"{_HERE}.fits:around_{method}")


library = Library(
    "fastai",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((2, 7), (2, 8)),
)
enable, disable = library.enable, library.disable
