"""The table of runs for terminals: aligned, and no wider than asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple

from nbtrack.display.markup import clipped
from nbtrack.display.text_table import aligned, as_ascii, columns_wide, cut_to
from nbtrack.panels.runs.content import (
    ID_GROUP,
    KEY_LIMIT,
    VALUE_LIMIT,
    Column,
    TableContent,
    constants_line,
    error_line,
    hidden_words,
    nothing_found,
    run_label,
    status_word,
    table_content,
)
from nbtrack.panels.runs.facts import RunRow, RunTable

_NAME_LIMIT, _LEAST_NAME = 36, 12
_LISTED_ERRORS = 5
_KEPT_RANK = 0.5
# The order in which columns are worth their space; metrics and params follow status in turn.
_RANKS = {
    "name": 0.0, "status": 1.0, "experiment": 1.5, "id": 3.2, "started": 4.2, "duration": 4.4,
}  # fmt: skip


class _TextColumn(NamedTuple):
    rank: float
    cells: list[str]  # the head first
    is_number: bool

    @property
    def width(self) -> int:
        return max(map(columns_wide, self.cells))


def run_table_text(
    table: RunTable, *, width: int = 100, ascii_only: bool = False, is_dated: bool = False
) -> str:
    """Columns that do not fit into *width* are left out, the least telling first, and counted.

    What the runs are sorted by, and what the best one is best by, stays; names are cut for it.
    *is_dated* as of `table_content`.
    """
    spell: Callable[[str], str] = as_ascii if ascii_only else str
    if not table.rows:
        return spell(nothing_found(table))
    content = table_content(table, is_dated=is_dated)
    columns = _text_columns(content, spell)
    shown = _fitting(columns, width, spell)
    grid = zip(*(column.cells for column in shown))
    right = {place for place, column in enumerate(shown) if column.is_number}
    remarks = _remarks(content, dropped=len(columns) - len(shown), width=width)
    return "\n".join(
        [
            *_wrapped(map(spell, _caption(content)), width),
            *aligned(list(grid), right=right),
            *_wrapped(map(spell, remarks), width),
        ]
    )


def _text_columns(content: TableContent, spell: Callable[[str], str]) -> list[_TextColumn]:
    met = Counter[str]()
    columns = []
    for column in content.columns:
        is_name = column.group == "Run" and column.key == "name"
        head = clipped(column.head or column.key, KEY_LIMIT) + column.arrow
        head = ("  " if is_name else "") + head
        cells = (
            _names(content)
            if is_name
            else [cut_to(clipped(c, VALUE_LIMIT), VALUE_LIMIT) for c in column.cells]
        )
        columns.append(
            _TextColumn(
                rank=_rank(column, met[column.group]),
                cells=[spell(text) for text in (head, *cells)],
                is_number=column.is_number,
            )
        )
        met[column.group] += 1
    return columns


def _names(content: TableContent) -> list[str]:
    """The best run carries a star in front, children stand to the right of their parent."""
    return [
        ("* " if row.is_best else "  ") + ("  " * (depth - 1) + "↳ " if depth else "") + _name(row)
        for row, depth in content.rows
    ]


def _name(row: RunRow) -> str:
    return cut_to(clipped(run_label(row), _NAME_LIMIT), _NAME_LIMIT)


def _rank(column: Column, place: int) -> float:
    if column.group in ("Run", ID_GROUP):
        rank = _RANKS.get(column.key, _KEPT_RANK)
    else:
        rank = 2 + place + (0.5 if column.group == "Params" else 0)
    return min(rank, _KEPT_RANK) if column.is_kept else rank


def _fitting(
    columns: Sequence[_TextColumn], width: int, spell: Callable[[str], str]
) -> list[_TextColumn]:
    shown = list(columns)
    while (excess := sum(column.width + 2 for column in shown) - 2 - width) > 0:
        last = max(shown, key=lambda column: column.rank)
        if last.rank <= _KEPT_RANK:
            names, *others = shown
            return [_cut(names, names.width - excess, spell), *others]
        shown.remove(last)
    return shown


def _cut(names: _TextColumn, width: int, spell: Callable[[str], str]) -> _TextColumn:
    mark = len(spell("…")) - 1  # as ASCII it takes three
    cells = [
        text if columns_wide(text) <= width else spell(cut_to(text, max(width, _LEAST_NAME) - mark))
        for text in names.cells
    ]
    return names._replace(cells=cells)


def _caption(content: TableContent) -> list[str]:
    lines = [" · ".join(content.summary)]
    return lines + ([constants_line(content.constants)] if content.constants else [])


def _remarks(content: TableContent, *, dropped: int, width: int) -> Iterator[str]:
    if any(row.is_best for row, _ in content.rows):
        yield "* best run"
    failed = [row for row, _ in content.rows if row.error]
    for row in failed[:_LISTED_ERRORS]:
        yield f"{_name(row)} {status_word(row)}: {error_line(row)}"
    if len(failed) > _LISTED_ERRORS:
        yield f"+{len(failed) - _LISTED_ERRORS} more with an error"
    if hidden := content.left_out + dropped:
        yield hidden_words(hidden) + (f", to fit {width}" if dropped else "")


def _wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    for line in lines:
        yield from wrap(line, width, subsequent_indent="  ")
