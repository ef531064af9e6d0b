"""What the Charts tab is told, asked as its page asks it."""

from __future__ import annotations

import json
import math

import pytest

from nbtrack.charts.run_styles import PALETTE
from nbtrack.errors import NotFound
from nbtrack.panels.charts_tab.charted_runs import places_after
from nbtrack.panels.charts_tab.request import MOST_RUNS
from nbtrack.recording.session import Session, current_session
from nbtrack.records.origins import ORIGINS_TAG
from nbtrack.records.tags import BEST_OF_TAG
from tests.support.begun_project import begun_project
from tests.support.filled_project import fill_project
from tests.support.panel_page import Page, runs_page

STEPS = 1000


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(begun_project(tmp_path / "project")))
    made = Session()
    monkeypatch.setattr("nbtrack.recording.session._current", made)
    yield made
    made.close()


def twelve_runs():
    for n in range(12):
        with current_session().start_run(name=f"run {n}") as run:
            run.log_params({"lr": 10**-n, "kind": "SVC" if n % 2 else "forest", "seed": 0})
            for step in range(3):
                run.log_metric("loss", 1 / (n + step + 1), step=step)
            run.log_metric("f1", n / 12)


@pytest.fixture
def page(session, tmp_path):
    """Of twelve runs; the newest is run 11."""
    fill_project(tmp_path / "project", twelve_runs)
    made = runs_page(session.store)
    made.show()
    return made


def ids_of(page: Page) -> dict[str, str]:
    values = page.panel.store.read_run_values(page.panel.query, [])
    return dict(zip(values.names, values.run_ids))


def chart_of(answer, key):
    return next(chart for chart in answer["charts"] if chart["key"] == key)


def column(chart, name):
    """One column of the rows, as the page unpacks it."""
    packed = chart["rows"]["columns"][name]
    return [packed["values"][code] for code in packed["codes"]] if "codes" in packed else packed


def log(session, values, *, name="curve", key="loss"):
    with session.start_run(name=name) as run:
        for step, value in enumerate(values):
            run.log_metric(key, value, step=step)
    return run.info.run_id


def test_the_first_ten_runs_are_drawn(page):
    """Where none is ticked: those of the table, in its order, each with a look of its own."""
    answer = page.ask("charts")

    assert [run["label"] for run in answer["runs"]] == [f"run {n}" for n in range(11, 1, -1)]
    assert [run["colour"] for run in answer["runs"]] == list(PALETTE)


def test_ticked_runs_are_drawn(page):
    """In the order of the ticks and in the colours that the view gave them."""
    ids = ids_of(page)
    ticked = [ids["run 3"], ids["run 0"]]
    answer = page.ask("charts", runs=ticked, places={ids["run 0"]: 7})

    assert [(run["label"], run["place"]) for run in answer["runs"]] == [("run 3", 0), ("run 0", 7)]
    assert set(column(chart_of(answer, "loss"), "id")) == set(ticked)


def test_where_nobody_chose_the_best_are_drawn(session, page):
    """Of many runs, children too, the ten best by the metric that matters; and who trains now."""
    with session.start_run(name="sweep"):
        for n in range(20, 24):
            with session.start_run(name=f"run {n}", nested=True) as run:
                run.log_metric("f1", n)
    session.start_run(name="training")
    answer = page.ask("charts")

    best = {f"run {n}" for n in (20, 21, 22, 23, 11, 10, 9, 8, 7)}
    assert {run["label"] for run in answer["runs"]} == {"training", *best}
    assert "best by f1" in answer["note"]


def test_runs_keep_their_places():
    """As in the page: others take the lowest that are free."""
    assert places_after({"a": 1, "gone": 0}, ["b", "a", "c"]) == {"b": 0, "a": 1, "c": 2}


