"""How far the trainings of this process are, of those that know their length; and what is known of
their curves before it is recorded.

Whoever trains moves a number; whoever shows it looks when it likes.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nbtrack.records.runs import Metric

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun


MOST_FORETOLD = 20_000  # nobody may be there to show them


class TrainingProgress:
    """*done* of *total* rounds, or what else a *noun* says, since *began* (seconds since 1970).

    *foretold* are points that will be recorded when it is over; who shows them takes them out.
    *counted* is asked for what is done, by whoever looks; else who trains sets it.
    """

    __slots__ = ("_counted", "_done", "began", "foretold", "may_end_early", "noun", "run", "total")

    def __init__(
        self,
        run: ActiveRun,
        total: int,
        *,
        noun: str,
        may_end_early: bool,
        counted: Callable[[], int] | None = None,
    ) -> None:
        self.run = run
        self.total, self._done = total, 0
        self._counted = counted
        self.noun = noun
        self.may_end_early = may_end_early
        self.began = time.time()
        self.foretold: deque[Metric] = deque(maxlen=MOST_FORETOLD)

    @property
    def done(self) -> int:
        return self._done if self._counted is None else self._counted()

    @done.setter
    def done(self, rounds: int) -> None:
        self._done = rounds

    def end(self) -> None:
        if self in _open:
            _open.remove(self)


_open: list[TrainingProgress] = []  # the outermost of those in one run first


def begin(
    run: ActiveRun,
    total: int,
    *,
    noun: str = "iteration",
    may_end_early: bool = False,
    counted: Callable[[], int] | None = None,
) -> TrainingProgress:
    """Until it is told to `end`. *may_end_early*: by early stopping or a time limit."""
    progress = TrainingProgress(run, total, noun=noun, may_end_early=may_end_early, counted=counted)
    _open.append(progress)
    return progress


def outermost(run: ActiveRun) -> TrainingProgress | None:
    """Of what is trained in *run* or in a run below it: a study's, not that of a fit in it."""
    return next((each for each in list(_open) if _is_within(each.run, run)), None)


def take_foretold(run: ActiveRun) -> Iterator[tuple[str, Metric]]:
    """With the id of the run that it will be recorded in, which is *run* or one below it."""
    for each in list(_open):
        while each.foretold and _is_within(each.run, run):
            yield each.run.run_id, each.foretold.popleft()


def _is_within(run: ActiveRun | None, outer: ActiveRun) -> bool:
    while run is not None and run is not outer:
        run = run.parent
    return run is outer


os.register_at_fork(after_in_child=_open.clear)
