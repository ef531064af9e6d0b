"""The statsmodels hook: `fit` and `fit_regularized` of every class of models that defines them, and
`predict` and `forecast` of every class of results.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.library import Library
from nbtrack.hooks.patching import Patch
from nbtrack.hooks.sklearn.estimators import method_patches

_HERE = "nbtrack.hooks.statsmodels"
_OF_MODELS = dict.fromkeys(("fit", "fit_regularized"), f"{_HERE}.fits:around_fit")
_OF_RESULTS = dict.fromkeys(("predict", "forecast"), f"{_HERE}.predictions:around_predict")


def autolog(
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    registered_model_name: str | None = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record what statsmodels fits: `nbtrack.autolog` with more to say.

    registered_model_name: register each model under this name.
    """
    flags = CommonFlags(
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
    """Others have a `fit` too, that prepares or repeats: they fit models by it, or none."""
    yield from _patches_below(imported("statsmodels.base.model", "Model"), module, _OF_MODELS)
    results = imported("statsmodels.base.model", "Results")
    yield from _patches_below(results, module, _OF_RESULTS)
    # What is put around results has some of their methods as they were when it was imported.
    wrapper = imported("statsmodels.base.wrapper", "ResultsWrapper")
    yield from _patches_below(wrapper, module, _OF_RESULTS)


def _patches_below(
    base: type | None, module: ModuleType, arounds: Mapping[str, str]
) -> Iterator[Patch]:
    for patch in method_patches(module, arounds):
        kind = getattr(module, patch.target.partition(":")[2].partition(".")[0])
        if base is not None and issubclass(kind, base):
            yield patch


library = Library(
    "statsmodels",
    hook=f"{_HERE}.hook",
    flags=CommonFlags(),
    patches=_patches,
    tested=((0, 14), (0, 15)),
)
enable, disable = library.enable, library.disable
