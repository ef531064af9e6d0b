"""Whatever a run, a key or a value is called: its chart is drawn, and says it."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest

from nbtrack.charts.columns import categories_of
from nbtrack.charts.drawing import Drawing
from nbtrack.charts.importance import importance
from nbtrack.charts.metric_bars import metric_bars
from nbtrack.charts.metric_lines import metric_lines
from nbtrack.charts.parallel import parallel
from nbtrack.charts.pictures import bundle_of_spec, png_of_foreign, svg_of
from nbtrack.charts.run_styles import run_labels
from nbtrack.charts.scatter import scatter
from nbtrack.charts.small_multiples import small_multiples
from nbtrack.panels.charts_tab.brushed_runs import runs_within
from nbtrack.records.views import MetricSeries, RunValues

A, B = "a" * 32, "b" * 32
# Each has all of a kind, as one that is not drawn fails the whole chart; what a whole text is to be
# in order to be odd stands alone.
ODD = [
    "a\nb\r\nc\rd\u2028e\u2029f\x85", "\n", "\x00\t\v\x1f\ud800", "constructor", "toString",
    "__proto__", "", " ", "datum.x", """'"`\\'\\n\\""", "<b>&amp;</b>]]>", "[0].x{y}$z|%#",
    "\u202e\u200b é☃🎉", "x" * 400,
]  # fmt: skip


def charts(odd: str) -> Iterator[Drawing]:
    """*odd* in every place that text of a run has."""
    names = {A: odd, B: "b"}
    lines, own = [_series(A, odd), _series(B, odd)], [_series(A, "k")]
    yield metric_lines(lines, names=names, has_legend=True)
    yield metric_lines(own, names=names, title=odd, has_legend=True, is_log=True, smoothing=0.5)
    yield metric_bars({A: 1.0, B: 2.0}, key=odd, names=names)
    together = [[odd, "k"], [f"{odd} 2"]]
    found = [*lines, *own, _series(A, f"{odd} 2")]
    yield small_multiples(found, names=names, charts=together, title=odd)
    values, metric, param = _values(odd), f"metrics.{odd}", f"params.{odd}"
    yield scatter(values, x=param, y=metric, colour_by="params.m")
    yield scatter(values, x="params.m", y=param, colour_by=metric)
    yield parallel(values, axes=[param, "params.m", metric])
    yield importance(values, params=[param, "params.m"], metric=metric).drawing


def _series(run_id: str, key: str) -> MetricSeries:
    ends = [1.0, 2.0, 3.0]
    return MetricSeries(
        run_id=run_id, key=key, x=[0.0, 1.0, 2.0], low=ends, high=ends, last=ends, count=9
    )


def _values(odd: str) -> RunValues:
    runs = range(12)
    return RunValues(
        run_ids=[f"{n:032x}" for n in runs],
        names=[f"{odd}{n % 3}" for n in runs],
        columns={
            f"params.{odd}": [f"{odd}{n % 3}" for n in runs],
            "params.m": [odd if n % 2 else "x" for n in runs],
            f"metrics.{odd}": [n / 3 + n % 5 for n in runs],
        },
    )


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: ascii(odd)[:20])
def test_it_is_drawn_and_said(odd: str) -> None:
    """Well-formed, and a run's name is in the legend that has it."""
    drawn = ["".join(ElementTree.fromstring(svg_of(each)).itertext()) for each in charts(odd)]
    assert len(drawn) == 8
    if odd in ("constructor", "datum.x", "<b>&amp;</b>]]>"):
        assert all(odd in words for words in drawn[:6])


def test_names_that_break_differently_stay_two() -> None:
    assert len(set(run_labels([A, B], {A: "a\nb", B: "a b"}).values())) == 2


def test_values_that_break_differently_stay_two() -> None:
    """As lines from Windows and from Linux do."""
    assert len(categories_of(["a\nb", "a\r\nb", "a\rb", "a\n\rb"])) == 4


def test_a_brush_finds_runs_by_what_is_shown() -> None:
    values = _values("a\nb")
    assert len(runs_within(values, {"params.m": ["a↵b"]})) == 6
    assert len(runs_within(values, {"params.m": ["a\nb"]})) == 6


BROKEN_TITLES = ["two\nlines", 'a "q"\nb', '"\u2028', ["a", "b\nc"]]


@pytest.mark.parametrize("broken", BROKEN_TITLES, ids=ascii)
def test_titles_of_a_users_chart_may_break(broken: str | list[str]) -> None:
    """In tooltips and on axes."""
    title = {"title": broken}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "mark": "point",
        "data": {"values": [{"x": 1, "title": "b"}]}, "title": {"text": "a\nb"},
        "encoding": {
            "x": {"field": "x", "type": "quantitative", "axis": title},
            "tooltip": [{"field": "title", "type": "nominal", **title}],
        },
    }  # fmt: skip
    assert png_of_foreign(spec).startswith(b"\x89PNG")


def test_titles_that_vega_draws_in_two_lines_stay_in_two() -> None:
    """Only where it draws nothing otherwise is a title put in one."""
    spec = {
        "data": {"values": [{"x": 1, "y": "b"}]}, "mark": "point", "title": "Loss\nof my runs",
        "config": {"lineBreak": "\n"},
        "encoding": {"color": {"field": "y", "type": "nominal", "legend": {"title": "two\nlines"}}},
    }  # fmt: skip
    words = ElementTree.fromstring(bundle_of_spec(spec, "")["image/svg+xml"]).itertext()
    assert {"Loss", "of my runs", "two", "lines"} <= set(words)
