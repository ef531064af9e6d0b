"""The scikit-learn hook: what is put around which of its methods and functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from nbtrack.hooks import patching
from nbtrack.hooks.library import Library
from nbtrack.hooks.sklearn.estimators import method_patches
from nbtrack.hooks.sklearn.flags import Flags, current_flags, set_current_flags
from nbtrack.hooks.sklearn.metric_names import metric_patches

_HERE = "nbtrack.hooks.sklearn"
_FITTING = ("fit", "fit_predict", "fit_transform")
_PREDICTING = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")
FIT_METHODS = {
    **dict.fromkeys(_FITTING, f"{_HERE}.fits:around_fit"),
    "partial_fit": f"{_HERE}.partial_fits:around_partial_fit",
}
# What is called after the fit.
LATER_METHODS = {
    **dict.fromkeys(_PREDICTING, f"{_HERE}.estimator_predictions:around_predict"),
    "score": f"{_HERE}.scoring:around_score",
}
# They fit and score, or predict, many times, and have results of their own.
VALIDATING = (
    "cross_val_predict",
    "cross_val_score",
    "cross_validate",
    "learning_curve",
    "permutation_test_score",
    "validation_curve",
)
TESTED_VERSIONS = ((1, 5), (1, 9))  # the first and the last


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    max_tuning_runs: int | None = None,
    log_post_training_metrics: bool = True,
    serialization_format: str = "cloudpickle",
    registered_model_name: str | None = None,
    pos_label: Any = None,
    extra_tags: Mapping[str, Any] | None = None,
) -> None:
    """Record every fit of a scikit-learn estimator: `nbtrack.autolog` with more to say.

    max_tuning_runs: of a search, so many of the best candidates become child runs; None: all.
    log_post_training_metrics: metrics and scores of later predictions go to the model's run.
    serialization_format: "cloudpickle", "pickle" or "skops".
    registered_model_name: register each model under this name.
    pos_label: the positive class of the training metrics of binary classifiers.
    """
    if disable:
        switch.turn_off(by_name=True)
        return
    flags = Flags(
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        log_models=log_models,
        log_datasets=log_datasets,
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        max_tuning_runs=max_tuning_runs,
        log_post_training_metrics=log_post_training_metrics,
        serialization_format=serialization_format,
        registered_model_name=registered_model_name,
        pos_label=pos_label,
        extra_tags=extra_tags,
    )
    switch.turn_on(flags, by_name=True)


def enable(flags: Flags) -> None:
    """Patch what is imported of scikit-learn, and what will be. Called again: with other flags."""
    set_current_flags(flags)
    library.enable(flags)


def disable() -> None:
    library.disable()


def _patches(module: ModuleType) -> Iterator[patching.Patch]:
    follows_models = current_flags().log_post_training_metrics
    yield from method_patches(module, FIT_METHODS | (LATER_METHODS if follows_models else {}))
    if follows_models:
        yield from metric_patches(module)
    if module.__name__ == "sklearn.model_selection":
        for name in VALIDATING:
            around = f"{_HERE}.cross_validation:around_{name}"
            yield patching.Patch(f"{module.__name__}:{name}", around)


library = Library(
    "sklearn", hook=f"{_HERE}.hook", flags=Flags(), patches=_patches, tested=TESTED_VERSIONS
)
switch = library.switch
