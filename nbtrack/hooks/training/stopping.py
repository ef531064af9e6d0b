"""Whether the user asked a training to stop: `nbtrack stop`, `%track stop`, a button in a panel.

Each hook asks once an iteration, and ends the training in its framework's own way, so that the
model is kept and the code behind it goes on. What is trained in the same run afterwards, the next
fit of a loop say, ends after one iteration.

The runs end as KILLED, MLflow's word for what a user stops: they have a model, but not the one
that their params tell of, and would be taken for complete ones otherwise.
"""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING

from nbtrack.base.guard import guarded
from nbtrack.recording.session import current_session
from nbtrack.recording.stop_requests import asked_to_stop, forgetting

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

LOOK_SECONDS = 0.5


class StopWatch:
    """Of one run; `is_wanted` looks at the clock, and twice a second at the disk."""

    __slots__ = ("_is_wanted", "_next_look", "_run")

    def __init__(self, run: ActiveRun) -> None:
        self._run = weakref.ref(run)
        self._next_look = 0.0
        self._is_wanted = False

    def is_wanted(self) -> bool:
        if not self._is_wanted and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            with guarded("look whether a training is to stop"):
                self._look()
        return self._is_wanted

    def _look(self) -> None:
        run = self._run()
        if run is None:
            return
        started_in = current_session().family.parents_run_id(run.store)
        asked = asked_to_stop(run, started_in=started_in)
        for each in asked:
            each.note_stop("by you")
        if asked:
            asked[-1].at_end.append(forgetting(asked[-1]))
            self._is_wanted = True


_watches: weakref.WeakKeyDictionary[ActiveRun, StopWatch] = weakref.WeakKeyDictionary()


def stop_is_wanted(run: ActiveRun) -> bool:
    """For callbacks of frameworks: cheap enough for each iteration."""
    watch = _watches.get(run)
    if watch is None:
        watch = _watches[run] = StopWatch(run)
    return watch.is_wanted()
