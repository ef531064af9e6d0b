"""What differs between two tables: rows and columns that came and went, cells that changed.

Rows are told apart by a key, if the tables have one, else by their places.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from nbtrack.artifact_store.table_head import Value
from nbtrack.lookup.line_difference import Sign

_MOST_IN_A_KEY = 3
_KeyT = TypeVar("_KeyT", bound=Hashable)


class Table(NamedTuple):
    """No two columns have one name, and every row has as many values as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDifference:
    name: str
    sign: Sign  # never ~


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDifference:
    """*before* and *after* are its places. *values* are those it has, or had if it is gone, by
    column of the difference; *were* has those that changed, by the place of their column."""

    sign: Sign
    before: int | None
    after: int | None
    values: Sequence[Value]
    were: Mapping[int, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDifference:
    """All columns and rows, as they are after, and between them those that are gone."""

    key: Sequence[str]  # names of columns; none where the place of a row is its key
    columns: Sequence[ColumnDifference]
    rows: Sequence[RowDifference]

    @property
    def is_empty(self) -> bool:
        signs = {column.sign for column in self.columns} | {row.sign for row in self.rows}
        return signs <= {"="} and not self.is_reordered

    @property
    def is_reordered(self) -> bool:
        """Whether rows that both have changed their order."""
        places = [r.before for r in self.rows if r.before is not None and r.after is not None]
        return places != sorted(places)


def table_difference(before: Table, after: Table) -> TableDifference:
    columns = _columns(before.columns, after.columns)
    key = key_of(before, after)
    old, new = _by_key(before, key), _by_key(after, key)
    rows = [
        _row(columns, _Side.of(before, old.get(each)), _Side.of(after, new.get(each)))
        for each in merged(list(old), list(new))
    ]
    return TableDifference(key=key, columns=columns, rows=rows)


def key_of(before: Table, after: Table) -> tuple[str, ...]:
    """The first column that is a key in both, else the first two or three together.

    Texts are a key if half of them are in both; whole numbers, which may as well be counts, if one
    table has all of the other's. Nothing else is.
    """
    shared = [name for name in before.columns if name in after.columns]
    together = [tuple(shared[:n]) for n in range(2, _MOST_IN_A_KEY + 1) if n <= len(shared)]
    for names in [*((name,) for name in shared), *together]:
        if _is_key(_values_of(before, names), _values_of(after, names)):
            return names
    return ()


_Key = tuple[Value, ...]


def _is_key(old: Sequence[_Key], new: Sequence[_Key]) -> bool:
    found, known = set(old), set(new)
    if not old or not new or len(found) < len(old) or len(known) < len(new):
        return False
    if not all(isinstance(v, str) or type(v) is int for key in found | known for v in key):
        return False
    common, fewer = len(found & known), min(len(found), len(known))
    is_text = any(isinstance(value, str) for value in old[0])
    return 2 * common >= fewer if is_text else common == fewer


def _values_of(table: Table, names: Sequence[str]) -> list[_Key]:
    places = [table.columns.index(name) for name in names]
    return [tuple(row[place] for place in places) for row in table.rows]


def _by_key(table: Table, key: Sequence[str]) -> dict[Hashable, int]:
    """The place of each row."""
    if not key:
        return {n: n for n in range(len(table.rows))}
    return {each: n for n, each in enumerate(_values_of(table, key))}


def _columns(before: Sequence[str], after: Sequence[str]) -> list[ColumnDifference]:
    old, new = set(before), set(after)
    return [
        ColumnDifference(name=name, sign="-" if name not in new else "=" if name in old else "+")
        for name in merged(before, after)
    ]


def merged(before: Sequence[_KeyT], after: Sequence[_KeyT]) -> Iterator[_KeyT]:
    """All of *after*; what is gone stands behind what it stood behind."""
    kept = set(after)
    first: list[_KeyT] = []
    behind: dict[_KeyT, list[_KeyT]] = {}
    place = first
    for each in before:
        if each in kept:
            place = behind.setdefault(each, [])
        else:
            place.append(each)
    yield from first
    for each in after:
        yield each
        yield from behind.get(each, ())


class _Side(NamedTuple):
    """A row in one of the tables, by the names of its columns."""

    place: int
    values: Mapping[str, Value]

    @classmethod
    def of(cls, table: Table, place: int | None) -> _Side | None:
        return None if place is None else cls(place, dict(zip(table.columns, table.rows[place])))


def _row(
    columns: Sequence[ColumnDifference], old: _Side | None, new: _Side | None
) -> RowDifference:
    were = _changes(columns, old, new) if old and new else {}
    known = {**(old.values if old else {}), **(new.values if new else {})}
    return RowDifference(
        sign="-" if new is None else "+" if old is None else "~" if were else "=",
        before=old.place if old else None,
        after=new.place if new else None,
        values=[known.get(column.name) for column in columns],
        were=were,
    )


def _changes(columns: Sequence[ColumnDifference], old: _Side, new: _Side) -> dict[int, Value]:
    return {
        n: old.values[column.name]
        for n, column in enumerate(columns)
        if column.sign == "=" and not _is_same(old.values[column.name], new.values[column.name])
    }


def _is_same(old: Any, new: Any) -> bool:
    """1 is as 1.0, and not as True."""
    return old == new and isinstance(old, bool) == isinstance(new, bool)
