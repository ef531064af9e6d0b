"""Which runs somebody means who asks for a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.lookup.difference import MOST_RUNS
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.records.tags import BASELINE_TAG
from nbtrack.stores.store import Store


def run_ids_of(store: Store, given: Iterable[object]) -> list[str]:
    """The ids of all runs that are meant, each once, in order.

    An id, its beginning, a name (the newest of that name), a run, a DataFrame of `search_runs` or
    a row of it, a panel of runs (those ticked in it), or lists of these. Raises NotFound,
    InvalidValue.
    """
    named = list(dict.fromkeys(text for each in given for text in _named(each)))
    if len(named) > MOST_RUNS:
        raise InvalidValue(f"{len(named):,} runs to compare; choose 2 to {MOST_RUNS}.")
    known = _known_ids(store, named)
    found = [text if text in known else find_run(store, text).info.run_id for text in named]
    return list(dict.fromkeys(found))


def run_id_of(store: Store, given: object) -> str:
    """The one run that is meant. Raises NotFound, InvalidValue."""
    found = run_ids_of(store, [given])
    if len(found) != 1:
        raise InvalidValue(f"{len(found)} runs in {_shown(given)}; give one.")
    return found[0]


def stamp_of(store: Store, run_ids: Sequence[str]) -> str:
    """The same as long as these runs hold what they hold; one look, where a comparison is many."""
    held = repr(_runs_of(store, run_ids)).encode("utf-8", "surrogatepass")
    return blake2b(held, digest_size=12).hexdigest()


def pinned_baseline(store: Store, run_ids: Sequence[str]) -> str | None:
    """The first of the runs that is marked as its experiment's baseline."""
    marked = {experiment.tags.get(BASELINE_TAG) for experiment in store.search_experiments()}
    return next((run_id for run_id in run_ids if run_id in marked), None)


def _named(given: Any) -> Iterator[str]:
    if isinstance(given, str):
        yield given
    elif isinstance(run_id := _own_id(given), str):
        yield run_id
    elif "run_id" in getattr(given, "columns", ()):
        yield from map(str, given["run_id"])
    elif isinstance(ticked := getattr(given, "selected", None), list):
        if not ticked:
            raise InvalidValue("No run is ticked in that panel: tick 2 to 20, then compare again.")
        yield from ticked
    elif (table := getattr(given, "table", None)) is not None:
        yield from (row.run_id for row in table.rows)
    elif isinstance(given, Iterable) and not isinstance(given, bytes | dict):
        for each in given:
            yield from _named(each)
    else:
        raise InvalidValue(
            f"{_shown(given)} is no run: give an id, the beginning of one, a name, a run, "
            "a DataFrame of search_runs, or a panel with runs ticked in it."
        )


def _own_id(given: Any) -> object:
    """Of a run, of what describes one, and of a row of a DataFrame of runs."""
    info = getattr(given, "info", None)
    return getattr(info, "run_id", None) or getattr(given, "run_id", None)


def _known_ids(store: Store, texts: Sequence[str]) -> set[str]:
    """Those of *texts* that are whole ids, of deleted runs too: a look at once for all."""
    return {run.info.run_id for run in _runs_of(store, texts)}


def _runs_of(store: Store, run_ids: Sequence[str]) -> list[Run]:
    if not run_ids:
        return []
    listed = ", ".join("'" + run_id.replace("'", "''") + "'" for run_id in run_ids)
    query = RunQuery(filter_string=f"attributes.run_id in ({listed})", view_type=ViewType.ALL)
    return store.search_runs(query)


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= 80 else text[:79] + "…"
