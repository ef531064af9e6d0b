"""Journals of other machines: a piece of a segment becomes rows, and how much of the segment is
here is noted, in one transaction. So each line counts once, whoever dies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from nbtrack.errors import InvalidValue, StoreBusy
from nbtrack.stores.postgres.connection import WAIT_SECONDS, PgConnection, Pool
from nbtrack.stores.postgres.staging import Rows, Staging
from nbtrack.stores.postgres.writing import Writer, take_turn

_SEGMENT = re.compile(r"[0-9a-f]{32}-\d{1,9}\.jsonl")
_WRITER = re.compile(r"[0-9a-f]{32}")
_KNOWN = "select received, rest from stored.segments where segment = $segment"
_NOTE = """
    insert into stored.segments values ($segment, $received, $rest)
    on conflict (segment) do update set received = excluded.received, rest = excluded.rest
"""


class Received:
    """Takes lines in; several servers on one database may."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._staging = Staging()
        self._writer = Writer()
        self._turn = Lock()

    def take(self, segment: str, start: int, text: bytes) -> int:
        """How much of the segment is here now, in bytes: if that is not where *text* ends, nothing
        of it was taken, and the rest is to be sent from there. Raises InvalidValue, StoreBusy.

        It is on the disk of the database: the sender may forget it.
        """
        _check(_SEGMENT, segment)
        with self._pool.connection() as connection:
            received, begun = _known(connection, segment)
        if received != start:
            return received
        whole, rest = _split(begun + text)
        rows = self._staging.rows_of(whole)  # while others write
        with self._writing() as connection:
            now = _known(connection, segment)
            if now != (received, begun):  # the same was sent twice at once, say
                return now[0]
            self._writer.write(connection, rows)
            _note(connection, segment, start + len(text), rest)
        return start + len(text)

    def append(self, text: str) -> None:
        """Whole lines of this server's own. Raises StoreBusy."""
        rows = self._staging.rows_of(text.encode("utf-8", "replace"))
        with self._writing() as connection:
            self._writer.write(connection, rows)

    def end_writer(self, writer: str) -> None:
        """Its process has ended, and all that it wrote is here: what it left running was killed,
        and the line that it could not finish is none."""
        _check(_WRITER, writer)
        with self._writing() as connection:
            self._keep_torn_lines(connection, writer)
            self._writer.end_runs(connection, writer)

    def close(self) -> None:
        self._staging.close()

    def _keep_torn_lines(self, connection: PgConnection, writer: str) -> None:
        torn = connection.execute(
            "select segment, received, rest from stored.segments"
            " where starts_with(segment, $writer) and length(rest) > 0",
            {"writer": writer},
        ).fetchall()
        for segment, received, rest in torn:
            self._writer.write(connection, _as_bad_line(rest))
            _note(connection, segment, received, b"")

    @contextmanager
    def _writing(self) -> Iterator[PgConnection]:
        """One at a time, so that those who wait hold no connection, which readers need. Nobody sees
        numbers of keys that were given in a transaction that then failed."""
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise StoreBusy("Lines of others are being taken in, and it takes long. Try again.")
        try:
            with self._pool.transaction() as connection:
                take_turn(connection)
                yield connection
        except BaseException:
            self._writer.forget()
            raise
        finally:
            self._turn.release()


def _known(connection: PgConnection, segment: str) -> tuple[int, bytes]:
    row = connection.execute(_KNOWN, {"segment": segment}).fetchone()
    return (0, b"") if row is None else (row[0], bytes(row[1]))


def _note(connection: PgConnection, segment: str, received: int, rest: bytes) -> None:
    connection.execute(_NOTE, {"segment": segment, "received": received, "rest": rest})


def _split(text: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and the beginning of the next."""
    end = text.rfind(b"\n") + 1
    return text[:end], text[end:]


def _as_bad_line(torn: bytes) -> Rows:
    from nbtrack.journal.lines import now_us

    line = torn.decode("utf-8", "replace").replace("\0", "�")
    return Rows(of_table={"bad_lines": [(line, now_us())]})


def _check(form: re.Pattern[str], name: str) -> None:
    if not form.fullmatch(name):
        raise InvalidValue(f"{name!r:.80} is no name of a journal.")
