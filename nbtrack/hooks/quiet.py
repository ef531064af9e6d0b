"""Our own computations beside the user's call: no warning of theirs is shown, no random number
is taken from the user's generators."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any

_quiet_threads: set[int] = set()
# Looked at for generators: the steps of a pipeline, not the trees of a forest.
_MOST_OBJECTS = 256
_MOST_IN_A_LIST = 32


@contextmanager
def unnoticed(estimator: Any = None) -> Iterator[None]:
    """Let *estimator* predict or score once more, as if it had not."""
    with no_warnings(), same_random_numbers(estimator):
        yield


@contextmanager
def no_warnings() -> Iterator[None]:
    """Warnings of this thread go nowhere, and are shown when the user's own code raises them.

    `warnings.catch_warnings` would swallow other threads' warnings too, leave its filters behind
    when two threads overlap, and make every warning that was shown once be shown again.
    """
    thread = get_ident()
    if thread in _quiet_threads:
        yield
        return
    _quiet_threads.add(thread)
    warnings.filters.insert(0, _FILTER)  # type: ignore[attr-defined]
    try:
        with _numpy_errors_ignored():
            yield
    finally:
        _quiet_threads.discard(thread)
        # Code that copied the filters meanwhile may keep the entry: it matches nothing then.
        if _FILTER in warnings.filters:
            warnings.filters.remove(_FILTER)  # type: ignore[attr-defined]


class _InQuietThreads(type):
    def __subclasscheck__(cls, _other: type) -> bool:
        return get_ident() in _quiet_threads


class _AnyWarning(Warning, metaclass=_InQuietThreads):
    """The category of the filter: every warning is one, in the threads that are quiet now."""


_FILTER: tuple[str, None, type[Warning], None, int] = ("ignore", None, _AnyWarning, None, 0)


def _numpy_errors_ignored() -> Any:
    import numpy as np

    return np.errstate(all="ignore")


@contextmanager
def same_random_numbers(estimator: Any = None) -> Iterator[None]:
    """The global generators, and those that *estimator* holds, go on where they were."""
    saved = [(source, source.state()) for source in _sources(estimator)]
    try:
        yield
    finally:
        for source, state in saved:
            if not _is_same(source.state(), state):
                source.restore(state)


class _Source:
    """One generator, whichever library it is of."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def state(self) -> Any:
        generator = self._generator
        if hasattr(generator, "getstate"):
            return generator.getstate()
        if hasattr(generator, "get_state"):
            return generator.get_state(legacy=False)
        return generator.bit_generator.state

    def restore(self, state: Any) -> None:
        generator = self._generator
        if hasattr(generator, "setstate"):
            generator.setstate(state)
        elif hasattr(generator, "set_state"):
            generator.set_state(state)
        else:
            generator.bit_generator.state = state


def _sources(estimator: Any) -> list[_Source]:
    modules = [sys.modules.get("random"), sys.modules.get("numpy.random")]
    held = [] if estimator is None else list(_generators_in(estimator))
    return [_Source(each) for each in (*modules, *held) if each is not None]


def _generators_in(estimator: Any) -> Iterator[Any]:
    """RandomState and Generator objects among the attributes of it and of estimators within."""
    numpy = sys.modules["numpy.random"]
    kinds = (numpy.RandomState, numpy.Generator)
    seen: set[int] = set()
    waiting = [estimator]
    while waiting and len(seen) < _MOST_OBJECTS:
        value = waiting.pop()
        if id(value) in seen:
            continue
        if isinstance(value, kinds):
            yield value
        elif isinstance(value, list | tuple):
            waiting.extend(value[:_MOST_IN_A_LIST])
        elif hasattr(value, "get_params") and hasattr(value, "__dict__"):
            waiting.extend(vars(value).values())
        else:
            continue
        seen.add(id(value))


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[k], other[k]) for k in one)
    if hasattr(one, "tobytes"):
        return bool(one.tobytes() == other.tobytes())
    return bool(one == other)
