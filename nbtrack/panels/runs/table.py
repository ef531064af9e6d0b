"""The table of runs that `%runs` shows: script-free HTML, and its twin for terminals."""

from __future__ import annotations

from itertools import groupby

from nbtrack.display.look import BAD, BAR, GOOD, LINE, ROW, muted, status_dot
from nbtrack.display.markup import Html, clipped_html, joined, tag
from nbtrack.panels.runs.content import (
    ID_GROUP,
    KEY_LIMIT,
    NAME_LIMIT,
    VALUE_LIMIT,
    Column,
    TableContent,
    constants_line,
    error_line,
    hidden_words,
    nothing_found,
    run_label,
    table_content,
)
from nbtrack.panels.runs.facts import RunRow, RunTable
from nbtrack.panels.runs.text import run_table_text
from nbtrack.records.runs import RunStatus

__all__ = ["RunRow", "RunTable", "run_table_html", "run_table_text"]

_NO_BREAK = "\u00a0"
_FRAME = "overflow-x:auto;margin:2px 0 4px;font-variant-numeric:tabular-nums"
_TABLE = f"border-collapse:collapse;border:{LINE};font-size:13px;table-layout:auto;margin:0"
_CAPTION = "caption-side:top;text-align:left;padding:2px 0 6px;font-size:13px;line-height:1.45"
# A notebook keeps every cell of it: as little as says what Lab and others would not do alone.
_LEFT = "text-align:left"
_WORDS = f"{_LEFT};white-space:nowrap"
_HEAD = "white-space:nowrap;font-weight:600"
_GROUP = f"{_WORDS};padding-bottom:0;font-size:10px"
_FIRST_OF_GROUP = f";border-left:{LINE}"
_ERROR = f"white-space:normal;min-width:240px;padding:2px 0;{BAD}"
_BEST = "background:rgba(42,140,74,.1)"
_TICKED = "background:rgba(30,136,229,.14)"


def run_table_html(table: RunTable) -> str:
    """For paper: with times, where what is alive has ages."""
    if not table.rows:
        return tag("div", muted(nothing_found(table)), style=_FRAME)
    content = table_content(table, is_dated=True)
    head = tag("thead", _group_row(content), _head_row(content))
    body = tag("tbody", *(_body_row(content, index) for index in range(len(content.rows))))
    whole = tag("table", _caption(content), head, body, cellpadding=4, style=_TABLE)
    return tag("div", whole, style=_FRAME)


def _caption(content: TableContent) -> Html:
    hidden = [hidden_words(content.left_out)] if content.left_out else []
    first, *rest = [*content.summary, *hidden]
    lines = [[tag("b", first), muted("".join(f" · {words}" for words in rest))]]
    if content.constants:
        lines.append([muted(constants_line(content.constants))])
    # The attribute speaks where styles are stripped.
    return tag("caption", *(tag("div", *line, align="left") for line in lines), style=_CAPTION)


def _group_row(content: TableContent) -> Html:
    cells: list[Html] = []
    for group, members in groupby(content.columns, key=lambda column: column.group):
        style = _GROUP + (_FIRST_OF_GROUP if cells else "")
        span = len(list(members))
        name = muted(group.upper())  # text-transform would be lost with the styles
        cells.append(tag("th", name, scope="colgroup", colspan=span, align="left", style=style))
    return tag("tr", *cells, style=ROW)


def _head_row(content: TableContent) -> Html:
    cells = []
    for column, edge in _with_edges(content):
        side = _side(column)
        name = clipped_html(column.head or column.key, KEY_LIMIT)
        style = f"{_HEAD};text-align:{side}{edge}"
        order = column.sorted_as
        cells.append(
            tag("th", name, column.arrow, scope="col", align=side, aria_sort=order, style=style)
        )
    return tag("tr", *cells, style=ROW)


def _body_row(content: TableContent, index: int) -> Html:
    row, depth = content.rows[index]
    cells = [_name_cell(row, depth)]
    first = next((each for each in content.columns if each.group == "Metrics"), None)
    for column in content.columns[1:]:
        has_bar = column is first or (column.group == "Metrics" and column.is_kept)
        cells.append(_cell(column, index, row, bar=_bar(column.shares[index]) if has_bar else None))
    style = _TICKED if row.is_ticked else _BEST if row.is_best else None
    return tag("tr", *cells, align="right", style=style)


def _name_cell(row: RunRow, depth: int) -> Html:
    indent = f"padding-left:{8 + 16 * min(depth, 6)}px"
    name = clipped_html(run_label(row), NAME_LIMIT)
    best = [" ", tag("span", "★ best", style=GOOD)] if row.is_best else []
    style = f"{_WORDS};font-weight:normal" + (f";{indent}" if depth else "")
    branch = [muted("↳ ")] if depth else []
    tick = [tag("b", "✓ ", title="ticked")] if row.is_ticked else []
    return tag(
        "th", *branch, *tick, name, *best, align="left", dir="auto", scope="row", style=style
    )


def _cell(column: Column, index: int, row: RunRow, *, bar: str | None) -> Html:
    """Numbers stand to the right by themselves, as the whole row does."""
    content = _content(column, index, row)
    if column.is_number or column.group == ID_GROUP or not content:
        style = "white-space:nowrap" if column.head else bar  # a date is broken at its hyphens
        return tag("td", content, style=style)
    return tag("td", content, align="left", style=_WORDS if " " in column.cells[index] else _LEFT)


def _content(column: Column, index: int, row: RunRow) -> Html:
    text = column.cells[index]
    if column.group == "Run" and column.key == "status":
        return _status(row, text)
    return clipped_html(text.replace(" ", _NO_BREAK) if column.is_number else text, VALUE_LIMIT)


def _status(row: RunRow, word: str) -> Html:
    """Of a run that ended well nothing; a failed one opens on a click to show its error."""
    if row.status == RunStatus.FINISHED:
        return joined([])
    label = [status_dot(row.status), _NO_BREAK, word]
    if not row.error:
        return joined(label)
    summary = tag("summary", *label, muted(f"{_NO_BREAK}▸"), style="cursor:pointer;list-style:none")
    return tag("details", summary, tag("div", error_line(row), style=_ERROR), style="margin:0")


def _bar(share: float | None) -> str | None:
    """A bar behind the number; the column's lowest keeps a stump, to be seen at all."""
    if share is None:
        return None
    width = 5 + round(share * 90)
    return f"background:linear-gradient(90deg,{BAR} {width}%,transparent 0)"


def _with_edges(content: TableContent) -> list[tuple[Column, str]]:
    """Each column, with a line to its left where a new group begins."""
    before = [None, *(column.group for column in content.columns)]
    return [
        (column, _FIRST_OF_GROUP if previous not in (None, column.group) else "")
        for column, previous in zip(content.columns, before)
    ]


def _side(column: Column) -> str:
    return "right" if column.is_number or column.group == ID_GROUP else "left"
