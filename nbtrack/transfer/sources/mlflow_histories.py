"""Points of runs on an MLflow server, asked for many runs at once: one after the other, each key of
each run would be a request.

The server has an answer for one key of many runs, with so many points at most; what is beyond is
asked for run by run, page by page.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import dropwhile
from typing import Any
from urllib.parse import urlencode

from nbtrack.remote.mlflow_server.records import point
from nbtrack.remote.mlflow_server.rest import HISTORY_PAGE, SECONDS, Json
from nbtrack.transfer.sources.mlflow_requests import SourceRest
from nbtrack.transfer.sources.source_records import BrokenRecord, Points

_BULK = "/ajax-api/2.0/mlflow/metrics/get-history-bulk"
_RUNS_AT_ONCE = 75  # an address of more is too long for some servers
_MOST_HELD = 1_000_000  # points, 24 bytes each
_CHUNK = 50_000


class _Series:
    def __init__(self) -> None:
        self.values, self.steps, self.times = array("d"), array("q"), array("q")

    def add(self, said: Json) -> None:
        found = point(said)
        try:
            self.values.append(found.value)
            self.steps.append(found.step)
            self.times.append(found.timestamp)
        except OverflowError as exc:
            raise BrokenRecord(f"a point of {found.key!r:.80} has a number beyond 64 bits") from exc

    def points(self, key: str) -> Points:
        return Points(key, self.values, self.steps, self.times)


class Histories:
    def __init__(self, rest: SourceRest) -> None:
        self._rest = rest
        self._run_id = ""
        self._ahead: dict[str, dict[str, _Series]] = {}  # by run, and key
        self._has_bulk = True

    def points(self, run_id: str, keys: Mapping[str, Set[str]]) -> Iterator[Points]:
        """All points of a run, in the order of its keys; *keys* are those of all runs that will be
        asked for, in that order, this one among them."""
        if run_id != self._run_id:
            self._ahead.pop(self._run_id, None)
            for left in self._ahead.keys() - keys.keys():  # of runs that nobody asked for after all
                del self._ahead[left]
            self._run_id = run_id
        for key in sorted(keys[run_id]):
            if key not in self._ahead.get(run_id, {}) and self._may_ask_ahead():
                later = dropwhile(run_id.__ne__, keys)
                self._ask(key, [each for each in later if key in keys[each]])
            if (series := self._ahead.get(run_id, {}).get(key)) is not None:
                yield series.points(key)
            else:
                yield from self._pages(run_id, key)

    def _may_ask_ahead(self) -> bool:
        held = sum(len(s.values) for its in self._ahead.values() for s in its.values())
        return self._has_bulk and held < _MOST_HELD

    def _ask(self, key: str, run_ids: Sequence[str]) -> None:
        """What the answer has whole, of the first of *run_ids*, is known then."""
        wanted = sorted(run_ids[:_RUNS_AT_ONCE])
        named = [("run_id", run_id) for run_id in wanted]
        asked = urlencode([*named, ("metric_key", key), ("max_results", HISTORY_PAGE)])
        try:
            answer = self._rest.request("GET", f"{_BULK}?{asked}", timeout=SECONDS)
            rows: list[Any] = answer.json()["metrics"]
        except (BrokenRecord, ValueError, KeyError, TypeError):
            self._has_bulk = False  # MLflow 1; or one of the runs may not be seen
            return
        found: dict[str, _Series] = {run_id: _Series() for run_id in wanted}
        for row in rows:
            found[row["run_id"]].add({"key": key, **row})
        if len(rows) >= int(HISTORY_PAGE):  # the last one that is in it is cut, or may be
            cut = rows[-1]["run_id"]
            found = {run_id: series for run_id, series in found.items() if run_id < cut}
        for run_id, series in found.items():
            if series.values:
                self._ahead.setdefault(run_id, {})[key] = series

    def _pages(self, run_id: str, key: str) -> Iterator[Points]:
        asked = {"run_id": run_id, "metric_key": key, "max_results": HISTORY_PAGE}
        series = _Series()
        for said in self._rest.got_pages("metrics/get-history", "metrics", **asked):
            series.add(said)
            if len(series.values) >= _CHUNK:
                yield series.points(key)
                series = _Series()
        if series.values:
            yield series.points(key)
