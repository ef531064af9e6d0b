"""What is put into torch, and taken out again: each tap calls torch's own function, then tells.

`torch.compile` traces what is called in compiled code. There a tap must be torch's own function and
nothing more, or the compiled code would be another one. `torch.jit.script` reads the source of
torch's own function, and looks its names up in the globals of the tap.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import torch

from nbtrack.hooks import unseen_frames
from nbtrack.hooks.unseen_frames import uncounted

Function = Callable[..., Any]
Asked = Callable[[], bool]
Told = Callable[[Any, tuple[Any, ...], dict[str, Any]], None]  # (result, args, kwargs)


class Taps:
    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    @property
    def are_in(self) -> bool:
        return bool(self._undo)

    def put(self, owner: Any, name: str, told: Told, *, unless: Asked | None = None) -> None:
        """Have *told* called after each call of a function or method, unless. It is not to fail."""
        original = vars(owner).get(name)
        if not callable(original):
            return
        tap = _tap(original, told) if unless is None else _tap_unless(unless, original, told)
        setattr(owner, name, tap)
        self._undo.append(lambda: _put_back(owner, name, tap, original))

    def hook_steps(self, *, before: Function, after: Function) -> None:
        """Have them called with (optimizer, args, kwargs) of each step of any optimizer: *after* of
        all of them, *before* of those that are given something, such as a closure."""
        hooks = importlib.import_module("torch.optim.optimizer")
        handles = (
            hooks.register_optimizer_step_pre_hook(_given_something(before)),
            hooks.register_optimizer_step_post_hook(_uncompiled(after)),
        )
        self._undo += [handle.remove for handle in handles]

    def remove(self) -> None:
        while self._undo:
            self._undo.pop()()


def _tap(original: Function, told: Told) -> Function:
    is_compiling, without_ours = torch.compiler.is_dynamo_compiling, unseen_frames.without_ours

    def tap(*args: Any, **kwargs: Any) -> Any:
        if is_compiling():
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as exc:
            exc.__traceback__ = without_ours(exc.__traceback__)
            raise  # which adds no frame
        told(result, args, kwargs)
        return result

    return _instead_of(original, tap)


# The same with a question more, and one call less where nothing is told, as in every step.
def _tap_unless(unless: Asked, original: Function, told: Told) -> Function:
    is_compiling, without_ours = torch.compiler.is_dynamo_compiling, unseen_frames.without_ours

    def tap(*args: Any, **kwargs: Any) -> Any:
        if is_compiling():
            return original(*args, **kwargs)
        try:
            result = original(*args, **kwargs)
        except BaseException as exc:
            exc.__traceback__ = without_ours(exc.__traceback__)
            raise
        if not unless():
            told(result, args, kwargs)
        return result

    return _instead_of(original, tap)


def _instead_of(original: Function, tap: Function) -> Function:
    known = {**getattr(original, "__globals__", {}), "__name__": __name__}
    found = _unseen(uncounted(tap, known=known))
    return functools.update_wrapper(found, original)


# That `torch.export` traces eager code, which `is_compiling` says too, takes twice the time to ask,
# and what it traces are no plain tensors: nothing is recorded of those.
def _uncompiled(told: Function) -> Function:
    is_compiling = torch.compiler.is_dynamo_compiling

    def hook(optimizer: Any, args: Any, kwargs: Any) -> None:
        if not is_compiling():
            told(optimizer, args, kwargs)

    return _unseen(hook)


def _given_something(told: Function) -> Function:
    is_compiling = torch.compiler.is_dynamo_compiling

    def hook(optimizer: Any, args: Any, kwargs: Any) -> None:
        if (len(args) > 1 or kwargs) and not is_compiling():
            told(optimizer, args, kwargs)

    return _unseen(hook)


def _unseen(function: Function) -> Function:
    """Not to be compiled for its own sake, when compiled code calls it from eager code."""
    skip = getattr(torch._C._dynamo.eval_frame, "skip_code", None)
    if skip is not None:
        skip(function.__code__)
    return function


def _put_back(owner: Any, name: str, tap: Function, original: Function) -> None:
    if vars(owner).get(name) is tap:
        setattr(owner, name, original)
