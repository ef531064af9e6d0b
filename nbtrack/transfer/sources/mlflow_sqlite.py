"""The database of an MLflow server, or of `sqlite:///mlflow.db`, as a file of SQLite."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from nbtrack.transfer.sources.sqlite_files import columns_of, open_sqlite

_POINTS = """
    select key, case when is_nan then null else value end, step, timestamp from metrics
    where run_uuid = ? order by key
"""


class SqliteDatabase:
    def __init__(self, file: Path) -> None:
        """Raises InvalidValue if *file* is no database."""
        self._connection = open_sqlite(file)
        self._points_connection = open_sqlite(file)
        self._points_connection.text_factory = bytes  # each key is decoded once
        self.columns = columns_of(self._connection)
        is_indexed = "metrics" not in self.columns or self._is_indexed("metrics")
        self._points_of = _POINTS if is_indexed else self._copy_of_points()

    def close(self) -> None:
        self._connection.close()
        self._points_connection.close()

    def rows(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def named(self, sql: str, *values: object) -> Sequence[dict[str, Any]]:
        cursor = self._connection.execute(sql, values)
        names = [each[0] for each in cursor.description]
        return [dict(zip(names, row)) for row in cursor]

    def points(self, run_id: str) -> Iterator[tuple[bytes, float | None, int, int]]:
        with closing(self._points_connection.cursor()) as cursor:
            yield from cursor.execute(self._points_of, (run_id,))

    def _is_indexed(self, table: str) -> bool:
        indexes = self._connection.execute(f"pragma index_list({table})").fetchall()
        firsts = (
            self._connection.execute("select name from pragma_index_info(?) where seqno = 0", (i,))
            for i in (row[1] for row in indexes)
        )
        return any(first.fetchone() == ("run_uuid",) for first in firsts)

    def _copy_of_points(self) -> str:
        """Databases before MLflow 1.24 have no index of points by run, and 10,000 runs would be
        10,000 looks at all points."""
        self._points_connection.executescript(
            "create temp table points as select * from metrics;"
            "create index temp.points_by_run on points (run_uuid);"
        )
        return _POINTS.replace("from metrics", "from temp.points")
