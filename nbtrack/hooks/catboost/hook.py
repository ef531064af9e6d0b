"""The CatBoost hook: what is put around which of its methods and functions.

MLflow has no autolog for it; the flags are those of the other boosting libraries.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import FITTING, method_patches

_HERE = "nbtrack.hooks.catboost"
_PREDICTED = f"{_HERE}.fits:around_predict"
_BY_METHOD = {
    "fit": f"{_HERE}.fits:around_fit",
    **dict.fromkeys(("predict", "predict_proba", "predict_log_proba"), _PREDICTED),
    "score": "nbtrack.hooks.sklearn.scoring:around_score",
}


def _patches(module: ModuleType) -> Iterator[Patch]:
    if module.__name__ == "catboost.core":
        yield from method_patches(module, _BY_METHOD, asked_within=FITTING)
        yield Patch(f"{module.__name__}:cv", f"{_HERE}.cv:around_cv")


library = Library(
    "catboost",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((1, 2), (1, 2)),
)
autolog, enable, disable = library.autolog, library.enable, library.disable
