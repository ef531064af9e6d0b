"""The page of a report."""

from __future__ import annotations

import hashlib
import math
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from nbtrack.charts.run_styles import style_of
from nbtrack.display.markup import Html, clipped, joined, tag
from nbtrack.display.number_format import (
    MISSING,
    format_column,
    format_duration,
    format_moment,
    format_number,
    format_texts,
)
from nbtrack.panels.report.charts import MOST_LINES, Picture
from nbtrack.panels.report.reading import Report
from nbtrack.panels.runs.facts import RunRow, RunTable

_PAGE = Path(__file__).parent / "page"
_MOST_COLUMNS = 12  # params, and as many metrics
_LONGEST = 60  # characters of a cell; all of it on the mouse
_MOST_PARAMS = 8  # of the best run


def document(report: Report) -> str:
    style = (_PAGE / "report.css").read_text(encoding="utf-8")
    script = (_PAGE / "report.js").read_text(encoding="utf-8")
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_policy(script)}">'),
        tag("title", report.title),
        tag("style", Html(style)),
    )
    body = tag("body", tag("main", *_parts(report)), tag("script", Html(script)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _policy(script: str) -> str:
    """Nothing is fetched, and no script runs but ours, whatever a run's texts hold."""
    digest = b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _parts(report: Report) -> Iterator[Html]:
    yield tag("header", tag("h1", report.title), _of("quiet", "p", _summary(report.table)))
    if report.best is not None and report.metric is not None:
        yield _best(report.best, report.metric, report.table.param_keys)
    if report.pictures:
        yield tag("h2", "Charts")
        yield _legend(report.table)
        yield _of("charts", "section", *map(_figure, report.pictures))
    yield tag("h2", "Runs")
    if hidden := _hidden(report.table):
        yield _of("quiet", "p", f"{hidden:,} more params and metrics are not shown.")
    yield _of("wide", "div", _table(report.table))
    yield _of("quiet", "footer", f"Made by nbtrack at {format_moment(_now_ms())} UTC.")


def _hidden(table: RunTable) -> int:
    keys = (table.metric_keys, table.param_keys)
    return table.folded + sum(max(0, len(some) - _MOST_COLUMNS) for some in keys)


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def _summary(table: RunTable) -> str:
    total = table.total or len(table.rows)
    words = [f"{total:,} run{'' if total == 1 else 's'}"]
    states = Counter(row.status.lower() for row in table.rows)
    words += [f"{number:,} {state}" for state, number in states.items() if state != "finished"]
    began = [row.start_time for row in table.rows if row.start_time]
    if began:
        first, last = (format_moment(each)[:10] for each in (min(began), max(began)))
        words.append(first if first == last else f"{first} to {last}")
    if table.filter_text:
        words.append(f"filter: {table.filter_text}")
    return " · ".join(words)


def _best(row: RunRow, metric: str, keys: Sequence[str]) -> Html:
    params = [
        joined([tag("dt", key), tag("dd", _shown(row.params[key]))])
        for key in keys
        if key in row.params
    ]
    return _of(
        "best",
        "section",
        _fact("best run", _name(row)),
        _fact(metric, format_number(row.metrics[metric])),
        tag("dl", *params[:_MOST_PARAMS]),
    )


def _shown(text: str) -> str:
    return clipped(format_texts([text])[0], _LONGEST)


def _fact(what: str, value: str) -> Html:
    return tag("div", _of("quiet", "span", what), tag("strong", value))


def _of(kind: str | None, name: str, *children: str, **attributes: str | None) -> Html:
    """An element of the class *kind*, which is a word of Python."""
    return tag(name, *children, **{"class": kind, **attributes})


def _legend(table: RunTable) -> Html:
    """Which colour is which run in every chart."""
    items = (
        tag("li", tag("i", style=f"background:{style_of(place).colour}"), clipped(_name(row), 40))
        for place, row in enumerate(table.rows[:MOST_LINES])
    )
    return _of("legend", "ul", *items)


def _figure(picture: Picture) -> Html:
    return tag("figure", Html(picture.svg), role="img", aria_label=picture.title)


# --- the table


def _table(table: RunTable) -> Html:
    columns = list(_columns(table))
    head = tag(
        "tr",
        *(
            _of(kind, "th", tag("button", title), scope="col", aria_sort=_order(table, title))
            for title, kind, _ in columns
        ),
    )
    body = (
        _of("top" if row.is_best else None, "tr", *(cells[place] for _, _, cells in columns))
        for place, row in enumerate(table.rows)
    )
    return tag("table", tag("thead", head), tag("tbody", *body))


def _order(table: RunTable, title: str) -> str | None:
    if table.sort_key not in (f"metrics.{title}", f"params.{title}", title):
        return None
    return "descending" if table.sort_descending else "ascending"


def _columns(table: RunTable) -> Iterator[tuple[str, str, list[Html]]]:
    """Title, kind and a cell for each row; `data-v` is what it is sorted by, if not its text."""
    rows = table.rows
    yield "run", "text", [_head(row) for row in rows]
    if len({row.experiment for row in rows}) > 1:
        yield "experiment", "text", [_text(row.experiment) for row in rows]
    yield "status", "text", [_status(row.status) for row in rows]
    for key in table.metric_keys[:_MOST_COLUMNS]:
        values = [row.metrics.get(key) for row in rows]
        shown = format_column(values)
        yield key, "number", [_number(v, text) for v, text in zip(values, shown, strict=True)]
    for key in table.param_keys[:_MOST_COLUMNS]:
        yield key, "param", _texts([row.params.get(key) for row in rows])
    yield "started", "text", [_moment(row.start_time) for row in rows]
    seconds = [row.duration_seconds for row in rows]
    yield "took", "number", [_number(each, format_duration(each)) for each in seconds]


def _head(row: RunRow) -> Html:
    return tag("th", clipped(_name(row), _LONGEST), scope="row", title=row.run_id)


def _name(row: RunRow) -> str:
    return row.name or row.run_id[:8]


def _texts(texts: Sequence[str | None]) -> list[Html]:
    """Of one param; numbers are rounded alike, and sorted by what they are."""
    known = [text for text in texts if text is not None]
    shown = dict(zip(known, format_texts(known), strict=True))
    return [
        _text(text) if text is None or shown[text] == text
        else tag("td", clipped(shown[text], _LONGEST), data_v=text, title=text)
        for text in texts
    ]  # fmt: skip


def _text(text: str | None) -> Html:
    if text is None:
        return tag("td", MISSING, data_v="")
    short = clipped(text, _LONGEST)
    return tag("td", short, title=text[:1000] if short != text else None)


def _number(value: float | None, shown: str) -> Html:
    known = value is not None and not math.isnan(value)
    return _of("n", "td", shown, data_v=repr(value) if known else "")


def _moment(milliseconds: int | None) -> Html:
    return tag("td", MISSING if milliseconds is None else format_moment(milliseconds))


def _status(status: str) -> Html:
    word = status.lower()
    return tag("td", _of(f"s-{word}" if word.isalpha() else None, "span", word))
