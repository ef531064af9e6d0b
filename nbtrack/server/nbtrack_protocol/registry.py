"""Changes of the registry that clients have decided on: recorded if nobody was faster, and if the
gates agree here, too."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shutil import rmtree

from nbtrack.artifact_store.paths import TEMPORARY
from nbtrack.errors import InvalidValue, RegistryMoved
from nbtrack.models.digests import check_files
from nbtrack.models.mlmodel_file import FILE_NAME
from nbtrack.models.registered_places import copies_folder
from nbtrack.recording.acting import identified_actor
from nbtrack.records.registry import (
    EventKind,
    NewEvent,
    RegistryEvent,
    RegistryHead,
    StagedFolder,
)
from nbtrack.remote.protocol import CHANGE
from nbtrack.server.nbtrack_protocol.change_check import ChangeCheck
from nbtrack.server.served import Served

LEFT_SECONDS = 86_400.0  # a copy that has not grown for so long is nobody's; a file that is sent
# straight to a bucket does not touch it
_TOKEN = re.compile(r"[0-9a-f]{32}")


def staging_folder(served: Served, token: str) -> Path:
    """Where a client's copy of a model comes together. Raises InvalidValue."""
    if not _TOKEN.fullmatch(token):
        raise InvalidValue(f"{token!r:.80} is no name of a copy.")
    return copies_folder(served.store) / f"{TEMPORARY}{token}"


def drop_copy(served: Served, token: object) -> None:
    """Of a change that is refused: who sends it again sends the copy, too."""
    if isinstance(token, str) and _TOKEN.fullmatch(token):
        rmtree(staging_folder(served, token), ignore_errors=True)


def sweep(served: Served) -> None:
    """Take away copies of clients that were killed, or refused, before they told of a version."""
    before = time.time() - LEFT_SECONDS
    for folder in copies_folder(served.store).glob(f"{TEMPORARY}*"):
        with suppress(FileNotFoundError):  # it becomes a version just now
            if max(each.lstat().st_mtime for each in (folder, *folder.rglob("*"))) < before:
                rmtree(folder, ignore_errors=True)


def append(
    served: Served,
    events: Sequence[NewEvent],
    *,
    after: RegistryHead,
    token: str | None,
    place: str | None,
) -> list[RegistryEvent]:
    """A change that was recorded before is not recorded again. Raises RegistryMoved, StoreBusy,
    GateFailed, ModelChanged, InvalidValue."""
    with _out_of_reach(served, token) as folder:
        if recorded := _recorded_before(served, events, after):  # the answer was lost
            return recorded
        staged = None if folder is None else _staged(folder, events, str(place))
        if staged is None and any(event.kind == EventKind.VERSION_CREATED for event in events):
            raise InvalidValue("A version is made with a copy of its model.")
        return _append(served, events, after, staged)


def _append(
    served: Served, events: Sequence[NewEvent], after: RegistryHead, staged: StagedFolder | None
) -> list[RegistryEvent]:
    by_whom = [replace(event, actor=identified_actor() or event.actor) for event in events]
    with served.store.registry_turn(timeout=10.0):
        if recorded := _recorded_before(served, events, after):  # by a request that took long
            return recorded
        _check_not_moved(served, after)  # so that what is looked at now is what is changed
        checked = ChangeCheck(served.store, by_whom, after=after).checked()
        return served.store.registry_append(checked, after=after, staged=staged, timeout=10.0)


def _recorded_before(
    served: Served, events: Sequence[NewEvent], after: RegistryHead
) -> list[RegistryEvent]:
    """If this very change is what came behind *after*: the events that it became; else none."""
    change = events[0].details.get(CHANGE) if events else None
    first = served.store.registry_events(n=after.number + 1) if isinstance(change, str) else []
    if not first or json.loads(first[0].details).get(CHANGE) != change:
        return []
    numbers = range(after.number + 2, after.number + 1 + len(events))
    return [*first, *(each for n in numbers for each in served.store.registry_events(n=n))]


def _check_not_moved(served: Served, after: RegistryHead) -> None:
    if (head := served.store.registry_head()) != after:
        raise RegistryMoved(f"The registry has changed since: {head} is the newest event.")


@contextmanager
def _out_of_reach(served: Served, token: str | None) -> Iterator[Path | None]:
    """The copy under a name that nobody knows: nothing is sent to it once it is checked. It is gone
    after the block unless it was moved away: who sends the change again sends the copy, too."""
    if token is None:
        yield None
        return
    sent = staging_folder(served, token)
    folder = staging_folder(served, os.urandom(16).hex())
    with suppress(FileNotFoundError):  # nothing of it has arrived
        sent.rename(folder)
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def _staged(folder: Path, events: Sequence[NewEvent], place: str) -> StagedFolder:
    """Its place is right if that of the event is; see `ChangeCheck`."""
    created = [event for event in events if event.kind == EventKind.VERSION_CREATED]
    if len(created) != 1 or created[0].details.get("place") != place:
        raise InvalidValue(f"{place!r:.80} is not the place of a new version.")
    files = created[0].details.get("files") or {}
    if FILE_NAME not in files:
        raise InvalidValue(f"There is no model in the copy: it has no file {FILE_NAME}.")
    if not folder.exists():
        raise InvalidValue("Of the copy of the model, nothing has arrived.")
    check_files(folder, files)
    return StagedFolder(folder=folder, place=place)
