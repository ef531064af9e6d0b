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

from torch import Tensor

Value = Tensor | float
_NO_MORE: list[Value] = []


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
