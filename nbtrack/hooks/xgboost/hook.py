"""The XGBoost hook: what is put around which of its methods and functions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import FITTING, method_patches

_HERE = "nbtrack.hooks.xgboost"
_PREDICTED = "nbtrack.hooks.sklearn.estimator_predictions:around_predict"
_BY_FUNCTION = {"train": f"{_HERE}.train:around_train", "cv": f"{_HERE}.train:around_cv"}
_BY_METHOD = {
    "xgboost.sklearn": {
        "fit": f"{_HERE}.fits:around_fit",
        "predict": _PREDICTED,
        "predict_proba": _PREDICTED,
        "score": "nbtrack.hooks.sklearn.scoring:around_score",
    },
    "xgboost.core": {
        "__init__": f"{_HERE}.matrices:around_matrix",
        "predict": f"{_HERE}.matrices:around_predict",
    },
}
_MATRICES = ("DMatrix", "QuantileDMatrix", "Booster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags(CommonFlags):
    importance_types: Collection[str] | None = None
    model_format: str = "ubj"

    @property
    def model_options(self) -> Mapping[str, Any]:
        return {"model_format": self.model_format}


def autolog(
    importance_types: Collection[str] | None = None,
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    model_format: str = "ubj",
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record what XGBoost trains: `nbtrack.autolog` with more to say.

    importance_types: "weight", "gain", "cover", "total_gain", "total_cover"; None: "weight".
    registered_model_name: register each model under this name.
    model_format: "ubj" or "json".
    """
    flags = Flags(
        importance_types=importance_types,
        model_format=model_format,
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
    name = module.__name__
    if name == "xgboost.training":
        for function, around in _BY_FUNCTION.items():
            yield Patch(f"{name}:{function}", around)
    for patch in method_patches(module, _BY_METHOD.get(name, {}), asked_within=FITTING):
        if name != "xgboost.core" or patch.target.split(":")[1].startswith(_MATRICES):
            yield patch


library = Library(
    "xgboost",
    hook=f"{_HERE}.hook",
    flags=Flags(),
    patches=_patches,
    tested=((2, 0), (3, 2)),
)
enable, disable = library.enable, library.disable
