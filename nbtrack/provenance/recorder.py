"""From the cells that a kernel runs to a record of each: what it needed, and what it touched.

The recorder looks at the notebook's names before a cell and after it. What a cell needs is settled
when it ends: the executions that bound the names it read, that changed the objects these hold, the
states and the files it used.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbtrack.provenance import files, states
from nbtrack.provenance.cell_reading import CellReading, read_cell
from nbtrack.provenance.files import Opened, seen_file
from nbtrack.provenance.walks import MOST_OBJECTS, Change, Walk
from nbtrack.provenance.writers import Writers
from nbtrack.records.executions import Execution, ExecutionStatus

DEAR_SECONDS = 0.05  # a cell that once cost more is looked at less closely
_SAMPLED_OBJECTS = 100
# What IPython keeps in the notebook's namespace for itself; `_` and `_3` hold results.
_SHELLS = frozenset({"In", "Out", "_ih", "_oh", "_dh", "exit", "quit", "open", "get_ipython", "_i",
                     "_ii", "_iii"})  # fmt: skip
_HISTORY = re.compile(r"_i\d+|__\w+__|_exit_code")
_RESULTS = re.compile(r"_+|_\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFacts:
    """What is known of a cell when it begins; *source* as it may be stored."""

    source: str
    transformed: str
    is_masked: bool = False
    notebook: str | None = None
    folder: str | None = None
    cell_id: str | None = None
    started_us: int = 0


@dataclass(slots=True)
class Running:
    """A cell between its beginning and its end."""

    source: str
    execution: Execution
    reading: CellReading
    walk: Walk
    values: Mapping[str, int]  # the ids of all names
    states: Mapping[str, int]
    opened: Opened
    read: set[str]
    cost: float
    clock: float = field(default_factory=time.perf_counter)


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
        self._next = 0
        self._dear: set[str] = set()  # sources

    # --- what cells/ tells

    def began(self, cell: CellFacts) -> Running:
        clock = time.perf_counter()
        digest = digest_of(cell.source)
        reading = read_cell(cell.transformed)
        execution = Execution(
            kernel=self.kernel,
            number=self._take_number(),
            source=digest,
            notebook=cell.notebook,
            folder=cell.folder,
            cell_id=cell.cell_id,
            started_us=cell.started_us,
            gaps=tuple(_gaps_of_source(cell, reading)),
        )
        most = _SAMPLED_OBJECTS if digest in self._dear else MOST_OBJECTS
        walk = Walk(self._namespace, self._writers.changes, most)
        read = self._walk_over(walk, self._to_look_at(reading))
        return Running(
            cell.source,
            execution,
            reading,
            walk,
            values=self._values(),
            states=states.probed(),
            opened=files.watch.start(),
            read=read,
            cost=time.perf_counter() - clock,
        )

    def tracked(self, running: Running, run_id: str, *, count: int | None) -> None:
        """The cell has a run: what is known of it is written, for the kernel may be killed."""
        running.execution = replace(running.execution, run_id=run_id, execution_count=count)
        known = replace(
            running.execution,
            needs=tuple(sorted(self._needs_of_names(running, running.reading.reads))),
            reads=tuple(sorted(running.read & running.reading.reads)),
        )
        self._write(known, {known.source: running.source})

    def ended(self, running: Running, *, is_ok: bool, count: int | None) -> Execution:
        """The record, written."""
        seconds = time.perf_counter() - running.clock
        files.watch.stop(running.opened)
        clock = time.perf_counter()
        execution = replace(
            running.execution,
            execution_count=count,
            seconds=round(seconds, 6),
            status=ExecutionStatus.OK if is_ok else ExecutionStatus.ERROR,
        )
        execution = self._settled(running, execution, is_ok=is_ok)
        self._write(execution, {execution.source: running.source})
        cost = running.cost + time.perf_counter() - clock
        if cost > DEAR_SECONDS:
            self._dear.add(execution.source)
        return execution

    def abandon(self, running: Running) -> None:
        files.watch.stop(running.opened)

    # --- the beginning

    def _take_number(self) -> int:
        self._next += 1
        return self._next - 1

    def _to_look_at(self, reading: CellReading) -> set[str]:
        found = reading.reads | reading.later | reading.outputs | reading.patched
        if reading.is_dynamic:
            found |= reading.texts
        return set(found)

    def _walk_over(self, walk: Walk, names: Iterable[str]) -> set[str]:
        """And over what functions on the way read; the names that there are come back."""
        seen: set[str] = set()
        due = set(names)
        while due:
            name = due.pop()
            if name in seen or name in _SHELLS or name not in self._namespace:
                continue
            seen.add(name)
            known = len(walk.names)
            walk.add(name, self._namespace[name], since=self._writers.of_name(name))
            if len(walk.names) != known:
                due |= walk.names - seen
        return seen

    def _values(self) -> dict[str, int]:
        return {
            name: id(value)
            for name, value in list(self._namespace.items())
            if name not in _SHELLS and not _HISTORY.fullmatch(name)
        }

    # --- the end

    def _settled(self, running: Running, execution: Execution, *, is_ok: bool) -> Execution:
        reading, writers, number = running.reading, self._writers, execution.number
        after = Walk(self._namespace, {}, running.walk.most)
        self._walk_over(after, self._names_after(running))
        bound, dropped = self._bound(running, is_ok=is_ok)
        changed = self._changed(running, after)
        read = self._read(running)
        needs = self._needs_of_names(running, read)
        needs |= {writers.of_name(name) for name in bound & (reading.maybe | read)}
        execution = replace(
            execution,
            reads=tuple(sorted(name for name in read if name not in _SHELLS)),
            binds=tuple(sorted(name for name in bound if not _RESULTS.fullmatch(name))),
            drops=tuple(sorted(dropped)),
            changes=tuple(sorted({name for _, name in changed})),
            gaps=(*execution.gaps, *_gaps_of_walk(running)),
        )
        libraries = running.walk.libraries | after.libraries
        execution, used = self._with_states(running, execution, libraries)
        execution, of_files = self._with_files(running, execution)
        for name in bound | dropped:
            writers.names[name] = number
        for identity, _ in changed:
            reference = after.references.get(identity) or running.walk.references.get(identity)
            writers.change(identity, Change(number, reference))
        needs |= used | of_files
        return replace(execution, needs=tuple(sorted(n for n in needs if 0 <= n < number)))

    def _names_after(self, running: Running) -> set[str]:
        """Those it read, what it loaded of its own, and other names of what it read."""
        names = running.read | running.reading.loads
        gone = {
            identity
            for name in running.read
            if (identity := running.values.get(name)) is not None
            and (name not in self._namespace or id(self._namespace[name]) != identity)
        }
        if gone:
            names |= {name for name, identity in self._values().items() if identity in gone}
        return names

    def _bound(self, running: Running, *, is_ok: bool) -> tuple[set[str], set[str]]:
        """Names that it bound and dropped: seen by identity, and said by the source."""
        after, before = self._values(), running.values
        bound = {name for name, value in after.items() if before.get(name) != value}
        if is_ok:
            bound |= running.reading.sure & after.keys()
        return bound, set(before.keys() - after.keys())

    def _changed(self, running: Running, after: Walk) -> list[tuple[int, str]]:
        """Ids of objects that it changed, each with the name by which it came to them."""
        before = running.walk
        found = [
            (identity, after.roots[identity])
            for identity, stamp in after.stamps.items()
            if before.stamps.get(identity, stamp) != stamp
        ]
        seen = {identity for identity, _ in found}
        for name in running.reading.patched | (running.reading.suspects & before.partly):
            value = self._namespace.get(name)
            is_open = type(value) in (type(os), type)
            is_known = name not in running.read or id(value) in seen
            if not is_known and (name in before.partly or is_open):
                found.append((id(value), name))
        return found

    def _read(self, running: Running) -> set[str]:
        """What functions that it called read, too: those that were there, or that it made."""
        walk = Walk(self._namespace, self._writers.changes, running.walk.most)
        reading = running.reading
        called = reading.loads & self._namespace.keys()
        names = reading.reads | reading.outputs
        if reading.is_dynamic:
            names |= reading.texts
        found = self._walk_over(walk, called | names)
        own = {name for name in reading.sure - reading.reads}
        return {name for name in found if name not in own or name in reading.reads}

    def _needs_of_names(self, running: Running, names: Iterable[str]) -> set[int]:
        return {self._writers.of_name(name) for name in names} | running.walk.needs

    # --- states and files

    def _with_states(
        self, running: Running, execution: Execution, libraries: set[str]
    ) -> tuple[Execution, set[int]]:
        writers, reading = self._writers, running.reading
        changed = states.changed(running.states, states.probed())
        seeds = self._seeded(running, changed)
        draws = {name for name in states.GENERATORS if name in changed} - seeds
        unseeded = draws - writers.seeded
        others = changed - set(states.GENERATORS)
        used = {n for n, of in states.READERS.items() if of & libraries} | others
        if reading.imports or libraries - {"", "builtins", "__main__"}:
            used.add(states.ENVIRONMENT)
        if reading.imports:
            used.add(states.PATH)
        if running.opened.relative or reading.words & {"getcwd", "cwd", "Path", "glob", "system"}:
            used.add(states.FOLDER)
        used |= draws & writers.seeded
        needs = {writers.states[name] for name in used if name in writers.states}
        for name in changed | seeds:
            writers.states[name] = execution.number
        writers.seeded |= seeds
        told = replace(
            execution,
            draws=tuple(sorted(draws)),
            unseeded=tuple(sorted(unseeded)),
            seeds=tuple(sorted(seeds)),
            states=tuple(sorted(others)),
        )
        return told, needs

    def _seeded(self, running: Running, changed: set[str]) -> set[str]:
        found: set[str] = set()
        for dotted in running.reading.seeds:
            root = self._namespace.get(dotted.partition(".")[0])
            found |= states.generator_of(dotted, root)
        if "seed" in running.walk.names or "manual_seed" in running.walk.names:
            found |= changed & set(states.GENERATORS)
        return found

    def _with_files(self, running: Running, execution: Execution) -> tuple[Execution, set[int]]:
        opened, writers = running.opened, self._writers
        gaps = execution.gaps
        if opened.started_processes:
            opened.look_for_written(os.getcwd())
            gaps = (*gaps, "It started a process: what that read is not captured.")
        needs = {writers.files[path] for path in opened.read if path in writers.files}
        for folder in opened.folders:
            needs |= writers.of_files_in(folder)
            if folder in writers.files:
                needs.add(writers.files[folder])
        for path in opened.written:
            parent = os.path.dirname(path)
            if parent in writers.files:
                needs.add(writers.files[parent])
            writers.files[path] = execution.number
        told = replace(
            execution,
            files_read=tuple(seen_file(path) for path in opened.read if os.path.isfile(path)),
            files_written=tuple(seen_file(path) for path in opened.written),
            gaps=gaps,
        )
        return told, needs


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _gaps_of_source(cell: CellFacts, reading: CellReading) -> Iterable[str]:
    if cell.is_masked:
        yield "Its source holds a secret that is not stored: it cannot be run as it is kept."
    if not reading.parses and cell.source.strip():
        yield "Its source is not Python: what it read is not captured."
    if reading.is_dynamic:
        yield "It may read names that its source does not spell: those are not captured."


def _gaps_of_walk(running: Running) -> Iterable[str]:
    names = sorted(running.walk.partly & running.read)
    if names:
        yield f"Not looked at in full: {', '.join(names[:5])}."
