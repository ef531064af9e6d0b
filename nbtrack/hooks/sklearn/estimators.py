"""Which methods of which scikit-learn classes are patched, found in modules as they are imported.

The choice is MLflow's: every estimator but what prepares data (`preprocessing`, `impute`,
`feature_extraction`, `feature_selection` and `ColumnTransformer`). A method is patched in the
class that defines it, which may be a mixin that other estimators share: so the class of the
instance is asked for again at each call, by `is_recorded`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from types import ModuleType

from nbtrack.hooks.patching import Patch

_PREPARING = (
    "sklearn.preprocessing",
    "sklearn.impute",
    "sklearn.feature_extraction",
    "sklearn.feature_selection",
    "sklearn.compose._column_transformer",
)
_NO_ESTIMATORS = ("sklearn.externals", "sklearn.utils", "sklearn.callback", "sklearn.conftest")
_MIXINS = "sklearn.base"
FITTING = ("fit",)  # of a booster: a search's fits have curves, though no run


def method_patches(
    module: ModuleType, arounds: Mapping[str, str], *, asked_within: Collection[str] = ()
) -> Iterator[Patch]:
    """For each class that *module* defines, and each method that it defines itself.

    *arounds* tells what to put around a method, by its name; *asked_within* are those of which
    calls within other patched calls are asked about too.
    """
    if module.__name__.startswith(_PREPARING + _NO_ESTIMATORS) or ".tests." in module.__name__:
        return
    for name, kind in list(vars(module).items()):
        if isinstance(kind, type) and kind.__module__ == module.__name__:
            for method in arounds.keys() & vars(kind).keys():
                target = f"{module.__name__}:{name}.{method}"
                yield Patch(target, arounds[method], is_asked_within=method in asked_within)


@lru_cache(maxsize=1024)
def is_recorded(kind: type) -> bool:
    """Whether a fit of this class, which may be the user's own, is training and not preparing."""
    return next((not m.startswith(_PREPARING) for m in _sklearn_modules(kind)), False)


def _sklearn_modules(kind: type) -> Iterator[str]:
    """Where its ancestors that are estimators come from, the nearest first."""
    for each in kind.__mro__:
        module = str(each.__module__)  # a class made by hand may have none
        if module.startswith("sklearn.") and not module.startswith((*_NO_ESTIMATORS, _MIXINS)):
            yield module
