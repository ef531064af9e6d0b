"""The LightGBM hook: what is put around which of its methods and functions."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import FITTING, method_patches

_HERE = "nbtrack.hooks.lightgbm"
_PREDICTED = "nbtrack.hooks.sklearn.estimator_predictions:around_predict"
_BY_FUNCTION = {"train": f"{_HERE}.train:around_train", "cv": f"{_HERE}.train:around_cv"}
_BY_METHOD = {"fit": f"{_HERE}.fits:around_fit", "predict": _PREDICTED, "predict_proba": _PREDICTED}


def _patches(module: ModuleType) -> Iterator[Patch]:
    name = module.__name__
    if name == "lightgbm.engine":
        for function, around in _BY_FUNCTION.items():
            yield Patch(f"{name}:{function}", around)
    if name == "lightgbm.basic":
        yield Patch(f"{name}:Booster.predict", _PREDICTED)
    if name == "lightgbm.sklearn":
        yield from method_patches(module, _BY_METHOD, asked_within=FITTING)


library = Library(
    "lightgbm",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((4, 0), (4, 7)),
)
autolog, enable, disable = library.autolog, library.enable, library.disable