def test_new_runs_leave_the_others_their_colours(session, page):
    """Also while the page cannot ask: who comes takes the place of who leaves."""
    page.show(sort=[["start_time", True]])
    before = {run["label"]: run["place"] for run in page.ask("charts")["runs"]}
    for n in (12, 13):
        log(session, [1, 2], name=f"run {n}")
        page.panel.refresh()
    after = {run["label"]: run["place"] for run in page.pushes("charts")[-1]["runs"]}

    stayed = before.keys() & after.keys()
    assert len(stayed) == 8
    assert all(before[label] == after[label] for label in stayed)
    assert (after["run 12"], after["run 13"]) == (before["run 2"], before["run 3"])


def test_curves_come_first(page):
    """And below them, as bars, the metrics with one value a run; what is chosen stands alone."""
    answer = page.ask("charts")
    assert [chart["key"] for chart in answer["charts"]] == ["loss", "f1"]
    assert [chart["kind"] for chart in answer["charts"]] == ["lines", "bars"]
    assert answer["metrics"] == [{"key": "f1", "curve": False}, {"key": "loss", "curve": True}]

    chosen = page.ask("charts", layout={"shown": ["f1", "none"]})
    assert [chart["kind"] for chart in chosen["charts"]] == ["bars", "none"]
    assert column(chart_of(chosen, "f1"), "value")[0] == pytest.approx(11 / 12)


def test_charts_stand_as_the_columns_of_the_table_do(session):
    """The first metric of a cell is the one that it is about."""
    for n in range(2):
        with session.start_run(name=f"ridge {n}") as run:
            run.log_metric("rmse", 60 - n)
            run.log_metric("r2", n / 3)
    page = runs_page(session.store)
    columns = [each["label"] for each in page.show()["columns"] if each["group"] == "Metrics"]

    assert [chart["key"] for chart in page.ask("charts")["charts"]] == columns == ["rmse", "r2"]


def test_there_are_words_where_there_is_little_to_see(session):
    """No runs, no metrics, no curves: each says so."""
    page = runs_page(session.store)
    page.show()
    assert "no runs" in page.ask("charts")["words"]
    session.start_run(name="bare").end()
    assert "no metric" in page.ask("charts")["words"]
    log(session, [0.5])
    answer = page.ask("charts")
    assert "No metric of these runs has more than one point yet" in answer["words"]
    assert chart_of(answer, "loss")["kind"] == "bars"


def test_a_zoom_has_finer_buckets(session):
    """A stretch of a long curve comes in as many points as the whole."""
    log(session, [math.sin(step / 50) for step in range(STEPS)])
    page = runs_page(session.store)
    whole = chart_of(page.ask("charts"), "loss")
    part = chart_of(page.ask("charts", zoom=[199, 100]), "loss")

    assert len(column(whole, "x")) == 300
    assert column(part, "x") == list(range(100, 200))


def test_a_spec_depends_on_no_value(session):
    """While a cell trains, other rows come with the same form, so the page keeps its chart."""
    with session.start_run(name="live") as run:
        for step in range(2):
            run.log_metric("loss", 1.0, step=step)
        page = runs_page(session.store)
        page.show()
        before = chart_of(page.ask("charts"), "loss")
        run.log_metric("loss", -7.0, step=2)
        page.panel.refresh()
    pushed = chart_of(page.pushes("charts")[-1], "loss")

    assert column(pushed, "y") == [1.0, 1.0, -7.0]
    assert pushed["form"] == before["form"]
    assert "spec" not in pushed


def test_only_who_looks_at_curves_hears_of_points(page):
    """After the view turned to something else nothing is read for it."""
    page.ask("charts")
    page.ask("charts_off")
    page.panel.refresh()

    assert page.pushes("charts") == []


