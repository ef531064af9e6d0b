"""The CatBoost hook: what is put around which of its methods and functions.

MLflow has no autolog for it; the flags are those of the other boosting libraries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import method_patches

_HERE = "nbtrack.hooks.catboost"
_PREDICTED = f"{_HERE}.fits:around_predict"
_BY_METHOD = {
    "fit": f"{_HERE}.fits:around_fit",
    **dict.fromkeys(("predict", "predict_proba", "predict_log_proba"), _PREDICTED),
    "score": "nbtrack.hooks.sklearn.scoring:around_score",
}


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
    """Record what CatBoost trains: `nbtrack.autolog` with more to say.

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
    if module.__name__ == "catboost.core":
        yield from method_patches(module, _BY_METHOD)
        yield Patch(f"{module.__name__}:cv", f"{_HERE}.cv:around_cv")


library = Library(
    "catboost",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((1, 2), (1, 2)),
)
enable, disable = library.enable, library.disable
