"""The table of a report: it can be read without script, which sorts and filters it by `data`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbtrack.display.markup import Html, clipped, tag
from nbtrack.display.number_format import (
    MISSING,
    format_column,
    format_duration,
    format_moment,
    format_texts,
)
from nbtrack.panels.report.shell import of_class
from nbtrack.panels.runs.facts import RunRow, RunTable

MOST_COLUMNS = 20  # metrics, and as many params
_LONGEST = 60  # characters of a cell; all of it on the mouse
_WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """*kind*, and of metrics and params the place *at* which they stand in `data`, say what it is
    sorted by."""

    title: str
    kind: str
    at: int | None = None
    cells: Sequence[Html]
    look: str = _WORD


def run_table(table: RunTable) -> Html:
    columns = list(_columns(table))
    head = tag("tr", *(_head(table, column) for column in columns))
    body = (
        of_class("top" if row.is_best else None, "tr", *(c.cells[place] for c in columns))
        for place, row in enumerate(table.rows)
    )
    return of_class("runs", "table", tag("thead", head), tag("tbody", *body))


def hidden_columns(table: RunTable) -> int:
    """Params and metrics that have no column."""
    keys = (table.metric_keys, table.param_keys)
    return table.folded + sum(max(0, len(some) - MOST_COLUMNS) for some in keys)


def name_of(row: RunRow) -> str:
    return row.name or row.run_id[:8]


def _head(table: RunTable, column: _Column) -> Html:
    return of_class(
        column.look,
        "th",
        tag("button", clipped(column.title, _LONGEST), type="button"),
        scope="col",
        aria_sort=_order(table, column),
        data_kind=column.kind,
        data_at=None if column.at is None else str(column.at),
    )


def _order(table: RunTable, column: _Column) -> str | None:
    if table.sort_key not in (f"{column.kind}.{column.title}", column.title):
        return None
    return "descending" if table.sort_descending else "ascending"


def _columns(table: RunTable) -> Iterator[_Column]:
    rows = table.rows
    yield _Column(title="run", kind="name", cells=[_name(row) for row in rows])
    if len({row.experiment for row in rows}) > 1:
        cells = [_text(row.experiment) for row in rows]
        yield _Column(title="experiment", kind="experiments", cells=cells)
    yield _Column(title="status", kind="statuses", cells=[_status(row.status) for row in rows])
    for at, key in enumerate(table.metric_keys[:MOST_COLUMNS]):
        shown = format_column([row.metrics.get(key) for row in rows])
        cells = [_number(each) for each in shown]
        yield _Column(title=key, kind="metrics", at=at, cells=cells, look="number")
    for at, key in enumerate(table.param_keys[:MOST_COLUMNS]):
        cells = _texts([row.params.get(key) for row in rows])
        yield _Column(title=key, kind="params", at=at, cells=cells, look="param")
    yield _Column(title="started", kind="started", cells=[_moment(row) for row in rows])
    cells = [_number(format_duration(row.duration_seconds)) for row in rows]
    yield _Column(title="took", kind="seconds", cells=cells, look="number")


def _name(row: RunRow) -> Html:
    return tag("th", clipped(name_of(row), _LONGEST), scope="row", title=row.run_id)


def _texts(texts: Sequence[str | None]) -> list[Html]:
    """Of one param; numbers are rounded alike, and the script says of each what it is."""
    known = [text for text in texts if text is not None]
    shown = dict(zip(known, format_texts(known), strict=True))
    return [_text(text, shown=None if text is None else shown[text]) for text in texts]


def _text(text: str | None, *, shown: str | None = None) -> Html:
    if text is None:
        return tag("td", MISSING)
    whole = text if shown is None else shown
    short = clipped(whole, _LONGEST)
    return tag("td", short, title=text[:1000] if short != whole else None)


def _number(shown: str) -> Html:
    return of_class("n", "td", shown)


def _moment(row: RunRow) -> Html:
    return tag("td", MISSING if row.start_time is None else format_moment(row.start_time))


def _status(status: str) -> Html:
    word = status.lower()
    return tag("td", of_class(f"s-{word}" if word.isalpha() else None, "span", word))