def test_smoothing_and_log_scale(session):
    """The raw line stays beside the smooth one; what a log scale cannot show is counted."""
    log(session, [1.0, 3.0, 0.0, math.nan])
    page = runs_page(session.store)
    chart = chart_of(page.ask("charts", layout={"smoothing": 0.5, "log": True}), "loss")

    assert column(chart, "raw") == [1.0, 3.0, None, None]
    assert column(chart, "y")[1] == pytest.approx(7 / 3)
    assert chart["note"].startswith("1 not above 0")
    assert "1 NaN or infinite" in chart["note"]


def test_a_run_is_called_the_same_in_every_chart(session):
    """Of two runs of one name both carry their id, also where one is alone in a chart."""
    log(session, [1, 2], name="twin")
    log(session, [1, 2], name="twin", key="accuracy")
    page = runs_page(session.store)
    answer = page.ask("charts")
    labels = {run["id"]: run["label"] for run in answer["runs"]}

    for chart in answer["charts"]:
        assert {labels[i] for i in column(chart, "id")} == set(column(chart, "run"))
    assert len(set(labels.values())) == 2


def test_a_scatter_chooses_what_tells_runs_apart(page):
    """A param that differs against a metric; what is chosen by hand stays."""
    assert page.ask("scatter")["chosen"]["x"] == "params.lr"
    answer = page.ask("scatter", x="params.kind", y="duration", colour="")

    assert answer["chosen"] == {"x": "params.kind", "y": "duration", "colour": ""}
    assert set(column(answer, "x")) == {"SVC", "forest"}


def test_a_brush_over_a_scatter(page):
    """The runs inside, ends included; `panel.value` has the ranges by column."""
    ranges = {"params.kind": ["SVC"], "metrics.f1": [0.75, 0.25]}
    answer = page.ask("brush", ranges=ranges)
    ids = ids_of(page)

    assert sorted(answer["ids"]) == sorted(ids[f"run {n}"] for n in (3, 5, 7, 9))
    assert page.panel.value == {"params.kind": ["SVC"], "metrics.f1": [0.25, 0.75]}
    page.ask("brush")
    assert page.panel.value == {}


def test_a_brush_over_parallel_axes(page):
    """Heights become values of each axis that it crosses, on a log scale too; all must hold."""
    axes = ["params.lr", "params.kind", "metrics.f1"]
    answer = page.ask("brush", axes=axes, x=[-0.1, 1.2], y=[0.45, 1.04])
    ids = ids_of(page)

    assert page.panel.value["params.kind"] == ["SVC"]
    assert page.panel.value["params.lr"] == pytest.approx([10**-6.05, 1])
    assert sorted(answer["ids"]) == sorted(ids[f"run {n}"] for n in (1, 3, 5))


def test_parallel_axes_begin_with_what_differs(page):
    """The constant param is not among them."""
    chosen = page.ask("parallel")["chosen"]["axes"]

    assert sorted(chosen) == ["metrics.f1", "metrics.loss", "params.kind", "params.lr"]


def test_importance_says_what_it_rests_on(page):
    """n and the method come with the bars."""
    answer = page.ask("importance", metric="metrics.f1")

    assert answer["n"] == 12
    assert "Spearman" in answer["method"]
    assert column(answer, "param")[0] == "lr (n=12)"


