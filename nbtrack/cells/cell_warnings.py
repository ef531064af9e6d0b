"""What a tracked cell is warned of: each kind asks its own records, and fails alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

from nbtrack.base.guard import guarded
from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.look_back import LookBack
from nbtrack.cells.provenance_record import ProvenanceRecord
from nbtrack.cells.tracked_cell import TrackedCell
from nbtrack.errors import StoreError
from nbtrack.provenance.executions.recorder import digest_of
from nbtrack.provenance.slices import slice_of
from nbtrack.provenance.warnings import already_ran as precedents
from nbtrack.provenance.warnings.data_changed import changed_inputs, data_changed
from nbtrack.provenance.warnings.harmless_fits import only_harmless
from nbtrack.provenance.warnings.saved_notebook import saved_notebook
from nbtrack.provenance.warnings.stale import stale
from nbtrack.provenance.warnings.unseeded import unseeded, unseeded_makers
from nbtrack.recording.here import CellLine
from nbtrack.recording.known_contents import known_contents
from nbtrack.recording.session import Session
from nbtrack.recording.warning_of_run import is_wanted, warn_of
from nbtrack.records.executions import Execution
from nbtrack.records.runs import RunStatus
from nbtrack.records.traces import RunTrace
from nbtrack.records.warned import Warned

PATIENCE_SECONDS = 0.2  # before a cell runs, if somebody holds the database


class CellWarnings:
    """*on_fault* is told of every step of ours that failed."""

    def __init__(
        self,
        session: Session,
        look_back: LookBack,
        provenance: ProvenanceRecord,
        *,
        on_fault: Callable[[], object],
    ) -> None:
        self._session = session
        self._look_back = look_back
        self._provenance = provenance
        self._on_fault = on_fault
        # Runs of this kernel by identity: they may not be folded.
        self._own: dict[str, precedents.Precedent] = {}
        self._codes: dict[str, str] = {}  # of cells, without %%track, by the digest of the source
        self._harmless: dict[str, frozenset[str]] = {}  # generators, by the same digest
        self._begun: dict[str, tuple[str, list[int]]] = {}  # identity and slice, by run

    # --- before the cell runs

    def at_start(self, tracked: TrackedCell) -> Warned | None:
        """To be told at once: the same has been computed before."""
        with self._guarded("already-ran"):
            needed = self._needed(tracked)
            if needed is None or not self._sees_all(tracked, needed):
                return None
            found = precedents.identity(
                tracked.cell.masked,
                tracked.arguments.params,
                needed[:-1],
                list(self._provenance.log.executions.values()),
            )
            if found is None or needed[-1].gaps:
                return None
            self._begun[tracked.run.run_id] = found, [each.number for each in needed]
            if is_wanted("already-ran", self._session, tracked.line):
                return self._tell_precedent(tracked, found)
        return None

    def _sees_all(self, tracked: TrackedCell, needed: Sequence[Execution]) -> bool:
        codes = [self._codes.get(each.source) for each in needed[:-1]]
        return precedents.sees_all([*codes, tracked.cell.masked])

    def _tell_precedent(self, tracked: TrackedCell, identity: str) -> Warned | None:
        run = self._precedent(tracked, identity)
        if run is None:
            return None
        warned = Warned("already-ran", precedents.already_ran(run, now=time.time()))
        warn_of(tracked.run, warned, self._session, tracked.line)
        return warned

    def _precedent(self, tracked: TrackedCell, identity: str) -> precedents.Precedent | None:
        store = tracked.run.store
        known = self._own.get(f"{store.writer} {identity}")
        if (
            known is not None
            and known.has_its_files
            and not self._look_back.is_dropped(known.run_id)
        ):
            return known
        try:
            runs = store.read_identical(identity, timeout=PATIENCE_SECONDS)
        except StoreError:  # somebody holds the database
            return None
        found = (each for each in map(precedents.Precedent.of, runs) if each.has_its_files)
        return next(found, None)

    # --- at its end

    def note_states(self, cell: RunningCell | None, line: CellLine) -> None:
        """Just before its record is closed: what it said, and whether it drew only what is not
        used."""
        if cell is not None:
            self._codes[digest_of(cell.masked)] = precedents.code_of(cell.masked)
        if line.quiet_draws and cell is not None:
            with self._guarded("unseeded"):
                before, after = self._provenance.states_around(cell)
                line.harmless = frozenset(only_harmless(before, after, line.quiet_draws))
                self._harmless[digest_of(cell.masked)] = line.harmless

    def at_end(self, tracked: TrackedCell, status: RunStatus, trace: RunTrace) -> None:
        questions: dict[str, Callable[[], str | None]] = {
            "data": partial(self._data_changed, tracked)
        }
        with self._guarded("what it came from"):
            if (needed := self._needed(tracked)) is not None:
                questions |= {
                    "stale": partial(self._stale, tracked, needed),
                    "unseeded": partial(self._unseeded, tracked, needed, trace),
                }
                if status == RunStatus.FINISHED:
                    self._become_precedent(tracked, needed, trace)
        for kind, ask in questions.items():
            if is_wanted(kind, self._session, tracked.line):
                with self._guarded(kind):
                    if (sentence := ask()) is not None:
                        warn_of(tracked.run, Warned(kind, sentence), self._session, tracked.line)

    def _stale(self, tracked: TrackedCell, needed: Sequence[Execution]) -> str | None:
        saved = saved_notebook(tracked.place.notebook) if tracked.cell.cell_id else None
        executions = list(self._provenance.log.executions.values())
        return stale(_of_values(needed), executions, saved, self._codes.get)

    def _unseeded(
        self, tracked: TrackedCell, needed: Sequence[Execution], trace: RunTrace
    ) -> str | None:
        results = {*trace.metrics, *trace.params, *tracked.results.metrics}
        return unseeded(
            _of_values(needed),
            self._codes.get,
            harmless=tracked.line.harmless,
            harmless_before=self._harmless,
        ) or unseeded_makers(needed, self._codes.get, results)

    def _data_changed(self, tracked: TrackedCell) -> str | None:
        run, lineage = tracked.run, tracked.place.lineage
        now = run.logged.inputs
        if not now or tracked.place.attempt < 2:
            return None
        experiment = run.info.experiment_id
        self._look_back.wait(run.store, experiment, lineage=lineage, run_id=run.run_id)
        previous = self._look_back.previous(run.store, lineage)
        changed = {} if previous is None else changed_inputs(previous.inputs, now)
        if previous is None or not changed:
            return None
        digests = [digest for pair in changed.values() for digest in pair]
        texts = known_contents.read(run.store, digests)
        return data_changed(changed, previous.number, texts.get)

    def _become_precedent(
        self, tracked: TrackedCell, needed: Sequence[Execution], trace: RunTrace
    ) -> None:
        run = tracked.run
        identity, foreseen = self._begun.pop(run.run_id, ("", []))
        if not identity:
            return
        if tags := precedents.precedent_tags(identity, needed, foreseen):
            run.set_tags(tags)
            models = sorted(p for p in trace.artifacts if p.endswith("/MLmodel"))
            self._own[f"{run.store.writer} {identity}"] = precedents.Precedent(
                run.run_id,
                tracked.name,
                run.info.start_time,
                trace.values(),
                trace.origins,
                models[0].removesuffix("/MLmodel") if models else None,
                tags[precedents.FILES_TAG],
            )

    def _needed(self, tracked: TrackedCell) -> Sequence[Execution] | None:
        """The slice of the run, as far as it is known now; None if nobody recorded the cell."""
        executions = self._provenance.log.executions
        own = [n for n, each in executions.items() if each.run_id == tracked.run.run_id]
        if not own:
            return None
        return slice_of(list(executions.values()), max(own))

    def _guarded(self, kind: str) -> AbstractContextManager[None]:
        return guarded(f"look whether to warn ({kind})", on_fault=self._on_fault)


def _of_values(needed: Sequence[Execution]) -> Sequence[Execution]:
    return slice_of(needed, needed[-1].number, of_values=True)
