"""Reading: what is folded and the tails of all journals, as one consistent cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack import segments
from nbtrack.segments import Tail
from nbtrack.stores import schema
from nbtrack.stores.attachment import WAIT_SECONDS, Attachment
from nbtrack.stores.fold import HOLD_BYTES, folded_offsets, insert_parsed, parse
from nbtrack.stores.folding_thread import folding_guarded

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_SEGMENTS = 64


class SnapshotReader:
    """*fold_now* is called when the tails have grown too long to be read each time."""

    def __init__(
        self,
        attachment: Attachment,
        folder: Path,
        *,
        own_writer: Callable[[], str],
        fold_now: Callable[[], bool],
    ) -> None:
        self._attachment = attachment
        self._folder = folder
        self._own_writer = own_writer
        self._fold_now = fold_now
        self._loaded: object = None  # which tails the tables of schema `tail` hold
        self._marked: object = None  # which writers the table `dead_writers` holds

    @contextmanager
    def open(self, *, timeout: float = WAIT_SECONDS) -> Iterator[DuckDBPyConnection]:
        """A connection on which `current.*` and the public views are one cut of the project."""
        with self._attachment.open(read_only=True, timeout=timeout) as connection:
            waiting = self._waiting(connection)
            if not _is_too_much(waiting):
                self._load(connection, waiting)
                if not self._attachment.is_outdated:
                    yield connection
                    return
        with folding_guarded():  # a full disk keeps nobody from reading
            self._fold_now()
        with self._attachment.open(read_only=True, timeout=timeout) as connection:
            self._load(connection, self._waiting(connection))
            yield connection

    def _waiting(self, connection: DuckDBPyConnection) -> dict[str, tuple[int, int]]:
        """(folded, size) of each segment that holds more than what is folded."""
        # Offsets first: a segment that is gone when we list them was folded before.
        offsets = folded_offsets(connection)
        sizes = segments.segment_sizes(self._folder)
        spans = {name: (offsets.get(name, 0), size) for name, size in sizes.items()}
        return {name: span for name, span in spans.items() if span[1] > span[0]}

    def _load(self, connection: DuckDBPyConnection, waiting: dict[str, tuple[int, int]]) -> None:
        self._mark_dead_writers(connection)
        newest = _newest_key(connection) if waiting else None
        # The instance is part of it: another one has empty tables. So is the newest key,
        # because runs in the tail are numbered behind it.
        signature = (self._attachment.generation, newest, waiting)
        if signature == self._loaded:
            return
        if self._loaded is not None:  # None: this instance's tables are empty still
            for table in schema.TABLES:
                connection.execute(f"truncate tail.{table}")
        self._loaded = "a part"
        tails = [
            segments.read_tail(self._folder, name, start=start, limit=size - start)
            for name, (start, size) in waiting.items()
        ]
        self._parse_into_tables(connection, tails)
        self._loaded = signature

    def _parse_into_tables(self, connection: DuckDBPyConnection, tails: list[Tail]) -> None:
        if any(tail.text for tail in tails):
            parse(connection, tails)
            insert_parsed(connection, target="tail")

    def _mark_dead_writers(self, connection: DuckDBPyConnection) -> None:
        dead = sorted(segments.dead_writers(self._folder, own=self._own_writer()))
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
    return total > HOLD_BYTES or len(waiting) > MOST_SEGMENTS
