"""A connection that takes the SQL of the store's questions, and a pool of them.

PostgreSQL that does not answer is StoreBusy: who asked asks again later.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import psycopg
from psycopg import errors, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus

from nbtrack.errors import DatabaseAway, StoreBusy, StoreError
from nbtrack.stores.postgres.dialect import translated

WAIT_SECONDS = 10.0  # for a connection
CONNECT_SECONDS = 5
MOST_CONNECTIONS = 8
# A machine that has vanished says nothing: without these it is waited for a quarter of an hour.
_GONE_SOON: dict[str, Any] = {
    "tcp_user_timeout": 15_000,  # ms
    "keepalives_idle": 10,  # s, as the next one
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
_log = logging.getLogger(__name__)
_PARAMETER = re.compile(r"\$([a-z_]\w*)")


class Pool:
    """Connections to the database at *address*, each with its *settings*; made when needed.

    psycopg's own pool goes on trying when there is nobody, and who asks waits as long; here he is
    told at once, and the first one after PostgreSQL is back has it.
    """

    def __init__(self, address: str, settings: Mapping[str, str]) -> None:
        self._address, self._settings = address, dict(settings)
        self._room = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._idle: list[psycopg.Connection[Any]] = []

    @contextmanager
    def connection(self, *, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        """Raises StoreBusy if all are in use for *timeout* seconds, DatabaseAway if there is no
        database or it goes away meanwhile."""
        if not self._room.acquire(timeout=max(timeout, 0.0)):
            raise StoreBusy("Too much is asked of this server's database at once. Try again.")
        try:
            with told_as_ours():
                raw = self._opened()
                try:
                    yield PgConnection(raw)
                finally:
                    self._keep(raw)
        finally:
            self._room.release()

    @contextmanager
    def snapshot(self, *, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        """All that is asked in the block is answered as of one moment."""
        with self.connection(timeout=timeout) as connection:
            connection.execute("begin isolation level repeatable read")
            try:
                yield connection
            finally:
                with suppress(psycopg.OperationalError, StoreError):  # gone, with the transaction
                    connection.execute("rollback")

    @contextmanager
    def transaction(self, *, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        with self.connection(timeout=timeout) as connection, connection.raw.transaction():
            yield connection

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _opened(self) -> psycopg.Connection[Any]:
        """One that is idle, if PostgreSQL has not cut it off, else a new one."""
        with suppress(IndexError):  # another thread may take the last
            while True:
                raw = self._idle.pop()
                with suppress(psycopg.OperationalError):
                    raw.execute("select 1")
                    return raw
                raw.close()
        raw = psycopg.connect(
            self._address,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            client_encoding="utf8",
            **_GONE_SOON,
        )
        raw.adapters.register_loader("numeric", _NumericAsFloat)
        for name, value in self._settings.items():
            raw.execute("select set_config(%s, %s, false)", (name, value))
        return raw

    def _keep(self, raw: psycopg.Connection[Any]) -> None:
        if raw.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(raw)
        else:  # broken, or interrupted in the middle
            raw.close()


@contextmanager
def told_as_ours() -> Iterator[None]:
    try:
        yield
    except errors.QueryCanceled as exc:
        raise StoreError("The database took too long to answer that: ask for less.") from exc
    except errors.LockNotAvailable as exc:
        raise StoreBusy("Others change the database, and take long. Try again.") from exc
    except (psycopg.OperationalError, psycopg.InterfaceError) as exc:
        _log.warning("The database does not answer: %s", exc)
        raise DatabaseAway(
            "The database of this server does not answer. Nothing is lost: try again."
        ) from exc


class _NumericAsFloat(Loader):
    """What DuckDB divides is a double."""

    def load(self, data: Buffer) -> float:
        return float(bytes(data))


class PgConnection:
    """*raw*, asked as `stores.connection.Connection` is."""

    keeps_latest = True  # see `stores.queries.latest`

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def execute(self, query: str, parameters: object = None) -> PgAnswer:
        """Parameters by name, or a sequence for question marks. Raises StoreBusy, StoreError."""
        text = translated(query)
        if isinstance(parameters, Mapping):
            text = _PARAMETER.sub(lambda name: self._literal(parameters[name[1]]), text)
        elif isinstance(parameters, Sequence):
            values = iter(parameters)
            text = re.sub(r"\?", lambda _: self._literal(next(values)), text)
        cursor = psycopg.ClientCursor(self.raw)
        with told_as_ours():
            cursor.execute(text.encode("utf-8", "replace"))
            while cursor.nextset():  # of several statements the last one answers
                pass
        return PgAnswer(cursor)

    def executemany(self, query: str, parameters: Any = ()) -> None:
        for row in parameters:
            self.execute(query, row)

    def _literal(self, value: object) -> str:
        if isinstance(value, str):
            value = value.replace("\0", "�")  # no text of PostgreSQL has one
        if isinstance(value, list | tuple):
            return self._list(value)
        return (
            f"({sql.Literal(value).as_string(self.raw)})"
            if _is_negative(value)
            else str(sql.Literal(value).as_string(self.raw))
        )

    def _list(self, values: Sequence[object]) -> str:
        kept = [each.replace("\0", "�") if isinstance(each, str) else each for each in values]
        text = sql.Literal(kept).as_string(self.raw)
        is_text = any(isinstance(each, str) for each in kept)
        return f"{text}::text[]" if is_text else text


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float) and value < 0


class PgAnswer:
    def __init__(self, cursor: psycopg.ClientCursor[Any]) -> None:
        self._cursor = cursor

    @property
    def description(self) -> Any:
        return self._cursor.description

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._cursor.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._cursor.fetchone()
        return row

    def fetchnumpy(self) -> dict[str, Any]:
        names = [column.name for column in self._cursor.description or ()]
        rows = self._cursor.fetchall()
        columns = zip(*rows) if rows else [()] * len(names)
        return {name: _column(values) for name, values in zip(names, columns)}


def _column(values: Sequence[Any]) -> Any:
    """Of Python's own objects: None stays None."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column
