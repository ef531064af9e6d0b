"""What the user has around an optimizer, looked for once, at its first step: its name, its model,
its scheduler. An optimizer itself knows none of them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from itertools import takewhile
from types import FrameType, ModuleType
from typing import Any, NamedTuple

from torch.nn import Module
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

_NOT_THE_USERS = ("torch.", "nbtrack.hooks.")
_WRAPPERS = ("_orig_mod", "module")  # of a compiled model, and of one that is trained in parallel
_Named = tuple[str, Any]


class Surroundings(NamedTuple):
    name: str | None  # of the optimizer
    model: Module | None
    model_name: str | None
    scheduler: LRScheduler | None


NOTHING = Surroundings(None, None, None, None)


def surroundings_of(optimizer: Optimizer) -> Surroundings:
    """As the frames that the step was called from have them, the nearest first."""
    found = [each for frame in users_frames() for each in _known_in(frame)]
    name = next((name for name, value in found if value is optimizer), None)
    schedulers = (v for _, v in found if isinstance(v, LRScheduler) and v.optimizer is optimizer)
    model_name, model = _model_of(optimizer, found)
    return Surroundings(name, model, model_name, next(schedulers, None))


def users_frames() -> Iterator[FrameType]:
    """Down to the module, or the cell, that began it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not str(frame.f_globals.get("__name__")).startswith(_NOT_THE_USERS):
            yield frame
            if frame.f_code.co_name == "<module>":
                return
        frame = frame.f_back


def own_frames() -> Iterator[FrameType]:
    """Those of them up to the first of a library, such as one that calls the user's objective."""
    return takewhile(lambda frame: "site-packages" not in frame.f_code.co_filename, users_frames())


def _known_in(frame: FrameType) -> list[_Named]:
    known = frame.f_locals
    found = [*_relevant(known)]
    for owner in list(known.values()):
        if not issubclass(type(owner), Module | ModuleType | type):
            found += _relevant(_attributes(owner))
    if frame.f_code.co_flags & inspect.CO_OPTIMIZED and sys.version_info < (3, 13):
        known.clear()  # a copy that lives as long as the frame, and with it the loss's graph
    return found


def _relevant(known: Mapping[str, Any]) -> Iterator[_Named]:
    for name, value in list(known.items()):
        # `isinstance` would ask the value, which may be anything of the user's.
        if issubclass(type(value), Module | Optimizer | LRScheduler):
            yield name, value


def _attributes(owner: Any) -> Mapping[str, Any]:
    try:
        found = object.__getattribute__(owner, "__dict__")
    except AttributeError:  # it has slots, or none
        return {}
    return found if type(found) is dict else {}


def _model_of(optimizer: Optimizer, known: list[_Named]) -> tuple[str | None, Module | None]:
    """The one with most of what is optimized; of several that have it all, the smallest."""
    wanted = {id(each) for group in optimizer.param_groups for each in group["params"]}
    best: tuple[tuple[int, int], str, Module] | None = None
    for name, value in known:
        if isinstance(value, Module):
            owned = {id(each) for each in value.parameters()}
            rank = (len(owned & wanted), -len(owned))
            if rank[0] and (best is None or rank > best[0]):
                best = rank, name, value
    return (None, None) if best is None else (best[1], _unwrapped(best[2]))


def _unwrapped(model: Module) -> Module:
    for wrapper in _WRAPPERS:
        inner = getattr(model, wrapper, None)
        if isinstance(inner, Module) and len(list(model.children())) == 1:
            return _unwrapped(inner)
    return model
