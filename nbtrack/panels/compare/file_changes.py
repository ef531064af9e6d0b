"""What differs between two files of one name: rows and cells of tables, lines of texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from nbtrack.artifact_store.table_head import TableHead, Value, file_head, json_head
from nbtrack.display.markup import clipped
from nbtrack.display.number_format import MISSING, format_column
from nbtrack.lookup.line_difference import SignedLine, signed_lines
from nbtrack.lookup.table_difference import (
    RowDifference,
    Table,
    TableDifference,
    table_difference,
)

MOST_ROWS, MOST_COLUMNS = 2000, 60  # of a table that is looked at
MOST_SHOWN = 100  # rows that differ
MOST_LINES = 1000  # of a text
_MOST_BYTES = 8 << 20  # of JSON, which must be read whole
_MOST_TEXT = 200_000  # characters
_MOST_OF_A_LINE, _MOST_OF_A_VALUE = 1000, 120
_TABLES = (".csv", ".tsv", ".parquet")


def file_changes(before: Path, after: Path) -> dict[str, Any]:
    """By what they are: tables where both are, else texts; as `FileChanges` declares it."""
    if max(file.stat().st_size for file in (before, after)) > _MOST_BYTES and not _is_table(before):
        return _nothing(f"Files of more than {_MOST_BYTES >> 20} MiB are not compared.")
    old, new = _content(before), _content(after)
    if isinstance(old, TableHead) and isinstance(new, TableHead):
        return _table_changes(old, new)
    return _text_changes(_as_text(old, before), _as_text(new, after))


def shortened(lines: Iterable[SignedLine]) -> list[SignedLine]:
    """[sign, before, after] with signs = ~ - +, as they are shown."""
    return [SignedLine(sign, _short(before), _short(after)) for sign, before, after in lines]


def _short(line: str | None) -> str | None:
    if line is None or len(line) <= _MOST_OF_A_LINE:
        return line
    return line[:_MOST_OF_A_LINE] + "…"


def _nothing(words: str) -> dict[str, Any]:
    return {"kind": "none", "words": words}


# --- what is in them


def _content(file: Path) -> TableHead | str | None:
    if _is_table(file):
        return file_head(file, most_rows=MOST_ROWS)
    return _of_json(file) if file.suffix.lower() == ".json" else None


def _is_table(file: Path) -> bool:
    return file.suffix.lower() in _TABLES


def _of_json(file: Path) -> TableHead | str | None:
    try:
        found = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        return None
    head = json_head(found, most_rows=MOST_ROWS)
    return json.dumps(found, indent=2, ensure_ascii=False) if head is None else head


def _as_text(content: TableHead | str | None, file: Path) -> str:
    if isinstance(content, str):
        return content
    with file.open("rb") as opened:
        return opened.read(4 * _MOST_TEXT).decode("utf-8", "replace")


# --- lines


def _text_changes(before: str, after: str) -> dict[str, Any]:
    if "\0" in before[:_MOST_TEXT] or "\0" in after[:_MOST_TEXT]:
        return _nothing("No text: only the sizes and digests of these files can be compared.")
    old, new = (_beginning(text) for text in (before, after))
    lines = shortened(signed_lines(old, new))
    counts: Counter[str] = Counter(sign for sign, _, _ in lines)
    words = _counted(counts, "line")
    if (old, new) != (before, after):
        words += f"; only the first {len(old.splitlines()):,} lines are compared"
    return {"kind": "text", "words": words, "lines": lines}


def _beginning(text: str) -> str:
    lines = text[:_MOST_TEXT].splitlines(keepends=True)
    return "".join(lines[:MOST_LINES])


# --- rows


def _table_changes(old: TableHead, new: TableHead) -> dict[str, Any]:
    found = table_difference(_narrow(old), _narrow(new))
    places = _in_order(found)
    differing = [row for row in found.rows if row.sign != "="]
    shown = differing[:MOST_SHOWN]
    texts = [_texts(shown, place) for place in places]
    return {
        "kind": "table",
        "words": _table_words(found, old, new),
        "key": list(found.key),
        "columns": [
            {
                "name": clipped(found.columns[place].name, _MOST_OF_A_VALUE),
                "sign": found.columns[place].sign,
                "isNumber": _are_numbers([row.values[place] for row in found.rows]),
            }
            for place in places
        ],
        "rows": [
            {"sign": row.sign, "number": _number(row), "cells": [column[n] for column in texts]}
            for n, row in enumerate(shown)
        ],
        "more": len(differing) - len(shown),
    }


def _narrow(head: TableHead) -> Table:
    return Table(head.columns[:MOST_COLUMNS], [row[:MOST_COLUMNS] for row in head.rows])


def _in_order(found: TableDifference) -> list[int]:
    """Columns of the key, those that differ, the others."""
    changed = {place for row in found.rows for place in row.were}

    def rank(place: int) -> tuple[bool, bool]:
        column = found.columns[place]
        return column.name not in found.key, column.sign == "=" and place not in changed

    return sorted(range(len(found.columns)), key=rank)


def _number(row: RowDifference) -> int:
    return 1 + (row.after if row.after is not None else row.before or 0)


def _texts(rows: Sequence[RowDifference], place: int) -> list[tuple[str, str | None]]:
    """Of one column: what each row has, and what it had where that is something else."""
    values, were = [row.values[place] for row in rows], [row.were.get(place) for row in rows]
    differs = [place in row.were for row in rows]
    texts = _column([*values, *were])
    pairs = list(zip(texts[: len(rows)], texts[len(rows) :]))
    if any(now == was for (now, was), changed in zip(pairs, differs) if changed):
        pairs = [(_exact(now), _exact(was)) for now, was in zip(values, were)]
    return [(now, was if changed else None) for (now, was), changed in zip(pairs, differs)]


def _column(values: Sequence[Value]) -> list[str]:
    """Numbers with equal decimals."""
    numbers = [value if _is_number(value) else None for value in values]
    texts = format_column([float(n) if isinstance(n, int | float) else None for n in numbers])
    return [
        text if number is not None else _word(value)
        for value, number, text in zip(values, numbers, texts)
    ]


def _word(value: Value) -> str:
    return MISSING if value is None else clipped(str(value), _MOST_OF_A_VALUE)


def _exact(value: Value) -> str:
    """Every digit: what is rounded alike differs all the same."""
    return repr(value) if _is_number(value) else _word(value)


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_numbers(values: Sequence[Value]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(map(_is_number, known))


# --- in words


def _table_words(found: TableDifference, old: TableHead, new: TableHead) -> str:
    if found.is_empty:
        return f"the same ({_looked_at(old, new)})"
    parts = [
        _counted(Counter(column.sign for column in found.columns), "column", is_brief=True),
        _counted(Counter(row.sign for row in found.rows), "row"),
        "in another order" if found.is_reordered else "",
    ]
    told = f"rows are told apart by {', '.join(found.key)}" if found.key else "row by row"
    return "; ".join([*filter(None, parts), _looked_at(old, new), told])


def _counted(signs: Counter[str], noun: str, *, is_brief: bool = False) -> str:
    """2 rows changed, 1 added, 147 the same."""
    named = {"~": "changed", "+": "added", "-": "removed", "=": "the same"}
    found = [(signs[sign], words) for sign, words in named.items() if signs[sign]]
    if is_brief:
        found = [each for each in found if each[1] != "the same"]
    if not found:
        return "" if is_brief else f"no {noun}s"
    (count, words), *others = found
    first = f"{count:,} {noun}{'' if count == 1 else 's'} {words}"
    return ", ".join([first, *(f"{count:,} {words}" for count, words in others)])


def _looked_at(old: TableHead, new: TableHead) -> str:
    """How many rows and columns were looked at."""
    rows = [len(old.rows), len(new.rows)]
    is_cut = any(head.total != len(head.rows) for head in (old, new))
    words = f"the first {MOST_ROWS:,} rows" if is_cut else _both(rows)
    is_wide = max(len(old.columns), len(new.columns)) > MOST_COLUMNS
    return f"{words} looked at" + (f", and the first {MOST_COLUMNS} columns" if is_wide else "")


def _both(rows: Sequence[int]) -> str:
    old, new = rows
    if old == new:
        return f"{old:,} row{'' if old == 1 else 's'}"
    return f"{old:,} and {new:,} rows"
