"""`nbtrack.autolog()`, and the table of the frameworks whose training it records."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from nbtrack.hooks.catboost.hook import library as catboost
from nbtrack.hooks.fastai.hook import library as fastai
from nbtrack.hooks.flags import CommonFlags
from nbtrack.hooks.keras.hook import library as keras
from nbtrack.hooks.lightgbm.hook import library as lightgbm
from nbtrack.hooks.optuna.hook import library as optuna
from nbtrack.hooks.pytorch.hook import library as pytorch
from nbtrack.hooks.sklearn.hook import switch as sklearn_switch
from nbtrack.hooks.statsmodels.hook import library as statsmodels
from nbtrack.hooks.switches import Switch
from nbtrack.hooks.transformers.hook import library as transformers
from nbtrack.hooks.xgboost.hook import library as xgboost
from nbtrack.settings import FitScope

HOOKS: dict[str, Switch] = {  # by MLflow's name of the flavor
    "sklearn": sklearn_switch,
    "xgboost": xgboost.switch,
    "lightgbm": lightgbm.switch,
    "catboost": catboost.switch,
    "keras": keras.switch,
    "fastai": fastai.switch,
    "pytorch": pytorch.switch,
    "statsmodels": statsmodels.switch,
    "optuna": optuna.switch,
    "transformers": transformers.switch,
}


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,  # noqa: ARG001 - MLflow's, for frameworks that have no hook here yet
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, Any] | None = None,
    exclude_flavors: Collection[str] | None = None,
) -> None:
    """Record every fit, with params, metrics, model and plots, of every framework that has a hook.

    A framework that is not imported yet is recorded from when it is. What was set for one
    framework by its own autolog() stays, whenever it was set; `disable=True` is for all.

    log_input_examples, log_model_signatures: kept with the model, from the first training rows.
    log_models: keep the fitted model.
    log_datasets: record fingerprints of the training data.
    disable: put the frameworks' own functions back.
    exclusive: record only where no run of yours is active.
    disable_for_unsupported_versions: record nothing of a version that nbtrack was not tested with.
    silent: say nothing of what could not be recorded.
    extra_tags: for each run that a fit makes.
    exclude_flavors: frameworks to leave as they are: `["sklearn"]`.
    """
    common = CommonFlags(
        log_input_examples=log_input_examples,
        log_model_signatures=log_model_signatures,
        log_models=log_models,
        log_datasets=log_datasets,
        exclusive=exclusive,
        disable_for_unsupported_versions=disable_for_unsupported_versions,
        silent=silent,
        extra_tags=extra_tags,
    )
    for flavor, switch in HOOKS.items():
        if flavor in (exclude_flavors or ()):
            continue
        if disable:
            switch.turn_off(by_name=False)
        else:
            switch.turn_on(switch.default_flags.with_common(common), by_name=False)


def follow_notebook(scope: FitScope) -> None:
    """Record where the notebook wants it, unless autolog() was told otherwise."""
    for switch in HOOKS.values():
        switch.follow(scope)


def _after_fork() -> None:
    for switch in HOOKS.values():
        switch.forget()


# Worker processes record nothing: what they fit is part of something that their parent runs.
os.register_at_fork(after_in_child=_after_fork)
