"""A connection that takes the SQL of the store's questions, and a pool of them.

PostgreSQL that does not answer is StoreBusy: who asked asks again later.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import psycopg
from psycopg import errors, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg_pool import ConnectionPool, PoolTimeout

from nbtrack.errors import StoreBusy, StoreError
from nbtrack.stores.postgres.dialect import translated

WAIT_SECONDS = 10.0  # for a connection
QUESTION_SECONDS = 60  # of one statement: a filter may be a hard one
MOST_CONNECTIONS = 8
_PARAMETER = re.compile(r"\$([a-z_]\w*)")


class Pool:
    """Connections to the database at *address*, each with its *settings*; made when needed."""

    def __init__(self, address: str, settings: Mapping[str, str]) -> None:
        self._settings = dict(settings)
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            address,
            min_size=0,
            max_size=MOST_CONNECTIONS,
            kwargs={"autocommit": True, "connect_timeout": 5},
            configure=self._configure,
            check=ConnectionPool.check_connection,  # one that PostgreSQL has cut off is replaced
            reconnect_timeout=5.0,
            open=False,
        )

    @contextmanager
    def connection(self, *, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        """Raises StoreBusy if there is none in *timeout* seconds, or it breaks meanwhile."""
        with told_as_ours():
            self._pool.open()
            with self._pool.connection(timeout=timeout) as raw:
                yield PgConnection(raw)

    @contextmanager
    def snapshot(self, *, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        """All that is asked in the block is answered as of one moment."""
        with self.connection(timeout=timeout) as connection:
            connection.execute("begin isolation level repeatable read")
            try:
                yield connection
            finally:
                with suppress(psycopg.OperationalError):  # it is gone, and so is the transaction
                    connection.execute("rollback")

    @contextmanager
    def transaction(self, *, timeout: float = WAIT_SECONDS) -> Iterator[PgConnection]:
        with self.connection(timeout=timeout) as connection, connection.raw.transaction():
            yield connection

    def close(self) -> None:
        self._pool.close()

    def _configure(self, raw: psycopg.Connection[Any]) -> None:
        raw.adapters.register_loader("numeric", _NumericAsFloat)
        for name, value in self._settings.items():
            raw.execute("select set_config(%s, %s, false)", (name, value))


@contextmanager
def told_as_ours() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as exc:
        if isinstance(exc, errors.QueryCanceled):
            raise StoreError("The database took too long to answer that; ask for less.") from exc
        raise StoreBusy(
            f"The database of this server does not answer ({_first_line(exc)}). Nothing is lost: "
            "try again."
        ) from exc


def _first_line(exc: Exception) -> str:
    """Without what it may say of addresses further down."""
    return type(exc).__name__


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
            cursor.execute(text.encode())
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


def wait_until(deadline: float) -> float:
    """Seconds that are left, at least none."""
    return max(0.0, deadline - time.monotonic())
