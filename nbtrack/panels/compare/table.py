"""A comparison as script-free HTML, and its twin for terminals: for wherever no panel is alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbtrack.display.look import BAD, GOOD, LINE, MUTED, ROW, muted, status_dot
from nbtrack.display.markup import Html, clipped, clipped_html, tag
from nbtrack.display.number_format import MISSING
from nbtrack.display.text_table import aligned, columns_wide, cut_to
from nbtrack.panels.compare.content import Comparison, Head, Line, Section, Value

_KEY_LIMIT, _VALUE_LIMIT, _LABEL_LIMIT = 36, 40, 40
_MOST_LINES = 60  # of a section on paper
_TEXT_WIDTH = 120
_TEXT_VALUE, _TEXT_LABEL = 24, 20
_OWN_COLUMN = 2  # the keys, and the first run

_FRAME = "overflow-x:auto;margin:2px 0 4px;font-variant-numeric:tabular-nums"
_TABLE = f"border-collapse:collapse;border:{LINE};font-size:13px;margin:0"
_CAPTION = "caption-side:top;text-align:left;padding:2px 0 6px;font-size:13px"
_CELL = "padding:3px 8px;line-height:1.4;text-align:left;vertical-align:baseline"
_HEAD = f"{_CELL};font-weight:normal;white-space:nowrap"
_SECTION = f"{_CELL};padding-top:9px;font-size:10px;letter-spacing:0.06em;border-top:{LINE}"
_VALUE = f"{_CELL};min-width:70px;max-width:320px;border-top:{LINE}"
_OTHER = ";background:rgba(30,136,229,.13)"  # than the baseline
_VERDICTS = {"better": GOOD, "worse": BAD}


def comparison_html(content: Comparison) -> str:
    caption = tag("caption", tag("div", *_caption(content), align="left"), style=_CAPTION)
    head = tag("thead", tag("tr", tag("td", style=_HEAD), *_heads(content), style=ROW))
    body = tag("tbody", *(row for section in content.sections for row in _rows(content, section)))
    whole = tag("table", caption, head, body, cellpadding=4, style=_TABLE)
    return tag("div", whole, style=_FRAME)


def _caption(content: Comparison) -> list[Html]:
    base = clipped(content.runs[content.baseline].label, _LABEL_LIMIT)
    first = tag("b", f"{len(content.runs)} runs compared")
    return [first, muted(" · seen from ", tag("span", base, dir="auto"))]


def _heads(content: Comparison) -> Iterator[Html]:
    for place, head in enumerate(content.runs):
        name = tag("b", clipped_html(head.label, _LABEL_LIMIT, dir="auto"))
        base = [tag("div", muted("baseline"))] if place == content.baseline else []
        status = tag("div", status_dot(head.status), "\u00a0", *_status(head))
        when = tag("div", muted(f"{head.age} · {head.duration}"))
        cell = f"{_HEAD};vertical-align:top"
        yield tag("th", name, status, when, *base, scope="col", align="left", style=cell)


def _status(head: Head) -> list[str]:
    return [head.status, *(["\u00a0", muted("deleted")] if head.is_deleted else [])]


def _rows(content: Comparison, section: Section) -> Iterator[Html]:
    shown, hidden = _shown(content, section)
    title = tag("th", muted(section.title.upper()), scope="colgroup", align="left", style=_SECTION)
    words = tag("td", muted(hidden), colspan=len(content.runs), align="left", style=_SECTION)
    yield tag("tr", title, words, style=ROW)
    for line in shown:
        key = clipped_html(line.key, _KEY_LIMIT)
        label = tag("th", key, scope="row", align="left", style=f"{_VALUE};font-weight:normal")
        yield tag("tr", label, *(_value(value) for value in line.values), style=ROW)


def _value(value: Value) -> Html:
    text = clipped_html(value.text, _VALUE_LIMIT)
    shown = tag("span", text, style=MUTED) if value.text == MISSING else text
    style = _VALUE + (_OTHER if value.differs else "")
    return tag("td", shown, *_change(value), align="left", style=style)


def _change(value: Value) -> list[Html]:
    if not value.change:
        return []
    words = f"\u00a0 {value.change} {value.verdict}".rstrip()
    look = f"white-space:nowrap;{_VERDICTS.get(value.verdict, MUTED)}"
    return [tag("span", words, style=look)]


def comparison_text(content: Comparison, *, width: int = _TEXT_WIDTH) -> str:
    """As many runs as fit beside each other into *width*; the others are counted."""
    grid = [["", *(cut_to(clipped(h.label, 200), _TEXT_LABEL) for h in content.runs)]]
    marks = ["baseline" if n == content.baseline else "" for n in range(len(content.runs))]
    facts = [[""] + [head.status for head in content.runs]]
    facts += [[""] + [f"{head.age}, {head.duration}" for head in content.runs]]
    grid += [*facts, ["", *marks]]
    for section in content.sections:
        shown, hidden = _shown(content, section)
        grid.append([section.title.upper(), *[""] * len(content.runs)])
        grid += [[f"  {_key(line)}", *map(_in_text, line.values)] for line in shown]
        if hidden:
            grid.append([f"  {hidden}", *[""] * len(content.runs)])
    return "\n".join([f"{len(content.runs)} runs compared", *_fitting(grid, width)])


def _key(line: Line) -> str:
    return cut_to(line.key, _KEY_LIMIT)


def _in_text(value: Value) -> str:
    text = cut_to(value.text, _TEXT_VALUE)
    return f"{text}  {value.change} {value.verdict}".rstrip() if value.change else text


def _fitting(grid: Sequence[Sequence[str]], width: int) -> list[str]:
    """The keys, the first runs, and how many more there are."""
    widths = [max(columns_wide(row[n]) + 2 for row in grid) for n in range(len(grid[0]))]
    count = len(widths)
    while count > _OWN_COLUMN and sum(widths[:count]) - 2 > width:
        count -= 1
    lines = aligned([row[:count] for row in grid])
    left = len(widths) - count
    return [*lines, f"+{left} more, to fit {width}: .df has all"] if left else lines


def _shown(content: Comparison, section: Section) -> tuple[Sequence[Line], str]:
    """Only what differs, unless it is all but a handful; and what is left out, in words."""
    if section.is_folded:
        return [], f"{len(section.lines):,} not shown"
    everything = content.is_short and section.name != "environment"
    lines = section.lines if everything else section.differing
    shown = lines[:_MOST_LINES]
    left = [f"+{len(lines) - len(shown):,} that differ"] if len(lines) > len(shown) else []
    equal = len(section.lines) - len(lines)
    left += [f"{equal:,} the same"] if equal else []
    return shown, " · ".join(left)
