"""What a tracked cell is warned of at its end: each kind asks its own records, and fails alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from nbtrack.base.guard import guarded
from nbtrack.cells.look_back import LookBack
from nbtrack.cells.tracked_cell import TrackedCell
from nbtrack.provenance.warnings.data_changed import changed_inputs, data_changed
from nbtrack.recording.known_contents import known_contents
from nbtrack.recording.session import Session
from nbtrack.recording.warning_of_run import is_wanted, warn_of
from nbtrack.records.warned import Warned


class CellWarnings:
    """*on_fault* is told of every step of ours that failed."""

    def __init__(
        self, session: Session, look_back: LookBack, *, on_fault: Callable[[], object]
    ) -> None:
        self._session = session
        self._look_back = look_back
        self._on_fault = on_fault

    def at_end(self, tracked: TrackedCell) -> None:
        questions: dict[str, Callable[[TrackedCell], str | None]] = {"data": self._data_changed}
        for kind, ask in questions.items():
            if is_wanted(kind, self._session, tracked.line):
                with self._guarded(kind):
                    if (sentence := ask(tracked)) is not None:
                        warn_of(tracked.run, Warned(kind, sentence), self._session, tracked.line)

    def _data_changed(self, tracked: TrackedCell) -> str | None:
        run, lineage = tracked.run, tracked.place.lineage
        now = run.logged.inputs
        if not now or tracked.place.attempt < 2:
            return None
        experiment = run.info.experiment_id
        self._look_back.wait(run.store, experiment, lineage=lineage, run_id=run.run_id)
        previous = self._look_back.previous(run.store, lineage)
        if previous is None:
            return None
        changed = changed_inputs(previous.inputs, now)
        if not changed:
            return None
        digests = [digest for pair in changed.values() for digest in pair]
        texts = known_contents.read(run.store, digests)
        return data_changed(changed, previous.number, texts.get)

    def _guarded(self, kind: str) -> AbstractContextManager[None]:
        return guarded(f"look whether to warn ({kind})", on_fault=self._on_fault)
