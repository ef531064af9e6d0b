"""Passes over DataLoaders, told apart by what happens in them: an epoch of training is one in which
an optimizer steps. One may go on within another, as an evaluation in the middle of an epoch does.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

from nbtrack.hooks.pytorch.evaluations import Evaluation, Reference, is_among, known


class LoaderPass:
    __slots__ = ("data", "evaluation", "has_steps", "iterator")

    def __init__(self, loader: Any, iterator: Any) -> None:
        self.data = loader.dataset
        self.iterator = ref(iterator)
        self.has_steps = False
        self.evaluation: Evaluation | None = None


class Passes:
    """Of one thread."""

    def __init__(self) -> None:
        self.open: list[LoaderPass] = []
        self._trained: list[Reference] = []

    def begin(self, loader: Any, iterator: Any) -> None:
        self._close()
        # The iterator of persistent workers is used again.
        self.open = [each for each in self.open if each.iterator() is not iterator]
        self.open.append(LoaderPass(loader, iterator))

    def note_step(self) -> bool:
        """Whether it begins an epoch. Ask if one is `open`."""
        last = self.open[-1]
        if last.has_steps and last.iterator() is not None:
            return False  # as nearly always
        now = self._now()
        if now is None or now.has_steps:
            return False
        now.has_steps = True
        if not is_among(now.data, self._trained):
            self._trained = [each for each in self._trained if each() is not None]
            self._trained.append(known(now.data))
        return True

    def evaluation(self) -> Evaluation | None:
        """That which goes on, if it is one: not over data that was trained on."""
        now = self._now()
        if now is None or now.has_steps or is_among(now.data, self._trained):
            return None
        if now.evaluation is None:
            now.evaluation = Evaluation(now.data)
        return now.evaluation

    def _now(self) -> LoaderPass | None:
        self._close()
        return self.open[-1] if self.open else None

    def _close(self) -> None:
        """Those whose loops are left: nobody holds their iterators any more."""
        while self.open and self.open[-1].iterator() is None:
            self.open.pop()
