"""Filters and orders over columns that are kept: what `filter_sql` and `clauses` say in SQL.

Whatever they accept, refuse and mean is decided there, and so are the words of their errors: a
text goes through them first. Patterns and datasets are left to DuckDB.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.stores.filters.boolean_grammar import AllOf, AnyOf, Not
from nbtrack.stores.filters.clauses import run_filter, run_order
from nbtrack.stores.filters.filter_grammar import (
    Comparison,
    Key,
    SortKey,
    Term,
    comparisons_of,
    parse_filter,
    parse_order,
)
from nbtrack.stores.filters.filter_keys import RUNS, Holds, find_column
from nbtrack.stores.filters.filter_keys import Column as FilterColumn
from nbtrack.stores.filters.filter_sql import EQUALITY, LISTS, NULLS, PATTERNS, time_of
from nbtrack.stores.kept.columns import Column, NumberColumn, TextColumn
from nbtrack.stores.kept.loading import Kind

if TYPE_CHECKING:
    from nbtrack.stores.kept.columns import Flags, Integers
    from nbtrack.stores.kept.kept_table import KeptTable

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_KINDS: dict[str | None, Kind] = {
    "current.latest_metrics": "metrics",
    "current.params": "params",
    "current.tags": "tags",
}
_WORTH_A_LOOK = 20
Need = tuple[Kind, str]


class Place(NamedTuple):
    """Where a key's values are: *name* is a key of *kind*, or an attribute."""

    kind: Kind | None
    name: str
    holds: Holds


class Filter(NamedTuple):
    term: Term | None  # None: all runs
    text: str


@lru_cache(maxsize=256)
def read_filter(text: str | None) -> Filter | None:
    """None if DuckDB has to answer it. Raises InvalidFilter."""
    run_filter(text)
    if text is None or not text.strip():
        return Filter(None, "")
    found = Filter(parse_filter(text), text)
    return found if all(_is_known(each, text) for each in comparisons_of(found.term)) else None


@lru_cache(maxsize=256)
def read_order(texts: tuple[str, ...]) -> tuple[tuple[Place, bool], ...]:
    """(what to sort by, descending). Raises InvalidFilter."""
    run_order(texts)
    sort_keys: list[tuple[SortKey, str]] = [(k, text) for text in texts for k in parse_order(text)]
    return tuple((_place(each.key, text), each.descending) for each, text in sort_keys)


def needs_of(found: Filter, order: Sequence[tuple[Place, bool]]) -> frozenset[Need]:
    """The keys whose values it takes to answer."""
    places = [_place(each.key, found.text) for each in comparisons_of(found.term)]
    places += [place for place, _ in order]
    return frozenset((place.kind, place.name) for place in places if place.kind is not None)


def matching(table: KeptTable, found: Filter) -> Flags:
    """Of each row, whether it matches."""
    import numpy as np

    if found.term is None:
        return np.ones(len(table), dtype=np.bool_)
    return _term(table, found.term, found.text)


def in_order(
    table: KeptTable, rows: Integers, order: Sequence[tuple[Place, bool]], most: int | None
) -> Integers:
    """*rows* sorted; of them the first *most*."""
    import numpy as np

    sort_keys = [table.natural_ranks[rows]]  # the most telling last, as lexsort has it
    for place, descending in reversed(order):
        sort_keys += reversed(_sort_keys(column_at(table, place), place.holds, rows, descending))
    if most is not None and most < len(rows) // _WORTH_A_LOOK:
        ahead = _ahead(sort_keys, most)
        rows, sort_keys = rows[ahead], [each[ahead] for each in sort_keys]
    sorted_rows: Integers = rows[np.lexsort(sort_keys)]
    return sorted_rows[:most]


def _ahead(sort_keys: Sequence[Any], most: int) -> Flags:
    """Those that the first *most* are among: finding them takes a tenth of sorting all."""
    import numpy as np

    first = sort_keys[-1]
    if len(sort_keys) > 1:
        first = np.where(sort_keys[-1] == 0, sort_keys[-2], np.inf)
    flags: Flags = first <= np.partition(first, most)[most]
    return flags


# --- filters


def _is_known(comparison: Comparison, text: str) -> bool:
    column = find_column(comparison.key, subject=RUNS, text=text)
    is_kept = column.table is None or column.table in _KINDS
    return is_kept and comparison.operator not in PATTERNS


def _place(key: Key, text: str) -> Place:
    return place_of(find_column(key, subject=RUNS, text=text))


def place_of(column: FilterColumn) -> Place:
    if column.table is None:
        return Place(None, column.label, column.holds)
    return Place(_KINDS[column.table], column.key or "", column.holds)


def _term(table: KeptTable, term: Term, text: str) -> Flags:
    import numpy as np

    if isinstance(term, Not):
        return ~_term(table, term.term, text)
    if isinstance(term, AllOf | AnyOf):
        join = np.logical_and if isinstance(term, AllOf) else np.logical_or
        joined: Flags = join.reduce([_term(table, each, text) for each in term.terms])
        return joined
    return _comparison(table, term, text)


