"""Folding: journal lines become rows of the database file, exactly once, whoever dies.

Rows and the new offsets are committed in one transaction, under `fold.lock`.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.base.locks import held, make_shared_folder
from nbtrack.errors import StoreBusy
from nbtrack.journal import reading
from nbtrack.journal.lines import now_us
from nbtrack.journal.reading import Tail
from nbtrack.stores.local import identities
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.file_faults import is_interruption
from nbtrack.stores.local.parsed_lines import insert_parsed, parse, transaction
from nbtrack.stores.local.signs import OwnFolds

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOLD_BYTES = 4 << 20  # at most this much per hold of the file: under 100 ms
BREATH_SECONDS = 0.01  # between two holds: who waits for the file looks every 4 ms


@dataclass(slots=True)
class _Work:
    """What one hold of the file has to do."""

    tails: list[Tail] = field(default_factory=list)
    torn: dict[str, bytes] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    waiting_bytes: int = 0
    is_partial: bool = False

    @property
    def taken_bytes(self) -> int:
        return sum(len(tail.text) for tail in self.tails)


def fold(attachment: Attachment, folder: Path, *, own_writer: str, own_folds: OwnFolds) -> bool:
    """Fold what waits in all journals in *folder*; False if the file cannot be written now."""
    if not os.access(folder.parent, os.W_OK):
        return False
    make_shared_folder(folder)
    todo = None  # what waits now and no more: others may write faster than we fold
    while todo is None or todo > 0:
        with held(folder.parent / "fold.lock") as is_ours:
            if not is_ours:
                return False
            # Nobody else clears up while we have the lock, and no writer comes back to life.
            dead = set(reading.dead_writers(folder, own=own_writer))
            try:
                with attachment.open(read_only=False, timeout=0) as connection:
                    before = own_folds.look()
                    work = _find_work(connection, folder, dead)
                    _commit(connection, work)
                    _checkpoint(connection)
                    own_folds.note(before, own_folds.look())
            except StoreBusy:
                return False
            _clear_up(folder, work)
        if not work.is_partial:
            break
        todo = (work.waiting_bytes if todo is None else todo) - work.taken_bytes
        time.sleep(BREATH_SECONDS)
    return True


def _find_work(connection: DuckDBPyConnection, folder: Path, dead: set[str]) -> _Work:
    work = _Work(offsets=folded_offsets(connection), dead=dead)
    sizes = reading.segment_sizes(folder)
    work.offsets = {name: work.offsets.get(name, 0) for name in sizes}
    work.waiting_bytes = sum(size - work.offsets[name] for name, size in sizes.items())
    room = HOLD_BYTES
    for name, size in sizes.items():
        if size <= work.offsets[name]:
            continue
        if room <= 0:
            work.is_partial = True
            break
        tail = reading.read_tail(folder, name, start=work.offsets[name], limit=room)
        _take(work, tail, folder, size=size)
        room -= len(tail.text)
    if work.is_partial:
        work.dead = set()  # their end comes after their last line
    return work


def _take(work: _Work, tail: Tail, folder: Path, *, size: int) -> None:
    if tail.text:
        work.tails.append(tail)
        work.offsets[tail.segment] = tail.end
        work.is_partial |= tail.end < size and b"\n" in reading.read_torn_end(
            folder, tail.segment, start=tail.end
        )
    if not work.is_partial and reading.writer_of(tail.segment) in work.dead:
        torn = reading.read_torn_end(folder, tail.segment, start=tail.end)
        work.torn[tail.segment] = torn
        work.offsets[tail.segment] = tail.end + len(torn)


def _commit(connection: DuckDBPyConnection, work: _Work) -> None:
    parse(connection, work.tails)
    with transaction(connection):
        if work.tails:
            insert_parsed(connection, target="project.stored")
            connection.execute(identities.NOTE)
        for torn in filter(None, work.torn.values()):
            connection.execute(
                "insert into project.stored.bad_lines values (?, ?)",
                [torn.decode("utf-8", "replace"), now_us()],
            )
        for writer in work.dead:
            _end_runs_of(connection, writer)
        _store_offsets(connection, work.offsets)


def folded_offsets(connection: DuckDBPyConnection) -> dict[str, int]:
    return dict(
        connection.execute("select segment, folded from project.stored.segments").fetchall()
    )


def _end_runs_of(connection: DuckDBPyConnection, writer: str) -> None:
    """Runs of a dead process end as KILLED, at the last moment anything was heard of them."""
    connection.execute(
        """
        insert into project.stored.run_events by name
        -- A point's time is the user's to choose: it says when the run ended, but it must not
        -- put that event behind those of a process which resumes the run.
        select run_key, 'KILLED' as status, seen_us + 1 as t,
            greatest(seen_us, case when last_point < $now then last_point end) as end_us
        from (select run_key, arg_max(status, t) as status, arg_max(writer, t) as writer,
                  max(t) as seen_us
              from project.stored.run_events group by run_key)
        left join (select run_key, max(t) as last_point from project.stored.metrics
                   group by run_key) using (run_key)
        where status = 'RUNNING' and writer = $writer
        """,
        {"writer": writer, "now": now_us()},
    )


def _checkpoint(connection: DuckDBPyConnection) -> None:
    """As letting the file go would do it: so it is seen as we leave it."""
    import duckdb

    try:
        connection.execute("checkpoint project")
    except duckdb.Error as exc:  # all is committed, and the log beside the file has it
        if is_interruption(exc):
            raise


def _store_offsets(connection: DuckDBPyConnection, offsets: dict[str, int]) -> None:
    connection.execute("delete from project.stored.segments")
    if offsets:
        connection.execute(
            "insert into project.stored.segments select unnest($names), unnest($folded)",
            {"names": list(offsets), "folded": list(offsets.values())},
        )


def _clear_up(folder: Path, work: _Work) -> None:
    """Delete what is folded for good; its offset is dropped by a later fold, never before."""
    for segment, offset in work.offsets.items():
        is_dead = reading.writer_of(segment) in work.dead
        if is_dead or (offset and reading.is_closed(folder, segment)):
            path = folder / segment
            with suppress(FileNotFoundError, PermissionError):  # another's, in a shared folder
                if path.stat().st_size <= offset:
                    path.unlink()
    for writer in work.dead:
        with suppress(PermissionError):
            reading.remove_lock(folder, writer)
