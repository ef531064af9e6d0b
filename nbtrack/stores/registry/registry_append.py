"""Recording changes of the registry: compare and set, in one transaction, under `fold.lock`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.base.locks import held, holder_of, make_shared_folder
from nbtrack.errors import RegistryMoved, StoreBusy, StoreError
from nbtrack.records.registry import (
    EventKind,
    NewEvent,
    RegistryEvent,
    RegistryHead,
    StagedFolder,
)
from nbtrack.stores.local.attachment import Attachment
from nbtrack.stores.local.file_faults import is_interruption
from nbtrack.stores.local.parsed_lines import transaction
from nbtrack.stores.registry.registry_chain import chained, note_head, noted_head, refuse_unnoted
from nbtrack.stores.registry.registry_schema import COLUMNS

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

MODELS_FOLDER = "models"
INSERT = f"insert into project.stored.registry_events values ({', '.join('?' * len(COLUMNS))})"


class RegistryTurn(AbstractContextManager[None]):
    """See `Store.registry_turn`."""

    # No generator: an interrupt between its `yield` and the block would keep the lock for as long
    # as somebody keeps the traceback, and a notebook does.
    def __init__(self, project: Path, *, timeout: float) -> None:
        self._project = project
        self._file = project / "registry.lock"
        self._lock = held(self._file, wait_seconds=timeout)

    def __enter__(self) -> None:
        _refuse_read_only(self._project)
        try:
            if not self._lock.__enter__():
                raise _busy(self._file)
        except BaseException as exc:
            self.__exit__(type(exc), exc, exc.__traceback__)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.__exit__(kind, error, traceback)


def append_events(
    attachment: Attachment,
    events: Sequence[NewEvent],
    *,
    after: RegistryHead,
    staged: StagedFolder | None = None,
    timeout: float,
) -> list[RegistryEvent]:
    """All or none, if *after* still is the newest event; see `Store.registry_append`."""
    project = attachment.file.parent
    deadline = time.monotonic() + timeout
    _refuse_read_only(project)
    with held(project / "fold.lock", wait_seconds=timeout) as is_ours:
        if not is_ours:
            raise _busy(project / "fold.lock")
        left = max(deadline - time.monotonic(), 0.0)
        with attachment.open(read_only=False, timeout=left) as connection:
            placing = placed(project, staged)
            with placing as place, transaction(connection):
                found = record(connection, project, events, after=after, place=place)
        # A process that dies here leaves a chain that is ahead of its note, which is no fault.
        note_head(project, RegistryHead(found[-1].n, found[-1].hash))
    return [event for event in found if event.kind != EventKind.HEAD_RENEWED]


def read_head(connection: Connection) -> tuple[RegistryHead, int]:
    """The newest event, and its time; RegistryHead() before the first."""
    row = connection.execute(
        "select n, hash, t from project.stored.registry_events order by n desc limit 1"
    ).fetchone()
    return (RegistryHead(row[0], row[1]), row[2]) if row else (RegistryHead(), 0)


def record(
    connection: Connection,
    project: Path,
    events: Sequence[NewEvent],
    *,
    after: RegistryHead,
    place: Callable[[], None],
) -> list[RegistryEvent]:
    """In a transaction that nobody else is in; *place* comes before its commit."""
    head, newest_us = read_head(connection)
    if head != after:
        raise RegistryMoved(f"The registry has changed since: {head} is the newest event.")
    last = _note_on_head(connection, project, head, actor=events[0].actor)
    # Last, because the caller has counted on from *after*.
    found = chained([*events, *last], after=head, not_before_us=newest_us)
    place()
    connection.executemany(INSERT, [astuple(event) for event in found])
    return found


def _note_on_head(
    connection: Connection, project: Path, head: RegistryHead, *, actor: str
) -> list[NewEvent]:
    """Raises RegistryBroken if the chain is not the one whose head was noted."""
    noted = noted_head(project)
    if noted is None:
        if head.number == 0:
            return []
        kind = EventKind.HEAD_RENEWED
        return [NewEvent(actor=actor, kind=kind, model_key=0, model="", to_value=str(head))]
    row = connection.execute(
        "select hash from project.stored.registry_events where n = $n", {"n": noted.number}
    ).fetchone()
    refuse_unnoted(project, noted, row[0] if row else None)
    return []


@contextmanager
def placed(project: Path, staged: StagedFolder | None) -> Iterator[_Place]:
    """Gives what moves the staged folder to its place; an error in the block moves it back.

    An interrupt does not: it may come when all is committed, and then the folder is a version's.
    If it is not, no event names it, as after a kill.
    """
    place = _Place(project, staged)
    try:
        yield place
    except BaseException as exc:
        if not is_interruption(exc):
            place.undo()
        raise


class _Place:
    def __init__(self, project: Path, staged: StagedFolder | None) -> None:
        self._staged = staged
        self._target = project / MODELS_FOLDER / (staged.place if staged else "")
        self._is_placed = False

    def __call__(self) -> None:
        if self._staged is None:
            return
        make_shared_folder(self._target.parent)
        if self._target.exists():
            # No event names it, and nobody else is here: its process died before the commit.
            self._target.rename(self._target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}"))
        self._staged.folder.rename(self._target)
        self._is_placed = True
        _sync_folder(self._target.parent)
        open_artifacts(str(self._target)).adopt()

    def undo(self) -> None:
        if self._staged is not None and self._is_placed:
            with suppress(OSError):
                self._target.rename(self._staged.folder)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system lets a folder be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refuse_read_only(project: Path) -> None:
    make_shared_folder(project)
    if not os.access(project, os.W_OK):
        raise StoreError(
            f"{project} is not yours to write, so the model registry cannot be changed."
        )


def _busy(lock: Path) -> StoreBusy:
    return StoreBusy(
        f"{lock} is held by {holder_of(lock)}, so the model registry cannot be changed now. "
        "Nothing was recorded; try again when it is free."
    )
