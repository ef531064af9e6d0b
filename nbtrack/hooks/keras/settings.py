"""The settings of optimizers, and of whoever stops early, as params by MLflow's names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from nbtrack.hooks.training.param_origins import param_origin
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.records.origins import Origin

Params = dict[str, tuple[str, Origin]]
_STOPPING = ("monitor", "min_delta", "patience", "baseline", "restore_best_weights")
_NUMBERED = re.compile(r"_\d+$")


def optimizer_params(model: Any) -> Params:
    """`optimizer_learning_rate`; of a model with optimizers of its own, `d_optimizer_learning_rate`
    and the like."""
    found: Params = {}
    for prefix, optimizer in _optimizers_of(model):
        found |= _settings(prefix, optimizer)
    return found


def _optimizers_of(model: Any) -> Iterator[tuple[str, Any]]:
    own = getattr(model, "optimizer", None)
    if own is not None:
        yield "optimizer", own
    for name, value in vars(model).items():
        if isinstance(value, keras.optimizers.Optimizer) and value is not own:
            yield name, value


def _settings(prefix: str, described: Any) -> Params:
    kind, config = type(described), described.get_config()
    given = inspect.signature(kind).parameters
    defaults = {name: p.default for name, p in given.items() if p.default is not p.empty}
    found: Params = {}
    for name, value in config.items():
        key = f"{prefix}_{name}"
        inner = getattr(described, f"_{name}", None)
        if isinstance(value, Mapping) and hasattr(inner, "get_config"):  # a schedule
            found[key] = type(inner).__name__, Origin.CHANGED
            found |= _settings(key, inner)
        elif name == "name":
            found.setdefault(key, (_NUMBERED.sub("", str(value)), Origin.UNTOLD))
        else:
            short = shortest(value)
            found[key] = param_text(short), param_origin(name, short, defaults.get(name))
    return found


def stopping_params(stopper: Any) -> Params:
    """Of an `EarlyStopping`."""
    defaults = inspect.signature(keras.callbacks.EarlyStopping).parameters
    found = {name: getattr(stopper, name, None) for name in _STOPPING}
    # In its training it turns the sign, if less is better.
    found["min_delta"] = abs(found["min_delta"] or 0)
    return {
        name: (param_text(value), param_origin(name, value, defaults[name].default))
        for name, value in found.items()
    }


def stopper_among(callbacks: Iterable[Any]) -> Any:
    """The first one; None if nobody stops early."""
    kind = keras.callbacks.EarlyStopping
    return next((each for each in callbacks if isinstance(each, kind)), None)


def stopping_facts(stopper: Any) -> dict[str, float]:
    """What it has found and done; epochs are counted as Keras does, from 0."""
    best = getattr(stopper, "best_epoch", None)
    found: dict[str, float] = {}
    if stopper.stopped_epoch:
        found["stopped_epoch"] = stopper.stopped_epoch
    if best is not None and stopper.best is not None:
        found |= {"best_epoch": best, "best_score": float(stopper.best)}
        if stopper.restore_best_weights and stopper.best_weights is not None:
            found["restored_epoch"] = best
    return found


def shortest(value: Any) -> Any:
    """0.001, and not the 0.0010000000474974513 that it is when it was of 32 bits."""
    if type(value) is float and float(np.float32(value)) == value:
        return float(str(np.float32(value)))
    return value
