"""Journal lines as rows, by the rules of the folder's store: its own SQL reads them, in a DuckDB
instance in memory. Runs are numbered from 1 in it, keys of points from 0."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from nbtrack.errors import StoreBusy
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.reading import Tail
from nbtrack.stores.local import schema
from nbtrack.stores.local.instances import attach_nothing, give_back, take_instance
from nbtrack.stores.local.parsed_lines import insert_parsed, parse
from nbtrack.stores.postgres.connection import WAIT_SECONDS
from nbtrack.stores.postgres.plain_points import Points, take_points

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = tuple[Any, ...]
_NUL = "\0"  # no text of PostgreSQL has one
_CLOSE = CLOSE_LINE.encode()  # says nothing that becomes a row


@dataclass(slots=True)
class Rows:
    """*of_table* has the columns of `schema.TABLES`, without points and ids of runs."""

    run_ids: list[str] = field(default_factory=list)
    of_table: dict[str, list[Row]] = field(default_factory=dict)
    points: Points | None = None


class Staging:
    """Safe for several threads, one after the other: the texts of all would fill the memory. Who
    waits too long is told StoreBusy."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection: DuckDBPyConnection | None = None

    def rows_of(self, text: bytes) -> Rows:
        """What whole lines say; those that make no sense are rows of `bad_lines`.

        The parser takes 100 ms of processor time for any text, however short.
        """
        with self._turn():
            run_ids: list[str] = []
            points, rest = take_points(text.decode("utf-8", "replace"), run_ids)
            if points is None:
                return self._parsed(text)
            rows = self._parsed(rest.encode())
            rows.run_ids, rows.points = _joined(rows.run_ids, run_ids, points)
            return rows

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise StoreBusy("Lines of others are being read, and it takes long. Try again.")
        try:
            yield
        finally:
            self._lock.release()

    def _parsed(self, text: bytes) -> Rows:
        if not text.replace(_CLOSE, b"").strip():
            return Rows()
        connection = self._opened()
        try:
            parse(connection, [Tail(segment="", start=0, text=text)])
            filled = insert_parsed(connection, target="tail")
            return _read(connection, filled)
        except BaseException:
            self._forget()
            raise
        finally:
            self._empty()

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.execute("detach project")
                give_back(self._connection)
                self._connection = None

    def _opened(self) -> DuckDBPyConnection:
        if self._connection is None:
            self._connection = take_instance(Path("/"))
            attach_nothing(self._connection)
        return self._connection

    def _empty(self) -> None:
        if self._connection is not None:
            self._connection.execute(";".join(f"truncate tail.{t}" for t in schema.TABLES))

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _joined(known: list[str], of_points: list[str], points: Points) -> tuple[list[str], Points]:
    """The runs of both, and *points* with their numbers in it."""
    numbers = {run_id: number for number, run_id in enumerate(known, start=1)}
    new = [numbers.setdefault(run_id, len(numbers) + 1) for run_id in of_points]
    points.columns["run_key"] = np.array([0, *new])[points.columns["run_key"]]
    points.latest = [(new[run - 1], *others) for run, *others in points.latest]
    return [*numbers], points


def _read(connection: DuckDBPyConnection, filled: set[str]) -> Rows:
    run_ids = connection.execute("select run_id from tail.run_keys order by run_key").fetchall()
    rows = Rows(run_ids=[_storable(run_id) for (run_id,) in run_ids])
    for table in filled - {"run_keys", "metrics"}:
        found = connection.execute(f"select * from tail.{table}").fetchall()
        if found:
            rows.of_table[table] = [tuple(map(_storable, row)) for row in found]
    if "metrics" in filled:
        rows.points = _read_points(connection)
    return rows


def _read_points(connection: DuckDBPyConnection) -> Points:
    connection.execute(_NUMBER_KEYS)
    keys = connection.execute("select key from keys_of_points order by number").fetchall()
    return Points(
        keys=[_storable(key) for (key,) in keys],
        columns=connection.execute(_POINTS).fetchnumpy(),
        latest=connection.execute(_LATEST).fetchall(),
    )


def _storable(value: Any) -> Any:
    return value.replace(_NUL, "�") if isinstance(value, str) and _NUL in value else value


def in_columns(rows: Sequence[Row], *places: int) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in places]


_NUMBER_KEYS = """
    create or replace temp table keys_of_points as
    select key, row_number() over () - 1 as number from (select distinct key from tail.metrics)
"""
_POINTS = """
    select run_key, number as key, step, t, value
    from tail.metrics join keys_of_points using (key)
"""
_LATEST = f"""
    select run_key, number, arg_max(step, place), arg_max(t, place),
        {schema.LATEST_VALUE.format(place="place")}, min(t)
    from (select *, {schema.LATEST_PLACE} as place from tail.metrics)
        join keys_of_points using (key)
    group by run_key, number
"""
