"""How the user's wish to stop reaches a training of CatBoost: by a callback, where that costs
nothing that anybody feels.

For each iteration CatBoost makes a dict of all points so far for its callbacks, whether they look
at it or not. Of short iterations that is a third of the time when there are a thousand of them; of
those that take long enough for somebody to want them stopped it is next to nothing. So how long
they will take is estimated, from below, by what is to be trained.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.sklearn.fits import FitRecord
from nbtrack.hooks.training.loop import Loop

MOST_COST = 0.02  # of what an iteration takes, in the mean of all
# Measured with CatBoost 1.2.10: a callback costs 0.3 ms an iteration in the mean of 1000, with one
# metric on two sets; an iteration takes 2 to 18 ns a value of the data on one core.
_SECONDS_A_CALL, _SECONDS_A_POINT = 20e-6, 0.3e-6
_SECONDS_A_VALUE, _SECONDS_A_LEVEL = 2e-9, 0.5e-9  # for each value of the data, and each of depth
_ITERATIONS = ("iterations", "n_estimators", "num_boost_round", "num_trees")
_NOTE = '"callbacks":"PythonUserDefinedPerObject"'
_RSM = ("rsm", "colsample_bylevel")


class StopCallback:
    """To be the last one: when it says stop, the others have seen the iteration."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def after_iteration(self, _: Any) -> bool:
        """Whether to go on."""
        return not self._loop.stop_is_wanted()


@contextmanager
def listening(record: FitRecord, loop: Loop, settings: Mapping[str, Any]) -> Iterator[None]:
    """Have the fit end at its next iteration when the user wants *loop* stopped, if that may be."""
    own, is_heard = record.kwargs.get("callbacks"), False
    with guarded("be ready to stop a training of CatBoost"):
        is_heard = _may_hear(record, own, settings)
    if is_heard:
        record.kwargs = {**record.kwargs, "callbacks": [*(own or ()), StopCallback(loop)]}
    yield
    if is_heard and own is None:
        with guarded("leave a model as its training would without a record"):
            _forget(record.estimator)


def _may_hear(record: FitRecord, own: Any, settings: Mapping[str, Any]) -> bool:
    if settings.get("task_type") == "GPU" or not _takes_one_more(record, own):
        return False
    X = record.args[1] if len(record.args) > 1 else record.kwargs.get("X")
    return bool(own) or _is_cheap(X, settings)


def _forget(model: Any) -> None:
    """CatBoost writes into the model that there were callbacks."""
    known = model.get_metadata()
    known["params"] = re.sub(rf",{_NOTE}|{_NOTE},", "", known["params"])


def _takes_one_more(record: FitRecord, own: Any) -> bool:
    """Not if this version has none, or the user passes his by position."""
    names = list(signature(record.original).parameters)
    is_free = "callbacks" in names and names.index("callbacks") >= len(record.args)
    return is_free and (own is None or isinstance(own, Sequence))


def _is_cheap(X: Any, settings: Mapping[str, Any]) -> bool:
    shape = getattr(X, "shape", None)
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(shape):
        return False  # a file, or a list: nobody knows before it is read
    return _cost(settings) <= MOST_COST * _iteration(shape[0] * shape[1], settings)


def _cost(settings: Mapping[str, Any]) -> float:
    """Seconds that a callback adds to an iteration, in the mean of all."""
    iterations = _first(settings, _ITERATIONS, 1000)
    given = settings.get("eval_set")
    sets = 1 if given is None else 1 + (len(given) if isinstance(given, list) else 1)
    more = settings.get("custom_metric") or settings.get("custom_loss") or ()
    metrics = 2 + (1 if isinstance(more, str) else len(more))
    return _SECONDS_A_CALL + _SECONDS_A_POINT * iterations / 2 * sets * metrics


def _iteration(values: int, settings: Mapping[str, Any]) -> float:
    """Seconds that an iteration takes at least, with all cores at work."""
    depth = _first(settings, ("depth", "max_depth"), 6)
    threads = _first(settings, ("thread_count",), -1)
    cores = os.cpu_count() or 1
    by_value = (_SECONDS_A_VALUE + _SECONDS_A_LEVEL * depth) * min(_first(settings, _RSM, 1), 1)
    return float(values * by_value / (min(threads, cores) if threads > 0 else cores))


def _first(settings: Mapping[str, Any], names: tuple[str, ...], default: float) -> float:
    """By whichever of its names it is given."""
    found = (settings.get(name) for name in names)
    return next((each for each in found if isinstance(each, int | float)), default)
