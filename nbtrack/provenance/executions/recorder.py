"""From the cells that a kernel runs to a record of each: what it needed, and what it touched.

The recorder looks at the notebook's names before a cell and after it. What the cell needs is
settled when it ends, see `settlement`.
"""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbtrack.provenance.executions import files, states
from nbtrack.provenance.executions.cell_reading import CellReading, read_cell
from nbtrack.provenance.executions.earlier import claim_the_rest, read_off
from nbtrack.provenance.executions.generator_states import held_states, texts_of
from nbtrack.provenance.executions.imported import ImportedModules
from nbtrack.provenance.executions.last_stamps import LastStamps
from nbtrack.provenance.executions.running import Running, values_of
from nbtrack.provenance.executions.settlement import settled
from nbtrack.provenance.executions.walks import SAMPLED, WHOLE, Walk
from nbtrack.provenance.executions.writers import Writers
from nbtrack.records.executions import Execution, ExecutionStatus

DEAR_SECONDS = 0.05  # a cell that once cost more is looked at less closely


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFacts:
    """What is known of a cell when it begins; *source* as it may be stored."""

    source: str
    transformed: str
    is_masked: bool = False
    notebook: str | None = None
    folder: str | None = None
    cell_id: str | None = None
    execution_count: int | None = None  # None: it is told when the cell has one
    started_us: int = 0


class KernelRecorder:
    """*write* keeps an execution and the texts that it names; the newest one of a number counts."""

    def __init__(
        self,
        namespace: dict[str, Any],
        write: Callable[[Execution, Mapping[str, str]], None],
    ) -> None:
        self.kernel = uuid.uuid4().hex
        self._namespace = namespace
        self._write = write
        self._writers = Writers()
        self._last = LastStamps()
        self._modules = ImportedModules()
        self._next = 0
        self._dear: set[str] = set()  # digests of sources

    def began(self, cell: CellFacts) -> Running:
        clock = time.perf_counter()
        self._modules.cell_begins()
        reading = read_cell(cell.transformed)
        execution = self._new(cell, reading)
        limits = SAMPLED if execution.source in self._dear else WHOLE
        walk = Walk(self._namespace, limits, self._writers.changes)
        read = walk.close_over(reading.named, self._writers.names)
        needs = set(walk.needs)
        later = walk.close_over(reading.later | reading.patched, self._writers.names)
        held = held_states()
        running = Running(
            source=cell.source,
            execution=execution,
            reading=reading,
            before=walk,
            read=read,
            needs=needs,
            later=later,
            moved=self._last.changed(walk, self._namespace),
            values=values_of(self._namespace),
            states=states.probed(held),
            generators=self._unseeded(held),
            threads=set(threading.enumerate()),
            modules=self._modules.known(),
            opened=files.watch.start(imports=reading.only_imports),
        )
        running.cost = time.perf_counter() - clock
        return running

    def _new(self, cell: CellFacts, reading: CellReading) -> Execution:
        digest = digest_of(cell.source)
        self._next += 1
        return Execution(
            kernel=self.kernel,
            number=self._next - 1,
            source=digest,
            notebook=cell.notebook,
            folder=cell.folder,
            cell_id=cell.cell_id,
            execution_count=cell.execution_count,
            started_us=cell.started_us,
            gaps=tuple(_gaps(cell, reading, is_sampled=digest in self._dear)),
        )

    def ran_before(self, cells: Sequence[CellFacts]) -> None:
        """Cells that nobody told of when they ran."""
        readings = []
        for cell in cells:
            reading = read_cell(cell.transformed)
            execution = self._new(cell, reading)
            readings.append((execution.number, reading))
            execution = read_off(execution, cell.transformed, self._namespace, self._writers)
            self._write(execution, {execution.source: cell.source})
        claim_the_rest(values_of(self._namespace), readings, self._writers)

    def has_generator(self, running: Running, name: str) -> None:
        """The cell has just imported it: where it starts from."""
        held = held_states()
        running.states.setdefault(name, states.probed(held)[name])
        for known, generator in self._unseeded(held).items():
            running.generators.setdefault(known, generator)

    def _unseeded(self, held: Mapping[str, Any]) -> dict[str, Any]:
        return {name: held[name] for name in held if name not in self._writers.seeded}

    def tracked(self, running: Running, run_id: str, *, count: int | None) -> None:
        """The cell has a run: what is known of it is written, for the kernel may be killed."""
        running.execution = replace(running.execution, run_id=run_id, execution_count=count)
        needs = tuple(sorted(self._known_needs(running)))
        known = replace(running.execution, needs=needs, reads=tuple(sorted(running.read)))
        self._write(known, {known.source: running.source})

    def _stop(self, running: Running, *, is_ok: bool, count: int | None) -> None:
        files.watch.stop(running.opened)
        running.execution = replace(
            running.execution,
            execution_count=count,
            seconds=round(time.perf_counter() - running.clock, 6),
            status=ExecutionStatus.OK if is_ok else ExecutionStatus.ERROR,
        )

    def failed(self, running: Running, *, is_ok: bool, count: int | None) -> None:
        """What `ended` could not find out is said to be missing."""
        self._stop(running, is_ok=is_ok, count=count)
        needs = self._known_needs(running)
        values = values_of(self._namespace)
        bound = {name for name, value in values.items() if running.values.get(name) != value}
        # It may have changed what it used.
        touched = (running.reading.suspects | running.reading.touched) & running.read
        self._writers.names |= dict.fromkeys(bound | touched, running.execution.number)
        execution = replace(
            running.execution,
            needs=tuple(sorted(needs)),
            reads=tuple(sorted(running.read)),
            binds=tuple(sorted(bound)),
            gaps=(*running.execution.gaps, "What it needed and changed is not captured in full."),
        )
        self._write(execution, {execution.source: running.source})

    def _known_needs(self, running: Running) -> set[int]:
        """By what it reads at once."""
        names = self._writers.names
        return running.needs | {names[name] for name in running.read if name in names}

    def ended(self, running: Running, *, is_ok: bool, count: int | None) -> Execution:
        """The record, written."""
        clock = time.perf_counter()
        self._stop(running, is_ok=is_ok, count=count)
        before = running.before
        after = Walk(self._namespace, before.limits, idle=before.stamps, keeps=True)
        execution = settled(running, after, self._writers, self._modules)
        self._last.remember(after, self._namespace)
        states_before = texts_of(running.generators, execution.unseeded)
        texts = {digest_of(text): text for text in (running.source, *states_before)}
        execution = replace(
            execution,
            generators=tuple(map(digest_of, states_before)),
            gaps=(*execution.gaps, *self._modules.gaps(execution)),
        )
        self._write(execution, {**texts, **self._modules.texts(execution)})
        if running.cost + time.perf_counter() - clock > DEAR_SECONDS:
            self._dear.add(execution.source)
        return execution


def _gaps(cell: CellFacts, reading: CellReading, *, is_sampled: bool) -> Iterable[str]:
    if cell.is_masked:
        yield "Its source holds a secret that is not stored: it cannot be run as it is kept."
    if not reading.parses and cell.source.strip():
        yield "Its source is not Python: what it read is not captured."
    if reading.is_dynamic:
        yield "It may read names that its source does not spell: those are not captured."
    if is_sampled:
        yield "Looking at all that it uses took long: since then a part is looked at."


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
