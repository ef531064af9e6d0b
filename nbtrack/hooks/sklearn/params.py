"""The params of an estimator as texts, and what it is called by those that matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from nbtrack.base.plain_values import PLAIN
from nbtrack.capture.naming import MAX_NAME, estimator_name
from nbtrack.hooks.sklearn.inner_estimators import is_search
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.storable_keys import storable_keys


def param_texts(estimator: Any) -> dict[str, str]:
    """What `get_params` gives, deep but for a search: its params are seeds, tried or not."""
    params = estimator.get_params(deep=not is_search(estimator))
    keys = storable_keys(params)
    return {keys[name]: param_text(value) for name, value in params.items()}


def fit_name(estimator: Any) -> str:
    """`RandomForestClassifier max_depth=10`, `Pipeline: SVC C=10`: what was changed tells most."""
    kind = type(estimator).__name__
    params = estimator.get_params(deep=False)
    name = estimator_name(kind, dict(_changed_params(estimator, params)))
    inner = next(_inner_estimators(params), None)
    if inner is None:
        return name
    whole = f"{name}: {fit_name(inner)}"
    return whole if len(whole) <= MAX_NAME else whole[: MAX_NAME - 1].rstrip() + "…"


def _changed_params(estimator: Any, params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Plain params with another value than `__init__` gives them."""
    defaults = defaults_of(estimator.__class__)
    for name, value in params.items():
        is_number = hasattr(value, "item") and not hasattr(value, "__len__")
        value = value.item() if is_number and not isinstance(value, type) else value
        default = defaults.get(name)
        if type(value) in PLAIN and value != default and repr(value) != repr(default):
            yield name, value


@lru_cache(maxsize=256)
def defaults_of(kind: type) -> Mapping[str, Any]:
    """What `__init__` of *kind* takes when nothing is given, by param."""
    from inspect import signature

    parameters = signature(kind).parameters.values()
    found = {p.name: p.default for p in parameters}
    if any(p.kind is p.VAR_KEYWORD for p in parameters):  # it hands the others on
        for base in kind.__bases__:
            found = {**(defaults_of(base) if hasattr(base, "get_params") else {}), **found}
    return found


def _inner_estimators(params: Mapping[str, Any]) -> Iterator[Any]:
    """What does the work inside: a pipeline's last step, what a search or an ensemble varies."""
    # Of params, not attributes: a forest has the attribute `estimator`, and it is no param.
    for name in ("steps", "estimator", "regressor"):
        value = params.get(name)
        if isinstance(value, list) and value and isinstance(value[-1], tuple):
            value = value[-1][-1]
        if hasattr(value, "get_params") and not isinstance(value, type):
            yield value
