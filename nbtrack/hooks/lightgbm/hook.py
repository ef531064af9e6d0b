"""The LightGBM hook: what is put around which of its methods and functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import method_patches

_HERE = "nbtrack.hooks.lightgbm"
_PREDICTED = "nbtrack.hooks.sklearn.predictions:around_predict"
_BY_FUNCTION = {"train": f"{_HERE}.train:around_train", "cv": f"{_HERE}.train:around_cv"}
_BY_METHOD = {"fit": f"{_HERE}.fits:around_fit", "predict": _PREDICTED, "predict_proba": _PREDICTED}


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record what LightGBM trains: `nbtrack.autolog` with more to say.

    registered_model_name: register each model under this name.
    """
    if disable:
        library.switch.turn_off(by_name=True)
        return
    flags = CommonFlags(
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
    library.switch.turn_on(flags, by_name=True)


def _patches(module: ModuleType) -> Iterator[Patch]:
    name = module.__name__
    if name == "lightgbm.engine":
        for function, around in _BY_FUNCTION.items():
            yield Patch(f"{name}:{function}", around)
    if name == "lightgbm.basic":
        yield Patch(f"{name}:Booster.predict", _PREDICTED)
    if name == "lightgbm.sklearn":
        yield from method_patches(module, _BY_METHOD)


library = Library(
    "lightgbm",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((4, 0), (4, 7)),
)
enable, disable = library.enable, library.disable
