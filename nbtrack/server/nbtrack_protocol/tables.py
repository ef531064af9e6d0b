"""Tables to which several machines add rows: the rows of each are kept as it sent them last, and
what all see is those of one below those of the other. Sent again, they are the same."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from nbtrack.artifact_store.local import LocalArtifacts
from nbtrack.artifact_store.paths import artifact_parts
from nbtrack.artifact_store.table_formats import begins_with, joined_tables, other_rows
from nbtrack.base.locks import held
from nbtrack.errors import InvalidValue, MissingExtra, OtherBytes, StoreBusy
from nbtrack.remote.protocol import RUNS
from nbtrack.server.artifact_places import Place
from nbtrack.server.served import Served

WAIT_SECONDS = 10.0
MOST_BYTES = 256 << 20  # of the rows of one machine: they are joined in memory
_MACHINE = re.compile(r"[0-9a-f]{32}")
_OTHERS = "before"  # in place of a machine: rows that were in the table when some were sent
_SHOWN = "shown"  # beside the parts: the digest of the table, all of which is in them


def take_rows(
    served: Served, place: Place, machine: str, pieces: Iterable[bytes], sha256: str
) -> None:
    """Raises InvalidValue, also if they do not fit to those that are there; OtherBytes, NotFound,
    StoreBusy."""
    if place.kind != RUNS or not _MACHINE.fullmatch(machine):
        raise InvalidValue(f"{machine!r:.80} is no machine that adds rows to a table of a run.")
    files = served.own_files(place)  # raises if there is no such run
    rows = _received(place, pieces, sha256)  # before its turn: a client may take its time
    with _turn(served):
        parts = _Parts(served, place)
        there = files.read(place.path) if files.has(place.path) else None
        if there is None:  # not yet; or it was removed by somebody who knows nothing of parts
            parts.forget()
        tables = parts.with_rows(machine, rows, there)
        table = _joined(list(tables.values()), place.path)
        parts.keep(tables, there)
        _show(served, place, table, sent=sha256)
        parts.note_shown(table)


def remove_files(served: Served, place: Place) -> None:
    """See `Served.remove`: what machines have added to a table goes with it. Raises StoreBusy."""
    with _turn(served):
        for path in served.remove(place):
            _Parts(served, place._replace(path=path)).forget()


def drop_file(served: Served, place: Place) -> None:
    """See `Served.drop_unrecorded`; the same. Raises StoreBusy."""
    with _turn(served):
        if served.drop_unrecorded(place):
            _Parts(served, place).forget()


@contextmanager
def _turn(served: Served) -> Iterator[None]:
    with held(served.folder / "tables.lock", wait_seconds=WAIT_SECONDS) as is_ours:
        if not is_ours:
            raise StoreBusy("A table is being changed by somebody else. Try again.")
        yield


def _received(place: Place, pieces: Iterable[bytes], sha256: str) -> bytes:
    found, size = [], 0
    for piece in pieces:  # all: many clients hear no answer before they have sent the last one
        size += len(piece)
        if size <= MOST_BYTES:
            found.append(piece)
    if size > MOST_BYTES:
        raise InvalidValue(
            f"The rows for {place.path!r:.200} are more than {MOST_BYTES >> 20} MiB, the most that "
            "the server joins with those of others. Log them as several tables."
        )
    rows = b"".join(found)
    if _digest(rows) != sha256:
        raise OtherBytes
    return rows


def _joined(tables: Collection[bytes], path: str) -> bytes:
    """Raises InvalidValue. Those of one machine alone are the table as that machine has it."""
    if len(tables) > 1:
        return joined_tables([*tables], path)
    (alone,) = tables
    with suppress(MissingExtra):  # then nobody can add rows to it
        joined_tables([alone], path)
    return alone


class _Parts:
    def __init__(self, served: Served, place: Place) -> None:
        self._place = place
        self._files = LocalArtifacts(_folder(served, place))

    def with_rows(self, machine: str, rows: bytes, there: bytes | None) -> dict[str, bytes]:
        """By name, in the order in which each came first; in place of what *machine* had sent,
        *rows*. What is *there* is the table now, if it is."""
        tables = {name: self._files.read(name) for name in self._names()}
        others = None if there is None else self._of_others(there, list(tables.values()), rows)
        if others is not None:
            tables[f"{len(tables) + 1:06d}-{_OTHERS}"] = others
        known = [name for name in tables if name.endswith(machine)]
        name = known[0] if known else f"{len(tables) + 1:06d}-{machine}"
        return {**tables, name: rows}

    def _of_others(self, there: bytes, tables: Collection[bytes], rows: bytes) -> bytes | None:
        """What is in the table, but in no part: somebody has logged it as a whole."""
        path = self._place.path
        with suppress(InvalidValue):  # it is none
            if not tables:  # unless that machine has sent it before, as a whole
                return None if begins_with(rows, there, path) else there
            if not self._is_shown(there) and there not in tables:
                return other_rows(there, _joined(tables, path), path)
        return None

    def _is_shown(self, table: bytes) -> bool:
        return self._files.has(_SHOWN) and self._files.read(_SHOWN).decode() == _digest(table)

    def keep(self, tables: Mapping[str, bytes], there: bytes | None) -> None:
        """Those that come of what is *there* first: who is killed loses nothing, and what is noted
        to be in parts is not taken for something else then."""
        of_others = [name for name in tables if name.endswith(_OTHERS)]
        self._write({name: tables[name] for name in of_others})
        if there is not None:
            self.note_shown(there)
        self._write(tables)

    def _write(self, tables: Mapping[str, bytes]) -> None:
        known = self._names()
        for name, table in tables.items():
            if name not in known or self._files.read(name) != table:
                self._files.write(name, table)

    def note_shown(self, table: bytes) -> None:
        self._files.write(_SHOWN, _digest(table).encode())

    def forget(self) -> None:
        """Of this table alone: those of others may be in folders below."""
        for file in self._files.list():
            if not file.is_dir:
                self._files.delete(file.path)

    def _names(self) -> list[str]:
        return [f.path for f in self._files.list() if not f.is_dir and f.path != _SHOWN]


def _show(served: Served, place: Place, table: bytes, *, sent: str) -> None:
    """A journal told of the file that was *sent*; one that is another has a record of its own."""
    if _digest(table) == sent:
        served.own_files(place).write(place.path, table)
    else:
        served.keep(place, [table])


def _digest(table: bytes) -> str:
    return hashlib.sha256(table).hexdigest()


def _folder(served: Served, place: Place) -> Path:
    parts = artifact_parts(f"{place.id}/{place.path}")
    return served.folder.joinpath("received", "tables", *parts)
