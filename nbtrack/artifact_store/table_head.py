"""The first rows of a table among the artifacts: CSV, TSV, Parquet, or JSON of `log_table`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from math import isfinite
from pathlib import Path
from typing import Any

from nbtrack.base.databases import OFFLINE

Value = str | int | float | bool | None

_MOST_OF_AN_INT = 2**53  # a page rounds what is larger


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHead:
    """No two columns have one name. *total* is how many rows the file has; None where nobody has
    counted."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    total: int | None


def file_head(file: Path, *, most_rows: int) -> TableHead | None:
    """As DuckDB reads it; None where it finds no table."""
    import duckdb

    reader = "read_parquet(?)" if file.suffix.lower() == ".parquet" else "read_csv(?)"
    try:
        with duckdb.connect(config=OFFLINE) as connection:
            result = connection.execute(f"from {reader} limit {most_rows + 1}", [_literal(file)])
            names = [column[0] for column in result.description or ()]
            rows = result.fetchall()
    except duckdb.Error:
        return None
    return _head(names, rows, most_rows, total=None if len(rows) > most_rows else len(rows))


def json_head(found: Any, *, most_rows: int) -> TableHead | None:
    """Of JSON that was read; None for any other than `log_table` writes."""
    if not _is_table(found):
        return None
    return _head(found["columns"], found["data"], most_rows, total=len(found["data"]))


def _literal(file: Path) -> str:
    """A path that is no pattern: `[`, `*` and `?` in it mean themselves."""
    return "".join(f"[{c}]" if c in "[*?" else c for c in str(file))


def _is_table(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and set(found) == {"columns", "data"}
        and all(isinstance(found[name], list) for name in found)
        and all(isinstance(row, list) for row in found["data"])
    )


def _head(
    columns: Sequence[Any], rows: Sequence[Sequence[Any]], most_rows: int, *, total: int | None
) -> TableHead:
    names = _told_apart(map(str, columns))
    shown = [[_value(value) for value in _as_wide(row, len(names))] for row in rows[:most_rows]]
    return TableHead(columns=names, rows=shown, total=total)


def _told_apart(names: Iterable[str]) -> list[str]:
    """x, x_1: as DuckDB calls the second of them."""
    found: dict[str, None] = {}
    for name in names:
        free, n = name, 0
        while free in found:
            n += 1
            free = f"{name}_{n}"
        found[free] = None
    return list(found)


def _as_wide(row: Sequence[Any], width: int) -> list[Any]:
    return [*row[:width], *[None] * (width - len(row))]


def _value(value: Any) -> Value:
    """As the JSON of a page has it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MOST_OF_AN_INT else str(value)
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value)