def test_importance_is_of_what_varies_within_a_kind(session):
    """A param that each kind has another value of says which kind it is; few runs say nothing."""
    for n in range(16):
        kind = "SVC" if n % 2 else "forest"
        with session.start_run(name=f"run {n}", tags={"estimator_class": kind}) as run:
            run.log_params({"C": n // 2, "tol": kind, **({"depth": n} if n < 6 else {})})
            run.log_metric("f1", n / 16)
    page = runs_page(session.store)

    assert set(column(page.ask("importance", metric="metrics.f1"), "param")) == {"C (n=16)"}
    page.show(filter="metrics.f1 < 0.4")
    assert "8 or more" in page.send("importance", metric="metrics.f1")["error"]


def test_bars_begin_with_the_best(page):
    """It has a star; of a loss it is the lowest."""
    answer = page.ask("charts", layout={"shown": ["f1"]})
    rows = chart_of(answer, "f1")

    best = column(rows, "place").index(0)
    assert column(rows, "run")[best] == "run 11"
    assert column(rows, "text")[best].startswith("★")


def test_the_filter_of_the_view_counts(page):
    """All charts are about the runs that the table shows."""
    page.show(filter="params.kind = 'SVC'")

    assert len(page.ask("charts")["runs"]) == 6
    assert page.ask("scatter")["rows"]["length"] == 6


def test_more_runs_than_looks(session):
    """The first fifty of those that are ticked, and a word about it."""
    ids = [log(session, [n, n + 1], name=f"run {n}") for n in range(MOST_RUNS + 2)]
    answer = runs_page(session.store).ask("charts", runs=ids)

    assert len(answer["runs"]) == MOST_RUNS
    assert "first 50" in answer["note"]


WRONG = [
    ("charts", {"layout": {"x": "age"}}, "one of step"),
    ("charts", {"zoom": [1]}, "two numbers"),
    ("charts", {"zoom": [1, "Infinity"]}, "a number"),
    ("charts", {"runs": "all"}, "list"),
    ("charts", {"layout": {"smoothing": "much"}}, "a number"),
    ("charts", {"layout": {"shown": "all"}}, "list of metrics"),
    ("charts_layout", {"layout": {}, "experiment": "99"}, "99"),
    ("charts", {"places": [1]}, "numbers by run"),
    ("scatter", {"x": "tags.x"}, "a param or a metric"),
    ("scatter", {"y": "x'; drop table"}, "No column"),
    ("parallel", {"axes": ["params.lr"]}, "two columns or more"),
    ("parallel", {"axes": ["params.lr", "params.none"]}, "leave this axis out"),
    ("importance", {"metric": "metrics.none"}, "0 runs have this metric"),
    ("brush", {"ranges": {"params.lr": 3}}, "a list"),
    ("brush", {"axes": ["params.lr", "params.kind"], "x": [0, 1]}, "x and y"),
]


def test_wrong_questions(page):
    """Each answer is an error with the cure, and the panel goes on."""
    for do, arguments, cure in WRONG:
        assert cure in page.send(do, **arguments)["error"], (do, arguments)
    assert page.ask("charts")["charts"]


def test_a_chart_for_python(page):
    """`panel.chart` gives an Altair chart that has its data in it."""
    assert page.panel.chart("loss").to_dict()["datasets"]["rows"]
    assert "bar" in page.panel.chart("f1").to_json()
    with pytest.raises(NotFound, match="'lost'"):
        page.panel.chart("lost")


def test_a_chart_for_python_shows_itself_without_a_network(page):
    """As a picture, also after it was changed: Altair's renderers fetch Vega from afar."""
    chart = page.panel.chart("loss")

    for each in (chart, chart.properties(title="mine")):
        shown = each._repr_mimebundle_()
        assert set(shown) == {"image/svg+xml", "image/png", "application/pdf", "text/plain"}


def test_axes_come_from_the_runs_that_are_drawn(session):
    """A best child is not drawn, so what only children differ in is no axis; a param that nobody
    set is none either, even if it differs."""
    for n in range(3):
        tags = {BEST_OF_TAG: "x" * 32} if n == 2 else {}
        origins = {"params": {"default": ["cache_size"]}}
        with session.start_run(
            name=f"run {n}", tags={ORIGINS_TAG: json.dumps(origins), **tags}
        ) as run:
            run.log_params({"depth": n, "shared": n // 2, "cache_size": n})
            run.log_metric("f1", n)
    page = runs_page(session.store)
    page.show()

    assert page.ask("parallel")["chosen"]["axes"] == ["params.depth", "metrics.f1"]
    assert page.ask("scatter")["chosen"] == {"x": "params.depth", "y": "metrics.f1", "colour": ""}
