"""The table of runs that `%runs` shows: script-free HTML, and its twin for terminals."""

from __future__ import annotations

from itertools import groupby

from nbtrack.display.look import BAD, BAR, CODE_FONT, GOOD, LINE, MUTED, ROW, muted, status_dot
from nbtrack.display.markup import Html, clipped_html, tag
from nbtrack.display.number_format import MISSING
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

__all__ = ["RunRow", "RunTable", "run_table_html", "run_table_text"]

_FRAME = "overflow-x:auto;margin:2px 0 4px;font-variant-numeric:tabular-nums"
_TABLE = f"border-collapse:collapse;border:{LINE};font-size:13px;table-layout:auto;margin:0"
_CAPTION = "caption-side:top;text-align:left;padding:2px 0 6px;font-size:13px;line-height:1.45"
_CELL = "padding:3px 8px;line-height:1.4;white-space:nowrap;vertical-align:baseline"
_HEAD = f"{_CELL};font-weight:600;border-bottom:{LINE}"
_GROUP = f"{_CELL};padding-bottom:0;text-align:left;font-size:10px;letter-spacing:0.06em"
_FIRST_OF_GROUP = f";border-left:{LINE}"
_ERROR = f"white-space:normal;min-width:240px;padding:2px 0;{BAD}"
_BEST = "background:rgba(42,140,74,.1)"


def run_table_html(table: RunTable) -> str:
    if not table.rows:
        return tag("div", muted(nothing_found(table)), style=_FRAME)
    content = table_content(table)
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
        name = clipped_html(column.key, KEY_LIMIT)
        style = f"{_HEAD};text-align:{side}{edge}"
        order = column.sorted_as
        cells.append(
            tag("th", name, column.arrow, scope="col", align=side, aria_sort=order, style=style)
        )
    return tag("tr", *cells, style=ROW)


def _body_row(content: TableContent, index: int) -> Html:
    row, depth = content.rows[index]
    cells = [_name_cell(row, depth)]
    for column, edge in _with_edges(content)[1:]:
        cells.append(_cell(column, index, row, edge=edge))
    return tag("tr", *cells, style=_BEST if row.is_best else ROW)


def _name_cell(row: RunRow, depth: int) -> Html:
    indent = f"padding-left:{8 + 16 * min(depth, 6)}px"
    name = clipped_html(run_label(row), NAME_LIMIT, dir="auto")
    best = [" ", tag("span", "★ best", style=GOOD)] if row.is_best else []
    style = f"{_CELL};{indent};text-align:left;font-weight:normal;border-top:{LINE}"
    branch = [muted("↳ ")] if depth else []
    return tag("th", *branch, name, *best, scope="row", align="left", style=style)


def _cell(column: Column, index: int, row: RunRow, *, edge: str) -> Html:
    style = f"{_CELL};text-align:{_side(column)};border-top:{LINE}{edge}"
    if column.group == "Metrics":
        style += _bar(column.shares[index])
    if column.group == ID_GROUP:
        style += f";{CODE_FONT};font-size:12px"
    return tag("td", _content(column, index, row), align=_side(column), style=style)


def _content(column: Column, index: int, row: RunRow) -> Html:
    text = column.cells[index]
    if column.group == "Run" and column.key == "status":
        return _status(row, text)
    if column.group == ID_GROUP:
        return tag("span", text, title=row.run_id, style=MUTED)
    shown = clipped_html(text, VALUE_LIMIT)
    return muted(shown) if text == MISSING or column.group == "Run" else shown


def _status(row: RunRow, word: str) -> Html:
    """A failed run opens on a click to show its error."""
    label = [status_dot(row.status), "\u00a0", word]
    if not row.error:
        return tag("span", *label)
    summary = tag("summary", *label, muted("\u00a0▸"), style="cursor:pointer;list-style:none")
    return tag("details", summary, tag("div", error_line(row), style=_ERROR), style="margin:0")


def _bar(share: float | None) -> str:
    """A bar behind the number; the column's lowest keeps a stump, to be seen at all."""
    if share is None:
        return ""
    width = 5 + round(share * 90)
    return f";background:linear-gradient(90deg,{BAR} {width}%,transparent {width}%)"


def _with_edges(content: TableContent) -> list[tuple[Column, str]]:
    """Each column, with a line to its left where a new group begins."""
    before = [None, *(column.group for column in content.columns)]
    return [
        (column, _FIRST_OF_GROUP if previous not in (None, column.group) else "")
        for column, previous in zip(content.columns, before)
    ]


def _side(column: Column) -> str:
    return "right" if column.is_number else "left"
