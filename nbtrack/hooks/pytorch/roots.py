"""Which loss a step of an optimizer is about: the scalars that `backward` was called on for it.

| between two steps                              | the loss of the step                     |
|------------------------------------------------|------------------------------------------|
| one backward                                   | its root                                 |
| several: accumulation, real and fake           | their sum: what its gradients are of     |
| one, then steps of several optimizers          | its root, told once                      |
| several, then steps of several optimizers      | none: which is whose cannot be told      |
| backward, `zero_grad`, backward                | the last one, if there is one optimizer  |
| a closure is given to the step (LBFGS)         | the first, which is what `step` returns  |
| a root that a GradScaler scaled                | what was given to `scale`                |
| no scalar, gradients given, or inputs chosen   | none                                     |
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from torch import Tensor

from nbtrack.hooks.pytorch.numbers import held
from nbtrack.hooks.pytorch.passes import Passes

Value = Tensor | float
UNSCALED = "_nbtrack_unscaled"  # the attribute of a scaled loss


class Group:
    """Backward passes, and the steps that follow them before the next one."""

    __slots__ = ("first", "is_closed", "is_unclear", "roots", "steps")

    def __init__(self) -> None:
        self.first: Value | None = None
        self.roots: list[Value] = []
        self.steps = 0
        self.is_unclear = False
        self.is_closed = False

    def losses(self, *, place: int, has_closure: bool) -> list[Value]:
        """Whose sum is the loss of the step that was the *place*-th of this group; [] if there is
        none, or nobody can say."""
        if has_closure:
            return [] if self.first is None or self.is_unclear else [self.first]
        if self.is_unclear or (self.steps > 1 and (place or len(self.roots) > 1)):
            return []
        return self.roots


class Watch(threading.local):
    """What happened in this thread since the last step."""

    def __init__(self) -> None:
        self.group = Group()
        self.is_scaled = False
        self.passes = Passes()
        self.thread = object()  # stands for it, and unlike its number never for another one

    def note_root(self, root: Any, *, is_plain: bool) -> None:
        """`backward` was called; *is_plain*: with nothing but a scalar."""
        group = self.group
        if group.steps or group.is_closed:
            group = self.group = Group()
        value = self._value_of(root) if is_plain else None
        if value is None:
            group.is_unclear = True
            return
        group.roots.append(value)
        if group.first is None:
            group.first = value

    def _value_of(self, root: Any) -> Value | None:
        """Without its graph, and without waiting for its device. None: it cannot be told."""
        if type(root) is not Tensor or root.numel() != 1:
            return None
        if self.is_scaled:
            root = vars(root).get(UNSCALED)
            if root is None:
                return None
        return _kept(root)

    def note_scaled(self, loss: Any, scaled: Any) -> None:
        if type(scaled) is Tensor and scaled is not loss:
            setattr(scaled, UNSCALED, loss.detach())
        if scaled is not loss:
            self.is_scaled = True

    def note_zeroed(self, count_optimizers: Callable[[], int]) -> None:
        """Gradients were dropped, and what they were of is no part of the next step's loss."""
        group = self.group
        if not group.steps and (group.roots or group.is_unclear):
            group.roots = []
            group.is_unclear = count_optimizers() > 1  # it may have dropped those of one alone

    def begin_closure(self) -> None:
        """It calls `backward` within the step."""
        self.group = Group()

    def take(self) -> tuple[Group, int]:
        """For a step: its group, and how many of the group there were before it."""
        group, self.is_scaled = self.group, False
        group.steps += 1
        return group, group.steps - 1

    def close(self) -> None:
        """The steps of this group are done, or were left out."""
        self.group.is_closed, self.is_scaled = True, False


def _kept(root: Tensor) -> Value | None:
    if not root.is_cuda:
        return held(root)
    import torch

    # What a captured graph computes is not there yet, and its next replay overwrites it.
    return None if torch.cuda.is_current_stream_capturing() else root.detach().clone()


watch = Watch()
