"""Where the params and metrics that a hook records came from: see `records.origins`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.hooks.sklearn.inner_estimators import is_search
from nbtrack.hooks.sklearn.params import defaults_of
from nbtrack.hooks.training.param_origins import NO_DEFAULT, param_origin
from nbtrack.hooks.training.storable_keys import storable_keys
from nbtrack.records.origins import Origin, Origins

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

# Names that our own hooks give: how a fit went, what a fold or a split had, how long it took.
_BOOKKEEPING = re.compile(
    r"cv(-\d+)?_.*(?<!_mean)|search_progress|n_iter|iter|n_resources|(mean|std)_(fit|score)_time|.*_std|.*_time(_mean)?|"
    r"(split\d+|std|rank)_(test|train)_.*|estimator_error|permutation_test_permuted_score"
)
_TRAINING = re.compile(
    r"(training|train|mean_train|learning_curve_train|validation_curve_.*_train)_.*|"
    r"cv(-\d+)?_train_.*|oob_loss|lower_bound|reconstruction_error|log_marginal_likelihood"
)


def note_params(run: ActiveRun, estimator: Any, params: Iterable[str]) -> None:
    """*params* are the keys under which those of *estimator* were recorded."""
    found = param_origins(estimator)
    run.note_origins(Origins(params={key: found[key] for key in params if key in found}))


def note_metrics(run: ActiveRun, keys: Iterable[str], *, may_wait: bool = False) -> None:
    """*may_wait*: see `note_origins`; somebody will call `write_origins`."""
    run.note_origins(Origins(metrics=metric_origins(keys)), may_wait=may_wait)


def metric_origins(keys: Iterable[str]) -> dict[str, Origin]:
    """Of metrics that hooks name; what is none of theirs was measured on other data."""
    return {key: _metric_origin(key) for key in keys}


def param_origins(estimator: Any) -> dict[str, Origin]:
    """By key as recorded: what the estimator, or the part of it, has by default, or has not."""
    params = estimator.get_params(deep=not is_search(estimator))
    keys = storable_keys(params)
    defaults = dict(_all_defaults(estimator, params))
    return {
        keys[name]: param_origin(name, value, defaults.get(name, NO_DEFAULT))
        for name, value in params.items()
    }


def _all_defaults(estimator: Any, params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    kind: Any = type(estimator)
    yield from defaults_of(kind).items()
    for name, part in params.items():
        if hasattr(part, "get_params") and not isinstance(part, type):
            kind = type(part)
            for key, default in defaults_of(kind).items():
                yield f"{name}__{key}", default


def _metric_origin(key: str) -> Origin:
    if _BOOKKEEPING.fullmatch(key):
        return Origin.BOOKKEEPING
    return Origin.TRAINING if _TRAINING.fullmatch(key) else Origin.MEASURED
