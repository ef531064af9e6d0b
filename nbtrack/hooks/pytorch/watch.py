"""What the taps know of each thread: one object, for each look at another is felt in a step."""

from __future__ import annotations

import threading
from typing import Any

import torch
from torch import Tensor

from nbtrack.hooks.pytorch.numbers import held
from nbtrack.hooks.pytorch.passes import Passes
from nbtrack.hooks.pytorch.roots import Group, Value
from nbtrack.hooks.pytorch.steps import Steps
from nbtrack.recording.here import Here

UNSCALED = "_nbtrack_unscaled"  # the attribute of a scaled loss


class Watch:
    """What happened in one thread since its last step, and what was found out there before."""

    __slots__ = (
        "bound",
        "bound_at",
        "group",
        "is_deaf",
        "is_scaled",
        "mark",
        "passes",
        "place",
        "thread",
    )

    def __init__(self) -> None:
        self.group = Group()
        self.is_scaled = False
        self.passes = Passes()
        self.thread = object()  # stands for it, and unlike its number never for another one
        # As long as *mark* and *place* are those of `recording.here`:
        self.mark: object = None
        self.place: Here | None = None
        self.is_deaf = True  # nothing is recorded
        # As long as *bound_at* and *place* are:
        self.bound_at: object = None
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
    # What a captured graph computes is not there yet, and its next replay overwrites it.
    return None if torch.cuda.is_current_stream_capturing() else root.detach().clone()


threads = _Threads()
