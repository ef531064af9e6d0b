"""The only place where a function of another library is replaced, and put back.

A method is replaced in the class that defines it; a plain function behind its decorator (see
`closure_cells`). What replaces it has the name, signature, documentation and module of the
original, and pickles by the same name. Tracebacks and the line that a warning names are as they
were.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import RLock
from types import FunctionType
from typing import Any

from nbtrack.hooks.closure_cells import rebind, swap_wrapped
from nbtrack.hooks.nesting import here, is_inside_recorded_call, is_users_call_in_loop
from nbtrack.hooks.unseen_frames import uncounted, without_ours
from nbtrack.recording.session import current_session

__all__ = [
    "Around",
    "Patch",
    "apply",
    "is_inside_recorded_call",
    "swap_wrapped",
    "undo",
    "undo_package",
]

# (original, instance or None, args, kwargs) -> result; it calls the original itself.
Around = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]
Undo = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Patch:
    """What to put around what.

    *target* is "module:Class.method", naming the class that defines the method, or
    "module:function". *around* may be a name too, "module:function", imported at the first call.
    It is not asked about calls that are made within another patched call in the same thread,
    unless *is_asked_within* says so.
    """

    target: str
    around: Around | str
    is_asked_within: bool = False


_applied: dict[str, tuple[object, Undo]] = {}  # target -> whose name it is, and how to undo it
_lock = RLock()


def apply(patches: Iterable[Patch]) -> None:
    """Twice is once. A target whose module is not imported, or that is not there, is left out."""
    with _lock:
        for patch in patches:
            owner, name = _place(patch.target)
            if owner is None or _is_applied(patch.target, owner):
                continue
            undo_it = _replace(owner, name, patch)
            if undo_it is not None:
                _applied[patch.target] = owner, undo_it


def undo(patches: Iterable[Patch]) -> None:
    """Put the originals back, the last applied first."""
    _undo([patch.target for patch in patches])


def undo_package(package: str) -> None:
    """All that was put around functions of *package*."""
    _undo([target for target in list(_applied) if target.partition(".")[0] == package])


def _undo(targets: Sequence[str]) -> None:
    with _lock:
        for target in reversed(targets):
            if (found := _applied.pop(target, None)) is not None:
                found[1]()


def _place(target: str) -> tuple[object | None, str]:
    """The module or class in which *target* is a name, if it is imported; and that name."""
    module, _, path = target.partition(":")
    *classes, name = path.split(".")
    owner: object | None = sys.modules.get(module)
    for each in classes:
        owner = getattr(owner, each, None)
    return owner, name


def _is_applied(target: str, owner: object) -> bool:
    # A module that was reloaded has new classes under the old names.
    return target in _applied and _applied[target][0] is owner


def _replace(owner: object, name: str, patch: Patch) -> Undo | None:
    if isinstance(owner, type):
        return _replace_method(owner, name, patch)
    function = getattr(owner, name, None)
    if function is None:
        return None
    late = uncounted(_at_first_call(patch.around))
    return swap_wrapped(function, late) or rebind(function, late)


def _replace_method(owner: type, name: str, patch: Patch) -> Undo | None:
    """None if *owner* has no such method of its own, or one of an unknown kind."""
    kept: Any = vars(owner).get(name)
    switch = _Switch(patch.around, is_asked_within=patch.is_asked_within)
    replacement: Any
    if isinstance(kept, FunctionType) and not getattr(kept, "__isabstractmethod__", False):
        replacement = _recorded(kept, switch)
    elif _is_conditional(kept):
        replacement = type(kept)(_recorded(kept.fn, switch), kept.check, kept.attribute_name)
    else:
        return None
    setattr(owner, name, replacement)

    def undo_it() -> None:
        switch.is_on = False  # for what still holds the replacement: a subclass, or another patch
        if vars(owner).get(name) is replacement:
            setattr(owner, name, kept)

    return undo_it


def _is_conditional(attribute: Any) -> bool:
    """Made by scikit-learn's `available_if`: a method that only some instances have."""
    return all(hasattr(attribute, part) for part in ("fn", "check", "attribute_name"))


def _at_first_call(around: Around | str) -> Around:
    switch = _Switch(around)

    def call(original: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        return switch.around()(original, instance, args, kwargs)

    return call


class _Switch:
    """What a replacement calls as long as it is on."""

    __slots__ = ("_around", "is_asked_within", "is_on")

    def __init__(self, around: Around | str, *, is_asked_within: bool = False) -> None:
        self._around: Any = around if isinstance(around, str) else uncounted(around)
        self.is_asked_within = is_asked_within
        self.is_on = True

    def around(self) -> Around:
        if isinstance(self._around, str):
            self._around = uncounted(_resolved(self._around))
        found: Around = self._around
        return found


def _is_asked(switch: _Switch) -> bool:
    return switch.is_asked_within or is_users_call_in_loop()


def _recorded(function: Any, switch: _Switch) -> Any:
    def call(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        is_inner = here.is_inside
        try:
            if not switch.is_on or (is_inner and not _is_asked(switch)):
                return function(instance, *args, **kwargs)
            here.is_inside = True
            return switch.around()(function, instance, args, kwargs)
        except BaseException as exc:
            exc.__traceback__ = without_ours(exc.__traceback__)
            raise  # which adds no frame
        finally:
            here.is_inside = is_inner

    return functools.update_wrapper(uncounted(call), function)


def _resolved(around: Around | str) -> Around:
    if not isinstance(around, str):
        return around
    module, _, name = around.partition(":")
    with current_session().set_up:
        found: Around = getattr(importlib.import_module(module), name)
    return found


def _after_fork() -> None:
    global _lock
    _lock = RLock()


os.register_at_fork(after_in_child=_after_fork)