def _comparison(table: KeptTable, comparison: Comparison, text: str) -> Flags:
    place = _place(comparison.key, text)
    values = [literal.value for literal in comparison.values]
    if place.kind is None and place.name == "run_id" and comparison.operator in ("=", "IN"):
        return table.is_run(map(str, values))
    column = column_at(table, place)
    if comparison.operator in NULLS:
        return column.has if comparison.operator == "IS NOT NULL" else ~column.has
    if isinstance(column, NumberColumn):
        if place.holds is Holds.TIME:
            return _times_pass(column, comparison.operator, values)
        return _numbers_pass(column, comparison.operator, [float(value) for value in values])
    if place.holds is Holds.CAPITALS:
        values = [str(value).upper() for value in values]
    elif place.holds is Holds.TEXT_OR_NUMBER and not isinstance(values[0], str):
        return _loose_numbers_pass(column, comparison.operator, [float(v) for v in values])
    return _texts_pass(column, comparison.operator, [str(value) for value in values])


def _times_pass(column: NumberColumn, name: str, values: Sequence[str | int | float]) -> Flags:
    return _numbers_pass(whole_milliseconds(column), name, [time_of(value) for value in values])


def whole_milliseconds(column: NumberColumn) -> NumberColumn:
    """Of microseconds; towards zero, as DuckDB does it."""
    import numpy as np

    milliseconds, us = NumberColumn(0), column.numbers
    milliseconds.has, milliseconds.numbers = column.has, np.sign(us) * (np.abs(us) // 1000)
    return milliseconds


def _numbers_pass(column: NumberColumn, name: str, numbers: Sequence[float]) -> Flags:
    """As DuckDB has it, NaN is equal to itself and larger than all; but no NaN is > 0.5."""
    import numpy as np

    found = column.numbers
    if name in LISTS:
        is_in = np.isin(found, [n for n in numbers if not isnan(n)])
        if any(map(isnan, numbers)):
            is_in |= np.isnan(found)
        return column.has & (is_in if name == "IN" else ~is_in)
    if name in EQUALITY and isnan(numbers[0]):
        is_equal = np.isnan(found)
        return column.has & (is_equal if name == "=" else ~is_equal)
    passes: Flags = column.has & _COMPARE[name](found, numbers[0])
    return passes


def _loose_numbers_pass(column: TextColumn, name: str, numbers: Sequence[float]) -> Flags:
    """Text that is no number differs from every number."""
    as_numbers = column.as_numbers()
    passes = _numbers_pass(as_numbers, name, numbers)
    if name in ("!=", "NOT IN"):
        return passes | (column.has & ~as_numbers.has)
    return passes


def _texts_pass(column: TextColumn, name: str, texts: Sequence[str]) -> Flags:
    if name in LISTS:
        wanted = frozenset(texts)
        is_in = column.where(wanted.__contains__)
        return is_in if name == "IN" else column.has & ~is_in
    compare, text = _COMPARE[name], texts[0]
    return column.where(lambda found: bool(compare(found, text)))


def column_at(table: KeptTable, place: Place) -> Column:
    if place.kind is not None:
        return table.columns[place.kind].get(place.name) or _missing(table, place.kind)
    if place.name in ("start_time", "end_time"):
        return table.times["start_us" if place.name == "start_time" else "end_us"]
    if place.name == "duration":
        return _durations(table)
    return table.text_fact(place.name)


def _missing(table: KeptTable, kind: Kind) -> Column:
    return NumberColumn(len(table)) if kind == "metrics" else TextColumn(len(table))


def _durations(table: KeptTable) -> NumberColumn:
    start, end = table.times["start_us"], table.times["end_us"]
    column = NumberColumn(0)
    column.has, column.numbers = start.has & end.has, (end.numbers - start.numbers) / 1e6
    return column


# --- orders


def _sort_keys(column: Column, holds: Holds, rows: Integers, descending: bool) -> list[Any]:
    """The most telling first: numbers, then NaN, then text, then what is missing."""
    if isinstance(column, NumberColumn):
        return _number_keys(column, rows, descending)
    texts = column.ranks()[rows]
    if holds is not Holds.TEXT_OR_NUMBER:
        return [texts < 0, -texts if descending else texts]
    as_numbers = column.as_numbers()
    is_text = ~as_numbers.has[rows] & (texts >= 0)
    texts = (-texts if descending else texts) * is_text  # 10 and 10.0 are a tie
    return [*_number_keys(as_numbers, rows, descending), ~is_text, texts]


def _number_keys(column: NumberColumn, rows: Integers, descending: bool) -> list[Any]:
    import numpy as np

    has, numbers = column.has[rows], column.numbers[rows]
    is_nan = np.isnan(numbers)
    numbers = np.where(has & ~is_nan, numbers, 0.0)
    group = np.where(has, is_nan, 2).astype(np.int8)
    return [group, -numbers if descending else numbers]
