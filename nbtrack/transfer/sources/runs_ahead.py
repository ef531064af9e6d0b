"""Rows of runs, asked for many runs at once: one after the other, each would be a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from nbtrack.transfer.exports.table_columns import OF_RUNS
from nbtrack.transfer.sources.loaded_tables import LoadedTables

_RUNS_AT_ONCE = 200
_POINTS_AT_ONCE = 200_000  # a run with more of them is asked for alone
_POINT = ("run_id", "key", "value", "step", "timestamp")
Rows = Sequence[Sequence[Any]]


class RunsAhead:
    """*run_ids* in the order in which they will be asked for."""

    def __init__(self, tables: LoadedTables, run_ids: Sequence[str]) -> None:
        self._tables = tables
        self._places = {run_id: place for place, run_id in enumerate(run_ids)}
        self._ids = list(self._places)
        self._counts = dict(tables.counts("metrics"))
        self._rows: dict[str, dict[str, list[Sequence[Any]]]] = {}
        self._points: dict[str, list[Sequence[Any]]] = {}

    def records(self, table: str, run_id: str) -> list[Mapping[str, Any]]:
        """By the names of its columns."""
        names = list(OF_RUNS[table].columns)
        return [dict(zip(names, row, strict=True)) for row in self.rows(table, run_id)]

    def rows(self, table: str, run_id: str) -> Rows:
        """With all columns of *table*."""
        if run_id not in self._rows:
            self._look_ahead(run_id)
        return self._rows[run_id].get(table, ())

    def points(self, run_id: str) -> Rows | None:
        """(run id, key, value, step, time in microseconds) in the order of keys and steps; None:
        there are too many to have them at once."""
        if self._counts.get(run_id, 0) > _POINTS_AT_ONCE:
            return None
        if run_id not in self._points:
            ids = self._next_with_points(run_id)
            self._points = {each: [] for each in ids}
            for row in self._tables.rows("metrics", _POINT, order=_ORDER, run_id=ids):
                self._points[row[0]].append(row)
        return self._points[run_id]

    def _look_ahead(self, run_id: str) -> None:
        start = self._places[run_id]
        ids = self._ids[start : start + _RUNS_AT_ONCE]
        self._rows = {each: {} for each in ids}
        for name, table in OF_RUNS.items():
            if name != "metrics":
                for row in self._tables.rows(name, list(table.columns), order="all", run_id=ids):
                    owner = row[list(table.columns).index("run_id")]
                    self._rows[owner].setdefault(name, []).append(row)

    def _next_with_points(self, run_id: str) -> list[str]:
        left = _POINTS_AT_ONCE
        found: list[str] = []
        for each in islice(self._ids, self._places[run_id], self._places[run_id] + _RUNS_AT_ONCE):
            left -= self._counts.get(each, 0)
            if left < 0 and found:
                break
            found.append(each)
        return found


_ORDER = "run_id, key, step, timestamp"
