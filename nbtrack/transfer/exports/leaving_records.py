"""Where the records of runs that leave are asked for with the SQL of a project's folder.

A folder answers itself. Of a project on a server or in a database, the lines of these runs are
fetched into a folder that lasts as long as the export: as a copy does it, part by part, so that
neither side needs memory for all of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from nbtrack.base.working_folder import WorkingFolder
from nbtrack.records.transfers import LinesOf
from nbtrack.stores.local.duckdb import DuckDBStore
from nbtrack.stores.store import Store
from nbtrack.transfer.copies.foreign_lines import check_lines, check_points
from nbtrack.transfer.copies.spool import write_segment
from nbtrack.transfer.imports.importing import fold_all
from nbtrack.transfer.imports.kept_here import AnswersSql

Progress = Callable[[int, int, str], None]
_SEGMENT_CHARACTERS = 8 << 20  # of lines that are written at once
_POINTS_AT_ONCE = 50_000


@contextmanager
def records_of(store: Store, run_ids: Sequence[str], progress: Progress) -> Iterator[AnswersSql]:
    """Raises StoreBusy, and InvalidValue for lines that were not asked for."""
    if store.has_tables:
        yield store
        return
    place = WorkingFolder("export")
    fetched = DuckDBStore(place.path / "project")
    try:
        _fetch(store, run_ids, fetched, progress)
        fold_all(fetched)
        yield fetched
    finally:
        fetched.close()
        place.cleanup()


def _fetch(store: Store, run_ids: Sequence[str], to: DuckDBStore, progress: Progress) -> None:
    waiting: list[str] = []
    size = 0
    for lines in _lines_of(store, run_ids, progress):
        waiting += lines
        size += sum(map(len, lines))
        if size >= _SEGMENT_CHARACTERS:
            write_segment(to.folder / "journal", "".join(waiting))
            waiting, size = [], 0
    if waiting:
        write_segment(to.folder / "journal", "".join(waiting))


def _lines_of(store: Store, run_ids: Sequence[str], progress: Progress) -> Iterator[Sequence[str]]:
    experiments: set[str] = set()
    for number, run_id in enumerate(run_ids):
        progress(number, len(run_ids), "lines")
        facts = _facts(store, LinesOf(runs=(run_id,)))
        for experiment_id in _experiments_in(facts) - experiments:
            experiments.add(experiment_id)
            yield _facts(store, LinesOf(experiments=(experiment_id,)))
        yield facts
        yield from _points(store, run_id)


def _facts(store: Store, of: LinesOf) -> Sequence[str]:
    lines = store.read_lines(of)
    check_lines(lines, of, store.uri)
    return lines


def _experiments_in(facts: Sequence[str]) -> set[str]:
    told = (json.loads(line).get("x", {}) for line in facts)
    return {str(each["experiment_id"]) for each in told if each.get("experiment_id")}


def _points(store: Store, run_id: str) -> Iterator[Sequence[str]]:
    keys, start = list(store.read_point_digests(run_id)), 0
    while keys:
        lines = store.read_point_lines(run_id, keys, start=start, limit=_POINTS_AT_ONCE)
        check_points(lines, run_id, keys, store.uri)
        yield lines
        start += len(lines)
        if len(lines) < _POINTS_AT_ONCE:
            return
