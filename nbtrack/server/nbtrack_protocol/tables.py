"""Tables to which several machines add rows: the rows of each are kept as it sent them last, and
what all see is those of one below those of the other. Sent again, they are the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import artifact_parts
from nbtrack.artifact_store.table_formats import begins_with, joined_tables
from nbtrack.base.locks import held
from nbtrack.errors import ArtifactNotFound, InvalidValue, StoreBusy
from nbtrack.remote.protocol import RUNS
from nbtrack.server.artifact_places import Place
from nbtrack.server.served import Served

WAIT_SECONDS = 10.0
_MACHINE = re.compile(r"[0-9a-f]{32}")
_BEFORE = "before"  # rows that were there when the first machine sent some


def take_rows(
    served: Served, place: Place, machine: str, pieces: Iterable[bytes], sha256: str
) -> None:
    """Raises InvalidValue, OtherBytes, NotFound, StoreBusy."""
    if place.kind != RUNS or not _MACHINE.fullmatch(machine):
        raise InvalidValue(f"{machine!r:.80} is no machine that adds rows to a table of a run.")
    served.own_files(place)  # raises if there is no such run
    with held(served.folder / "tables.lock", wait_seconds=WAIT_SECONDS) as is_ours:
        if not is_ours:
            raise StoreBusy("Rows are being added by somebody else, and it takes long. Try again.")
        parts = _Parts(served, place)
        parts.keep(machine, pieces, sha256)
        _show(served, place, parts.joined(), sent=sha256)


def forget_rows(served: Served, place: Place) -> None:
    """Of a table that was removed."""
    rmtree(_folder(served, place), ignore_errors=True)


class _Parts:
    def __init__(self, served: Served, place: Place) -> None:
        self._served, self._place = served, place
        self._files = LocalArtifacts(_folder(served, place))

    def keep(self, machine: str, pieces: Iterable[bytes], sha256: str) -> None:
        """In the order in which machines sent some first."""
        names = self._names()
        known = [name for name in names if name.endswith(machine)]
        name = known[0] if known else f"{len(names) + 1:06d}-{machine}"
        self._files.write(name, pieces, sha256=sha256)
        if not names:
            self._keep_what_was_there(self._files.read(name))

    def _keep_what_was_there(self, sent: bytes) -> None:
        """Unless that machine has sent it before, as a whole."""
        with suppress(ArtifactNotFound, InvalidValue):
            before = self._served.own_files(self._place).read(self._place.path)
            if not begins_with(sent, before, self._place.path):
                self._files.write(f"{0:06d}-{_BEFORE}", before)

    def joined(self) -> bytes:
        tables = [self._files.read(name) for name in self._names()]
        return tables[0] if len(tables) == 1 else joined_tables(tables, self._place.path)

    def _names(self) -> list[str]:
        return [file.path for file in self._files.list() if not file.is_dir]


def _show(served: Served, place: Place, table: bytes, *, sent: str) -> None:
    """A journal told of the file that was *sent*; one that is another has a record of its own."""
    digest = hashlib.sha256(table).hexdigest()
    if digest == sent:
        served.own_files(place).write(place.path, table)
    else:
        served.keep(place, [table])


def _folder(served: Served, place: Place) -> Path:
    parts = artifact_parts(f"{place.id}/{place.path}")
    return served.folder.joinpath("received", "tables", *parts)
