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
from typing import TYPE_CHECKING, Any

from torch import Tensor

from nbtrack.hooks.pytorch.numbers import held
from nbtrack.hooks.pytorch.passes import Passes

if TYPE_CHECKING:
    from nbtrack.hooks.pytorch.steps import Steps
    from nbtrack.recording.here import Here

Value = Tensor | float
_NO_MORE: list[Value] = []
UNSCALED = "_nbtrack_unscaled"  # the attribute of a scaled loss


class Group:
    """Backward passes, and the steps that follow them before the next one."""

    __slots__ = ("first", "is_closed", "is_unclear", "more", "root", "steps")

    def __init__(self) -> None:
        self.first: Value | None = None  # of all
        self.root: Value | None = None  # the first since gradients were dropped
        self.more: list[Value] = _NO_MORE  # after that
        self.steps = 0
        self.is_unclear = False
        self.is_closed = False

    def add(self, value: Value) -> None:
        if self.first is None:
            self.first = value
        if self.root is None:
            self.root = value
        else:
            self.more = [*self.more, value]

    def drop(self, *, is_unclear: bool) -> None:
        """The gradients, and what they were of is no part of the next step's loss."""
        self.root, self.more = None, _NO_MORE
        self.is_unclear = is_unclear

    def losses(self, *, place: int, has_closure: bool) -> list[Value]:
        """Whose sum is the loss of the step that was the *place*-th of this group; [] if there is
        none, or nobody can say."""
        root = self.first if has_closure else self.root
        if root is None or self.is_unclear:
            return []
        if has_closure or not (self.more or place):
            return [root]
        return [] if self.steps > 1 else [root, *self.more]


class Watch:
    """What happened in one thread since its last step, and what was found out there before."""

    __slots__ = ("bound", "group", "is_deaf", "is_scaled", "mark", "passes", "place", "thread")

    def __init__(self) -> None:
        self.group = Group()
        self.is_scaled = False
        self.passes = Passes()
        self.thread = object()  # stands for it, and unlike its number never for another one
        # As long as *mark* and *place* are those of `recording.here`:
        self.mark: object = None
        self.place: Here | None = None
        self.is_deaf = True  # nothing is recorded
        self.bound: dict[int, Steps] = {}  # by the ids of optimizers, which may be gone

    def value_of(self, root: Any) -> Value | None:
        """Without its graph, and without waiting for its device. None: it cannot be told."""
        if type(root) is not Tensor:
            root = root[0] if isinstance(root, tuple | list) and len(root) == 1 else None
        if type(root) is not Tensor or root.numel() != 1:
            return None
        if self.is_scaled:
            root = vars(root).get(UNSCALED)
        return None if root is None else held(root) if root.is_cpu else _kept(root)

    def note_scaled(self, loss: Any, scaled: Any) -> None:
        if type(scaled) is Tensor and scaled is not loss:
            setattr(scaled, UNSCALED, loss.detach())
        if scaled is not loss:
            self.is_scaled = True

    def close(self) -> None:
        """The steps of this group are done, or were left out."""
        self.group.is_closed, self.is_scaled = True, False


class _Threads(threading.local):
    def __init__(self) -> None:
        self.watch = Watch()


def _kept(root: Tensor) -> Value | None:
    if not root.is_cuda:
        return held(root)
    import torch

    # What a captured graph computes is not there yet, and its next replay overwrites it.
    return None if torch.cuda.is_current_stream_capturing() else root.detach().clone()


threads = _Threads()
