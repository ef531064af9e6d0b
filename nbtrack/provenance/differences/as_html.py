"""Why a run is different, as script-free HTML: what runs say is text in it, whatever it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbtrack.display.look import BAD, CODE_FONT, GOOD, LINE, MUTED, ROW, muted
from nbtrack.display.markup import Html, clipped, clipped_html, joined, tag
from nbtrack.lookup.line_difference import SignedLine
from nbtrack.provenance.differences.as_text import (
    KEY_LIMIT,
    LINE_LIMIT,
    MOST_CHANGES,
    MOST_LINES,
    NO_DIFFERENCE,
    change_words,
    metric_words,
    other_metrics_words,
    run_facts,
    run_label,
    sentences,
    shown_metrics,
    sides,
)
from nbtrack.provenance.differences.difference import RunDifference
from nbtrack.provenance.differences.findings import Change, Finding

FRAME = "overflow-x:auto;margin:2px 0 4px;font-size:13px;line-height:1.4"
_HEAD = "padding:9px 0 2px;font-size:10px;letter-spacing:0.06em"
_TITLE = "padding:4px 0 1px"
_CHANGE = "padding:1px 0 1px 14px"
_CODE = f"{CODE_FONT};font-size:12px;white-space:pre;margin:2px 0 4px 14px;border-left:{LINE}"
_TABLE = "border-collapse:collapse;margin:0;font-size:13px;font-variant-numeric:tabular-nums"
_CELL = "padding:1px 12px 1px 0;text-align:left;vertical-align:baseline"
_VERDICTS = {"better": GOOD, "worse": BAD, "": MUTED}
_SIGNS = {"−": ("rgba(217,69,61,.13)", BAD), "+": ("rgba(42,140,74,.13)", GOOD)}


def difference_html(found: RunDifference) -> str:
    return tag(
        "div",
        tag("b", "Why is B different from A?"),
        _heads(found),
        *_metrics(found),
        *_parts(found),
        style=FRAME,
    )


def causes_html(found: RunDifference, *, title: str = "") -> str:
    """All but the runs and their metrics, for below a table that has them."""
    return tag("div", *([tag("b", title)] if title else []), *_parts(found), style=FRAME)


def _parts(found: RunDifference) -> Iterator[Html]:
    yield from _causes(found)
    harmless = [_finding(each) for each in found.harmless]
    yield from _plain("CANNOT HAVE MOVED A NUMBER", harmless)
    yield from _plain("NOT PROVEN THE SAME", sentences(found.findings, "doubts"))
    yield from _plain("NOT CAPTURED", sentences(found.findings, "gaps"))
    yield from _plain("THE SAME", [", ".join(found.same)] if found.same else [])


def _heads(found: RunDifference) -> Html:
    runs = (("A", found.before), ("B", found.after))
    rows = [
        [muted(name), tag("b", run_label(run), dir="auto"), muted(run_facts(run))]
        for name, run in runs
    ]
    return small_table(rows)


def small_table(rows: Sequence[Sequence[str]]) -> Html:
    cells = [[tag("td", cell, align="left", style=_CELL) for cell in row] for row in rows]
    return tag("table", tag("tbody", *(tag("tr", *row, style=ROW) for row in cells)), style=_TABLE)


def _plain(title: str, blocks: Sequence[str]) -> Iterator[Html]:
    if blocks:
        yield tag("div", muted(title), style=_HEAD)
        yield from (each if isinstance(each, Html) else tag("div", each) for each in blocks)


def _metrics(found: RunDifference) -> Iterator[Html]:
    rows = []
    for metric in shown_metrics(found):
        *values, change = metric_words(metric)
        verdict = tag("span", change, style=_VERDICTS[metric.verdict])
        rows.append([clipped_html(metric.key, KEY_LIMIT), *values, verdict])
    yield from _plain("METRICS", [small_table(rows), *map(_muted_line, other_metrics_words(found))])


def _muted_line(words: str) -> Html:
    return tag("div", muted(words))


def _causes(found: RunDifference) -> Iterator[Html]:
    order = ", the likeliest first" if len(found.causes) > 1 else ""
    blocks = [_finding(each, number=n) for n, each in enumerate(found.causes, 1)]
    yield from _plain(f"WHAT EXPLAINS IT{order.upper()}", blocks or [tag("b", NO_DIFFERENCE)])


def _finding(finding: Finding, *, number: int | None = None) -> Html:
    title = f"{number}. {finding.part.heading}" if number else finding.part.heading
    shown = finding.changes[:MOST_CHANGES]
    more = len(finding.changes) - len(shown)
    rest = [tag("div", muted(f"… and {more:,} more"), style=_CHANGE)] if more else []
    return tag("div", tag("b", title), *map(_change, shown), *rest, style=_TITLE)


def _change(change: Change) -> Html:
    words = tag("div", change_words(change), style=_CHANGE)
    return joined([words, _lines(change.lines)]) if change.lines else words


def _lines(lines: Sequence[SignedLine]) -> Html:
    shown = [each for line in lines for each in sides(line)]
    more = len(shown) - MOST_LINES
    rest = [muted(f"… and {more:,} more lines")] if more > 0 else []
    return tag("div", *(_line(sign, text) for sign, text in shown[:MOST_LINES]), *rest, style=_CODE)


def _line(sign: str, text: str) -> Html:
    ground, colour = _SIGNS[sign]
    mark = tag("span", sign, style=colour)
    return tag("div", mark, f" {clipped(text, LINE_LIMIT)}", style=f"background:{ground}")
