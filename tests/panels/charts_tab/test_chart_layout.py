"""Which metrics share a chart, and what an experiment remembers of it."""

from __future__ import annotations

import json

import pytest

import nbtrack
from nbtrack.lookup.chart_layout import (
    CHARTS_TAG,
    MOST_ON_ONE,
    USUAL_LAYOUT,
    ChartLayout,
    layout_of,
    layout_text,
)
from nbtrack.panels.charts_tab.request import LinesRequest
from nbtrack.panels.charts_tab.twin import ChartTwin
from tests.support.panel_page import runs_page


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """Of two runs with curves of loss, val_loss and accuracy, and one f1 each; its id."""
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(str(tmp_path / "project"))
    made = nbtrack.set_experiment("churn")
    for n in range(2):
        with nbtrack.start_run(run_name=f"run {n}"):
            for step in range(3):
                values = {"loss": 3 - step, "val_loss": 4 - step, "accuracy": step / 3}
                nbtrack.log_metrics(values, step=step)
            nbtrack.log_metrics({"f1": n, "recall": n})
    yield made.experiment_id
    nbtrack.set_tracking_uri(None)


def page_of(experiment):
    page = runs_page(nbtrack.runs()._store, experiment_ids=(experiment,))
    page.show()
    return page


def charts_of(answer):
    """By metric, what else is on its chart."""
    return {c["key"]: [each["key"] for each in c["beside"]] for c in answer["charts"]}


def chart_of(answer, key):
    return next(chart for chart in answer["charts"] if chart["key"] == key)


@pytest.mark.parametrize(
    "layout",
    [
        USUAL_LAYOUT,
        ChartLayout(x="time", is_log=True, smoothing=0.5),
        ChartLayout(shown=(), together=(("a", "b, c\n"), ("d",))),
    ],
)
def test_a_layout_comes_back_from_its_tag(layout):
    assert layout_of({CHARTS_TAG: layout_text(layout)} if layout_text(layout) else {}) == layout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"x": 1}',
        '{"shown": "loss"}',
        '{"shown": [1]}',
        '{"together": [["a"], "b"]}',
        '{"smoothing": NaN}',
        '{"smoothing": true}',
        "[" * 100_000,
        '{"x": "time"',
    ],
)
def test_a_tag_that_says_something_else_says_nothing(text):
    assert layout_of({CHARTS_TAG: text}) == USUAL_LAYOUT


def test_what_a_tag_says_is_bounded():
    """A metric is on one chart; a chart has room for a few; no number is too large."""
    many = [f"m{n}" for n in range(99)]
    found = layout_of({CHARTS_TAG: json.dumps({"together": [many, ["m0", "other"]]})})

    assert found.together == (tuple(many[:MOST_ON_ONE]), ("other",))
    assert layout_of({CHARTS_TAG: f'{{"smoothing": 1{"0" * 400}}}'}).smoothing < 1


def test_any_metric_can_be_put_on_anothers_chart(experiment):
    """Its lines are dashed, belong to the run and are told on its head; what it was with stays."""
    page = page_of(experiment)
    assert charts_of(page.ask("charts")) == {
        "loss": ["val_loss"],
        "accuracy": [],
        "f1": [],
        "recall": [],
    }
    answer = page.ask("charts", layout={"together": [["accuracy", "loss"]]})
    chart = chart_of(answer, "accuracy")

    assert charts_of(answer) == {"accuracy": ["loss"], "val_loss": [], "f1": [], "recall": []}
    assert chart["beside"] == [{"key": "loss", "dash": [5, 3]}]
    rows = chart["rows"]["columns"]
    assert rows["run"]["values"] == ["run 1", "run 1 · loss", "run 0", "run 0 · loss"]
    assert rows["of"]["values"] == ["run 1", "run 0"]


def test_single_values_share_bars_and_stand_among_lines(experiment):
    page = page_of(experiment)
    bars = chart_of(page.ask("charts", layout={"together": [["f1", "recall"]]}), "f1")
    assert bars["kind"] == "bars"
    assert bars["rows"]["columns"]["run"]["values"] == [
        *("f1 · run 1", "recall · run 1", "f1 · run 0", "recall · run 0")
    ]
    assert set(bars["rows"]["columns"]["of"]["values"]) == {"run 1", "run 0"}

    lines = chart_of(page.ask("charts", layout={"together": [["f1", "loss"]]}), "f1")
    assert lines["kind"] == "lines"
    assert lines["rows"]["length"] == 2 * (1 + 3)


def test_a_layout_is_remembered_by_the_experiment(experiment):
    """By another panel too; another experiment has its own, and null forgets it."""
    layout = {
        "x": "relative",
        "log": True,
        "smoothing": 0.5,
        "shown": ["f1", "loss"],
        "together": [],
    }
    page_of(experiment).ask("charts_layout", experiment=experiment, layout=layout)
    answer = page_of(experiment).ask("charts")
    assert answer["layout"] == layout
    assert list(charts_of(answer)) == ["f1", "loss"]

    other = nbtrack.set_experiment("other").experiment_id
    with nbtrack.start_run():
        nbtrack.log_metric("loss", 1)
    assert page_of(other).ask("charts")["layout"]["log"] is False
    page_of(experiment).ask("charts_layout", experiment=experiment, layout=None)
    assert CHARTS_TAG not in nbtrack.get_experiment(experiment).tags


def test_one_metric_is_seen_alone_and_that_is_not_remembered(experiment):
    """On the chart where it is; the layout is told as it was."""
    answer = page_of(experiment).ask("charts", only="val_loss")

    assert charts_of(answer) == {"loss": ["val_loss"]}
    assert answer["layout"]["shown"] is None


def test_where_no_notebook_shows_the_panel_nothing_is_drawn_for_it(experiment):
    """A page without a kernel has no output beside the panel."""
    page = page_of(experiment)
    page.ask("charts")

    assert page.panel.chart_twin._after_rest._timer is None
    assert page.panel.table_twin._after_rest._timer is None


def test_the_picture_for_the_saved_notebook_is_laid_out_alike(experiment):
    """What shares a chart in the tab shares it there, in the same order."""
    panel = page_of(experiment).panel
    twin = ChartTwin(panel.state, panel.chart_memory, update=lambda _: None, is_there=lambda: True)
    nbtrack.set_experiment_tag(CHARTS_TAG, json.dumps({"together": [["loss", "accuracy"]]}))
    svg = twin.first_picture(panel.state.newest)["image/svg+xml"]

    assert ">loss (dashed: accuracy)<" in svg
    assert ">val_loss<" in svg
    assert twin.picture(panel.state.newest, LinesRequest(places={}, only="f1")) is None
