"""The Keras hook: what is put around which methods of the class that trains for a backend."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import method_patches

_HERE = "nbtrack.hooks.keras"
_TRAINER = re.compile(r"keras\.src\.backend\.\w+\.trainer")
_METHODS = {
    "fit": f"{_HERE}.fits:around_fit",
    "evaluate": f"{_HERE}.evaluations:around_evaluate",
    "predict": "nbtrack.hooks.sklearn.estimator_predictions:around_predict",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags(CommonFlags):
    log_every_epoch: bool = True
    log_every_n_steps: int | None = None
    save_exported_model: bool = False
    save_model_kwargs: Mapping[str, Any] | None = None

    @property
    def model_options(self) -> Mapping[str, Any]:
        return {
            "save_exported_model": self.save_exported_model,
            "save_model_kwargs": self.save_model_kwargs,
        }


def autolog(
    log_every_epoch: bool = True,
    log_every_n_steps: int | None = None,
    log_models: bool = True,
    log_model_signatures: bool = True,
    save_exported_model: bool = False,
    log_datasets: bool = True,
    log_input_examples: bool = False,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    save_model_kwargs: Mapping[str, Any] | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record what Keras trains: `nbtrack.autolog` with more to say.

    log_every_epoch: the values of each epoch.
    log_every_n_steps: the values of every n-th step instead.
    registered_model_name: register each model under this name.
    save_model_kwargs: for `keras.Model.save`.
    """
    if log_every_epoch == (log_every_n_steps is not None):
        raise InvalidValue(
            f"log_every_n_steps is {log_every_n_steps!r}: give it with log_every_epoch=False, and "
            "not without."
        )
    flags = Flags(
        log_every_epoch=log_every_epoch,
        log_every_n_steps=log_every_n_steps,
        save_exported_model=save_exported_model,
        save_model_kwargs=save_model_kwargs,
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        log_models=log_models,
        log_datasets=log_datasets,
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        registered_model_name=registered_model_name,
        extra_tags=extra_tags,
    )
    library.ask(flags, disable=disable)


def _patches(module: ModuleType) -> Iterator[Patch]:
    if _TRAINER.fullmatch(module.__name__):
        yield from method_patches(module, _METHODS)


library = Library(
    "keras",
    hook=f"{_HERE}.hook",
    flags=Flags(),
    patches=_patches,
    tested=((3, 5), (3, 15)),
)
enable, disable = library.enable, library.disable
