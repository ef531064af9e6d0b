"""Reading: what is folded and the tails of all journals, as one consistent cut."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nbtrack.journal import reading
from nbtrack.journal.lines import LINE_START
from nbtrack.journal.reading import Tail
from nbtrack.stores.local import schema
from nbtrack.stores.local.attachment import WAIT_SECONDS, Attachment, Block, stamp, wal_of
from nbtrack.stores.local.fold import HOLD_BYTES, folded_offsets
from nbtrack.stores.local.folding_thread import folding_guarded
from nbtrack.stores.local.parsed_lines import insert_parsed, parse
from nbtrack.stores.local.signs import FileWatch, Signs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_SEGMENTS = 64
MOST_TAIL_BYTES = 4 * HOLD_BYTES  # read in 100 ms; folding as much first takes half as long again


class Cut(NamedTuple):
    """What an open snapshot shows: two that are equal show the same."""

    instance: int  # of DuckDB; its temporary tables end with it
    tails: object
    dead_writers: object
    file: object


class Loaded(NamedTuple):
    """Tails behind *basis*: an instance, a file and its newest key; what *waiting* spans, and lines
    of this process that no disk takes."""

    basis: object
    waiting: dict[str, tuple[int, int]]
    own: str

    def goes_on_from(self, before: Loaded) -> bool:
        """Whether nothing but new lines has come: these alone need be parsed."""
        return (
            self.basis == before.basis
            and not (self.own or before.own)
            and all(
                name in self.waiting
                and self.waiting[name][0] == folded
                and self.waiting[name][1] >= size
                for name, (folded, size) in before.waiting.items()
            )
        )


class SnapshotReader:
    """*fold_now* is called when the tails have grown too long to be read each time.

    *own_waiting* are lines of this process that no disk takes: who logged them still reads them.
    """

    def __init__(
        self,
        attachment: Attachment,
        folder: Path,
        *,
        own_writer: Callable[[], str],
        own_waiting: Callable[[], str],
        fold_now: Callable[[], bool],
    ) -> None:
        self._attachment = attachment
        self._folder = folder
        self._own_writer = own_writer
        self._own_waiting = own_waiting
        self._fold_now = fold_now
        self._loaded: Loaded | None = None  # what the tables of schema `tail` hold
        self._ends: dict[str, int] = {}  # and up to where, by segment
        self._filled: set[str] = set()  # those of the tables that may have rows
        self._generation = 0  # of the instance that has them
        self._fillings = 0  # each may number runs anew
        self._offsets: object = None  # how far the journals are folded
        self._marked: object = None  # which writers the table `dead_writers` holds
        self._watch = FileWatch(attachment.file)
        self._read: tuple[dict[str, int], str, tuple[str, ...]] = ({}, "", ())

    def open(self, *, timeout: float = WAIT_SECONDS) -> Block:
        """A connection on which `current.*` and the public views are one cut of the project."""
        return Block(lambda block: self.enter(block, timeout=timeout), self.leave)

    def enter(self, block: Block, *, timeout: float) -> DuckDBPyConnection:
        """*block* must `leave`, whatever is raised here."""
        connection = self._attachment.enter(block, read_only=True, timeout=timeout)
        waiting, own = self._waiting(connection)
        if not _is_too_much(waiting):
            self._load(connection, waiting, own)
            if not self._attachment.is_outdated:
                return connection
        self._attachment.leave(block, None)
        with folding_guarded():  # a full disk keeps nobody from reading
            self._fold_now()
        connection = self._attachment.enter(block, read_only=True, timeout=timeout)
        self._load(connection, *self._waiting(connection))
        return connection

    def leave(self, block: Block, error: BaseException | None) -> None:
        self._attachment.leave(block, error)

    @property
    def cut(self) -> Cut:
        """Of the snapshot that is open: nobody can write the file meanwhile."""
        # What a dead process left in the log beside the file is read with it.
        files = stamp(self._attachment.file), stamp(wal_of(self._attachment.file))
        tails = self._offsets, self._loaded, self._fillings
        return Cut(self._attachment.generation, tails, self._marked, files)

    def shows(self, signs: Signs | None) -> bool:
        """Whether a snapshot would surely have *signs*, found out without one."""
        try:
            sizes, own = self._sizes_and_own_lines()
            dead = reading.dead_writers(self._folder, own=self._own_writer())
        except OSError:  # a folder that cannot be
            return False
        return Signs(sizes, own, tuple(sorted(dead)), self._watch.look()) == signs

    @property
    def signs(self) -> Signs:
        """Of the snapshot that is open."""
        return Signs(*self._read, self._watch.look())

    @property
    def is_settled(self) -> bool:
        """Whether any change after the open snapshot will show in its signs.

        That a journal may be read from now on would not.
        """
        if not all(os.access(self._folder / name, os.R_OK) for name in self._read[0]):
            return False
        return self._watch.is_settled(self._watch.look())

    def _waiting(self, connection: DuckDBPyConnection) -> tuple[dict[str, tuple[int, int]], str]:
        """(folded, size) of each segment that holds more than what is folded; own lines."""
        # Offsets first: a segment that is gone when we list them was folded before.
        self._offsets = offsets = folded_offsets(connection)
        sizes, own = self._sizes_and_own_lines()
        self._read = sizes, own, ()
        spans = {name: (offsets.get(name, 0), size) for name, size in sizes.items()}
        return {name: span for name, span in spans.items() if span[1] > span[0]}, own

    def _sizes_and_own_lines(self) -> tuple[dict[str, int], str]:
        """At a moment between writes: a line is on the disk or in memory, not in both."""
        before = None
        while (own := self._own_waiting()) != before:
            before, sizes = own, reading.segment_sizes(self._folder)
        # The first line may be the rest of one that a full disk has torn.
        return sizes, own if own.startswith(LINE_START) else own.partition("\n")[2]

    def _load(
        self, connection: DuckDBPyConnection, waiting: dict[str, tuple[int, int]], own: str
    ) -> None:
        self._mark_dead_writers(connection)
        newest = _newest_key(connection) if waiting or own else None
        # The instance is part of it: another one has empty tables. So is the file, and its newest
        # key, because runs in the tail are numbered behind it.
        file = stamp(self._attachment.file)
        loaded = Loaded((self._attachment.generation, file, newest), waiting, own)
        if loaded == self._loaded:
            return
        before, self._loaded = self._loaded, None
        if before is None or not loaded.goes_on_from(before):
            self._truncate(connection)
            before = Loaded(loaded.basis, {}, "")
        self._ends = {name: self._ends[name] for name in before.waiting}
        self._parse_into_tables(connection, self._read_tails(waiting, own))
        self._loaded = loaded

    def _truncate(self, connection: DuckDBPyConnection) -> None:
        if self._generation == self._attachment.generation:  # else its tables are empty still
            for table in self._filled:
                connection.execute(f"truncate tail.{table}")
        self._filled, self._generation = set(), self._attachment.generation
        self._fillings += 1

    def _read_tails(self, waiting: dict[str, tuple[int, int]], own: str) -> list[Tail]:
        """What the tables do not hold yet, as far as lines are whole."""
        tails = []
        for name, (folded, size) in waiting.items():
            start = self._ends.get(name, folded)
            tail = reading.read_tail(self._folder, name, start=start, limit=size - start)
            self._ends[name] = tail.end
            tails.append(tail)
        return [*tails, Tail(segment="", start=0, text=own.encode("utf-8", "replace"))]

    def _parse_into_tables(self, connection: DuckDBPyConnection, tails: list[Tail]) -> None:
        if any(tail.text for tail in tails):
            filled, self._filled = self._filled, set(schema.TABLES)  # for an interrupt
            parse(connection, tails)
            # A run that came with lines before has its key in the tail.
            new = insert_parsed(connection, target="tail", known="stored.run_keys")
            self._filled = filled | new

    def _mark_dead_writers(self, connection: DuckDBPyConnection) -> None:
        dead = sorted(reading.dead_writers(self._folder, own=self._own_writer()))
        self._read = (*self._read[:2], tuple(dead))
        marked = (self._attachment.generation, dead)
        if marked != self._marked:
            self._marked = None
            connection.execute("truncate dead_writers")
            connection.execute("insert into dead_writers select unnest($dead)", {"dead": dead})
            self._marked = marked


def _newest_key(connection: DuckDBPyConnection) -> int | None:
    row = connection.execute("select max(run_key) from project.stored.run_keys").fetchone()
    return row[0] if row else None


def _is_too_much(waiting: dict[str, tuple[int, int]]) -> bool:
    total = sum(size - start for start, size in waiting.values())
    return total > MOST_TAIL_BYTES or len(waiting) > MOST_SEGMENTS
