"""The page of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from nbtrack.charts.run_styles import style_of
from nbtrack.display.markup import Html, clipped, joined, tag
from nbtrack.display.number_format import format_moment, format_number, format_texts
from nbtrack.panels.report.charts import MOST_LINES, Picture
from nbtrack.panels.report.data import runs_data
from nbtrack.panels.report.example import example_filter
from nbtrack.panels.report.reading import Report
from nbtrack.panels.report.run_table import hidden_columns, name_of, run_table
from nbtrack.panels.report.shell import NO_PLACES, of_class, page
from nbtrack.panels.runs.facts import RunRow, RunTable

_LONGEST = 60  # characters of a param
_MOST_PARAMS = 8  # of the best run


def document(report: Report, *, places: Html = NO_PLACES) -> str:
    """*places* lead to the other pages, if there are some."""
    return page(report.title, _parts(report), places=places)


def _parts(report: Report) -> Iterator[Html]:
    yield tag("header", tag("h1", report.title), of_class("quiet", "p", _summary(report.table)))
    if report.best is not None and report.metric is not None:
        yield _best(report.best, report.metric, report.table.param_keys)
    if report.pictures:
        yield tag("h2", "Charts")
        yield _legend(report.table)
        yield of_class("charts", "section", *map(_figure, report.pictures))
    yield tag("h2", "Runs")
    yield tag("div", id="filter", data_example=example_filter(report))
    if hidden := hidden_columns(report.table):
        yield of_class(
            "quiet", "p", f"{hidden:,} more params and metrics have no column: a run's name opens "
            "all that it has.",
        )  # fmt: skip
    yield of_class("wide", "div", run_table(report.table))
    yield runs_data(report.table)


def _summary(table: RunTable) -> str:
    total = table.total or len(table.rows)
    words = [f"{total:,} run{'' if total == 1 else 's'}"]
    if total > len(table.rows):
        words.append(f"the first {len(table.rows):,} are here")
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
    return of_class(
        "best",
        "section",
        _fact("best run", name_of(row)),
        _fact(metric, format_number(row.metrics[metric])),
        tag("dl", *params[:_MOST_PARAMS]),
    )


def _shown(text: str) -> str:
    return clipped(format_texts([text])[0], _LONGEST)


def _fact(what: str, value: str) -> Html:
    return tag("div", of_class("quiet", "span", what), tag("strong", value))


def _legend(table: RunTable) -> Html:
    """Which colour is which run in every chart."""
    items = (
        tag("li", tag("i", style=f"background:{style_of(place).colour}"), clipped(name_of(row), 40))
        for place, row in enumerate(table.rows[:MOST_LINES])
    )
    return of_class("legend", "ul", *items)


def _figure(picture: Picture) -> Html:
    drawn = picture.svg.replace("<svg ", '<svg aria-hidden="true" ', 1)
    return tag("figure", Html(drawn), role="img", aria_label=picture.title)
