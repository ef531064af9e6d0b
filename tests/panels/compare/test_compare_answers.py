"""What the page of a comparison asks, without a browser: `ComparePanel` and the Compare tab."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.journal.lines import cell_line, now_us
from nbtrack.panels.compare.panel import ComparePanel
from nbtrack.panels.compare.view import CompareView
from nbtrack.recording.session import current_session
from tests.support.naming import naming
from tests.support.panel_page import Page, runs_page

# A picture of one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcff"
    "9fa11e00077d027e5d5ee2b90000000049454e44ae426082"
)


pytestmark = pytest.mark.usefixtures("project")


def run_with(name, *, params=None, picture=None):
    with nbtrack.start_run(run_name=name) as run:
        nbtrack.log_params(params or {})
        if picture:
            run.log_bytes(PNG, picture)
    return run.info.run_id


@pytest.fixture
def ids():
    return [run_with("a", params={"lr": 1}), run_with("b", params={"lr": 2})]


@pytest.fixture
def page(ids):
    store = current_session().store
    return Page(ComparePanel(store, CompareView(store, ids, baseline=None)))


def test_a_page_begins_with_runs_and_baseline(page, ids):
    """And hears of each line what it is to draw."""
    assert page.ask("start") == {"runs": ids, "baseline": ids[0]}

    found = page.ask("compare", runs=ids)
    (params,) = [each for each in found["sections"] if each["name"] == "params"]
    assert params["lines"][0]["values"] == [["1", "", "", False], ["2", "", "", True]]
    assert [head["label"] for head in found["runs"]] == ["a", "b"]


def test_nothing_new_is_not_told_twice(page, ids):
    """With the stamp of the last answer, until one of the runs changes."""
    stamp = page.ask("compare", runs=ids)["stamp"]
    assert page.ask("compare", runs=ids, stamp=stamp) == {"stamp": stamp}

    nbtrack.MlflowClient().set_tag(ids[0], "seen", "yes")
    assert "sections" in page.ask("compare", runs=ids, stamp=stamp)


def test_another_baseline_counts_for_python(page, ids):
    """As it was chosen on the page."""
    page.ask("compare", runs=ids, baseline=ids[1])

    assert page.panel.baseline == ids[1]


def test_the_panel_compares_its_own_runs(page, ids):
    """Whatever a page says that they are."""
    found = page.ask("compare", runs=[run_with("other"), ids[0]])

    assert [head["run_id"] for head in found["runs"]] == ids


def test_a_change_is_pushed_once(page, ids):
    """To a comparison that is open; other runs are no news to it."""
    page.ask("compare", runs=ids)
    page.panel.refresh()
    run_with("other")
    page.panel.refresh()
    assert page.pushes("comparison") == []

    nbtrack.MlflowClient().log_metric(ids[1], "f1", 0.5)
    page.panel.refresh()
    page.panel.refresh()
    assert len(page.pushes("comparison")) == 1


def test_the_tab_asks_for_what_is_ticked(ids):
    """The runs panel answers with the same functions."""
    page = runs_page(current_session().store)

    assert page.ask("compare", runs=ids)["baseline"] == 0
    assert page.ask("compare", runs=ids, baseline=ids[1])["baseline"] == 1


WRONG = [
    ("compare", {"runs": ["nowhere", "else"]}, "'nowhere'"),
    ("compare", {"runs": []}, "0 runs to compare"),
    ("compare", {"runs": "all"}, "'all'"),
    ("compare", {"runs": [1, 2]}, "runs is 1"),
    ("compare", {"runs": [f"x{n}" for n in range(500)]}, "500 runs to compare"),
    ("compare_causes", {"before": "nowhere", "after": "else"}, "'nowhere'"),
    ("compare_causes", {"before": None, "after": 1}, "before is None"),
    ("compare_files", {"runs": {}}, "runs is {}"),
    ("compare_file", {"path": "", "before": "x", "after": "y"}, "'x'"),
]


def test_wrong_questions_are_answered_with_the_value():
    """A page is not trusted to ask what ours would ask."""
    page = runs_page(current_session().store)
    for do, arguments, words in WRONG:
        with naming((do, arguments)):
            answer = page.send(do, **arguments)

            assert words in answer["error"]


def test_causes_come_in_order(ids):
    """The likeliest first, a changed text line by line; what was not captured is said."""
    page = runs_page(current_session().store)
    for run_id, source in zip(ids, ("x = 1\ny = 2", "x = 1\ny = 3\nz = 4")):
        give_source(run_id, source)
    found = page.ask("compare_causes", before=ids[0], after=ids[1])

    assert [cause["part"] for cause in found["causes"]] == ["source", "params"]
    (source,) = found["causes"][0]["changes"]
    assert source["note"] == "1 line changed, 1 added"
    assert source["lines"] == [
        ["=", "x = 1", "x = 1"],
        ["~", "y = 2", "y = 3"],
        ["+", None, "z = 4"],
    ]
    assert found["causes"][1]["changes"][0]["after"] == "2"
    assert any("Packages" in gap and "not captured in either run" in gap for gap in found["gaps"])


def test_a_run_is_not_explained_by_itself(ids):
    page = runs_page(current_session().store)

    assert "give two runs" in page.send("compare_causes", before=ids[0], after=ids[0])["error"]


def give_source(run_id, source):
    current_session().store.append(cell_line(run_id, t=now_us(), source=source, attempt=1))


def test_pictures_of_several_runs():
    """Those that at least two of them have under one path."""
    ids = [
        run_with("a", picture="plots/x.png"),
        run_with("b", picture="plots/x.png"),
        run_with("c", picture="alone.png"),
    ]
    page = runs_page(current_session().store)

    (found,) = page.ask("compare_files", runs=ids)
    assert found == {"path": "plots/x.png", "kind": "picture", "runs": ids[:2], "isSame": True}
    assert page.ask("artifact_preview", run=ids[0], path="plots/x.png")["kind"] == "image"


def test_the_static_twin_says_the_same(page):
    """What stands there before the widget, and after it: the table, and its text."""
    (bundle,) = page.panel.static_bundles()

    assert "2 runs compared" in bundle["text/plain"]
    assert bundle["text/html"].startswith("<div")
    assert page.panel.df.loc[("params", "lr"), "b"] == "2"
