"""Which params, metrics and tags the matching runs have, and what values.

The latest value of every key of every run takes 400 ms at 100,000 runs x 40 keys. Most keys are
logged once a run, and then the rows themselves are the latest: that a key is such a one shows a
bitmap of its runs, in an eighth of the time. The others are looked up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.records.runs import RunQuery
from nbtrack.records.views import KeyFacts, KeyInventory
from nbtrack.stores.queries.page_values import texts_bound
from nbtrack.stores.queries.run_index import Question

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

MOST_BITMAP_BYTES = 128 << 20
_MOST_KEPT = 16


class KeptInventories:
    """Inventories of the newest questions, kept while nobody writes.

    *read_changed* reads only what has changed since; None if that is not known.
    """

    def __init__(
        self,
        read_all: Callable[[RunQuery], KeyInventory],
        read_changed: Callable[[RunQuery], KeyInventory | None],
    ) -> None:
        self._read_all = read_all
        self._read_changed = read_changed
        self._kept: dict[Question, tuple[object, KeyInventory]] = {}

    def read(self, query: RunQuery, *, version: object) -> KeyInventory:
        """*version* is the store's, asked before the call: what is read may be newer."""
        question = Question.of(query)
        kept_at, inventory = self._kept.pop(question, (None, None))
        if inventory is None or kept_at != version:
            inventory = self._read_changed(query) or self._read_all(query)
        self._kept[question] = version, inventory
        for oldest in list(self._kept)[:-_MOST_KEPT]:
            self._kept.pop(oldest, None)  # another thread may be at it
        return inventory


def read_keys(connection: Connection) -> KeyInventory:
    """Of the runs in the index's table `matching`."""
    highest, *counts = connection.execute(_SIZES).fetchone() or (0, 0, 0, 0)
    params, metrics, tags = (
        _facts(connection, source, highest=highest or 0, keys=keys)
        for source, keys in zip(_SOURCES, counts)
    )
    return KeyInventory(params=params, metrics=metrics, tags=tags)


def read_kept_keys(connection: Connection) -> KeyInventory:
    """The same, where the views with the latest values are tables that are kept."""
    params, metrics, tags = (
        _found(connection.execute(_statement(source.latest, source.number, _ONCE)).fetchall())
        for source in _SOURCES
    )
    return KeyInventory(params=params, metrics=metrics, tags=tags)


class _Source(NamedTuple):
    rows: str
    latest: str  # the view of one row for each key of a run
    number: str  # the value as one, or null


_ONCE = "offset 0"  # for PostgreSQL, which would read the number off a text in each place
_TEXT_AS_NUMBER = "try_cast(value as double)"
_SOURCES = (
    _Source("stored.params", "current.params", _TEXT_AS_NUMBER),
    _Source("stored.metrics", "current.latest_metrics", "value"),
    _Source("stored.tags", "current.tags", _TEXT_AS_NUMBER),
)


def _facts(connection: Connection, source: _Source, *, highest: int, keys: int) -> list[KeyFacts]:
    """*highest* is that of all run keys, *keys* how many there are of *source*."""
    if keys * highest > 8 * MOST_BITMAP_BYTES:
        rows = connection.execute(_statement(source.latest, source.number)).fetchall()
    else:
        rows = _facts_by_bitmap(connection, source, highest=highest)
    return _found(rows)


def _found(rows: Iterable[tuple[Any, ...]]) -> list[KeyFacts]:
    # A tag that was removed leaves rows without a value.
    found = [_key_facts(*row[:-1]) for row in rows if row[1]]
    return sorted(found, key=lambda facts: in_natural_order(facts.key))


def _facts_by_bitmap(
    connection: Connection, source: _Source, *, highest: int
) -> list[tuple[Any, ...]]:
    is_single = f"count(*) = bit_count(bitstring_agg(run_key, 0, {int(highest)}))"
    statement = _statement(source.rows, source.number, is_single=is_single)
    rows = connection.execute(statement).fetchall()
    again = [row[0] for row in rows if not row[-1]]
    if not again:
        return rows
    names, parameters = texts_bound(again)
    statement = _statement(source.latest, source.number, of_keys=f"and key in ({names})")
    latest = connection.execute(statement, parameters).fetchall()
    return [*(row for row in rows if row[-1]), *latest]


def _statement(
    relation: str, number: str, fence: str = "", *, is_single: str = "true", of_keys: str = ""
) -> str:
    return f"""
        select key, count(value), min(value) is distinct from max(value),
            count(number) = count(value), min(number) filter (isfinite(number)),
            max(number) filter (isfinite(number)), {is_single}
        from (select run_key, key, value, {number} as number from {relation}
              where run_key in (select run_key from matching) {of_keys} {fence})
        group by key
    """


def _key_facts(
    key: str, runs: int, differs: bool, is_number: bool, low: float | None, high: float | None
) -> KeyFacts:
    return KeyFacts(
        key=key,
        runs=runs,
        distinct=2 if differs else 1,
        is_number=is_number,
        low=low,
        high=high,
    )


def in_natural_order(key: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Digits by their number: of two without leading zeros the longer one is larger."""
    parts = [part for part in re.split("([0-9]+)", key.casefold()) if part]
    return [_rank(part.lstrip("0"), is_number="0" <= part[0] <= "9") for part in parts], key


def _rank(part: str, *, is_number: bool) -> tuple[bool, int, str]:
    return not is_number, len(part) if is_number else 0, part


_SIZES = """
    select (select max(run_key) from stored.run_keys),
        (select count(distinct key) from stored.params),
        (select count(distinct key) from stored.metrics),
        (select count(distinct key) from stored.tags)
"""
