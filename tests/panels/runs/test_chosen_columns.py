"""Which columns a user wants: `nbtrack.columns`, the Columns menu, and what an experiment keeps."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.lookup.column_choice import COLUMNS_TAG, ColumnChoice, choice_of, choice_text
from nbtrack.panels.runs.table import run_table_text
from tests.support.panel_page import runs_page


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    """Of two runs; its id."""
    monkeypatch.chdir(tmp_path)
    nbtrack.set_tracking_uri(str(tmp_path / "project"))
    made = nbtrack.set_experiment("churn")
    for n in range(2):
        with nbtrack.start_run():
            nbtrack.log_params({"lr": n, "depth": n, "same": 1})
            nbtrack.log_metrics({"accuracy": n, "loss": n, "lr_used": n})
            nbtrack.set_tag("team", "red")
    yield made.experiment_id
    nbtrack.set_tracking_uri(None)


def page_of(experiment):
    return runs_page(nbtrack.runs()._store, experiment_ids=(experiment,))


def ids(shown):
    return [column["id"] for column in shown["columns"]]


@pytest.mark.parametrize(
    "choice",
    [
        ColumnChoice(),
        ColumnChoice(pinned=("metrics.a", "params.b c")),
        ColumnChoice(shown=("params.b",)),
        ColumnChoice(shown=()),
        ColumnChoice(pinned=("metrics.a",), shown=("run_name", "metrics.a")),
    ],
)
def test_a_choice_comes_back_from_its_tag(choice):
    assert choice_of({COLUMNS_TAG: choice_text(choice)}) == choice


def test_named_columns_come_first(experiment):
    """In that order, whatever their kinds; in the table on paper too, where all are alike."""
    nbtrack.columns("same", "loss", "duration")

    assert ids(page_of(experiment).show())[:6] == [
        *("run_name", "status", "start_time", "params.same", "metrics.loss", "duration")
    ]
    assert "same" in run_table_text(nbtrack.runs().table).splitlines()[1]
    nbtrack.columns()
    assert ids(page_of(experiment).show())[3] == "metrics.accuracy"


def test_a_name_is_a_metric_else_a_param_else_a_fact(experiment):
    expected = {
        "accuracy": "metrics.accuracy",
        "lr": "params.lr",
        "params.lr": "params.lr",
        "team": "tags.team",
        "started": "start_time",
        "run_id": "run_id",
    }
    for name, column in expected.items():
        nbtrack.columns(name)
        assert nbtrack.get_experiment(experiment).tags[COLUMNS_TAG] == column, name


def test_a_wrong_name_proposes_the_nearest(experiment):
    with pytest.raises(
        InvalidValue, match=r"'acuracy' in the runs of churn\. Did you mean 'accura"
    ):
        nbtrack.columns("acuracy")

    assert COLUMNS_TAG not in nbtrack.get_experiment(experiment).tags


@pytest.mark.usefixtures("experiment")
def test_a_name_in_an_experiment_without_runs():
    """Says so; to forget is no mistake."""
    nbtrack.set_experiment("not yet")
    nbtrack.columns()

    with pytest.raises(InvalidValue, match="they have none yet"):
        nbtrack.columns("accuracy")


def test_what_the_page_chose_is_remembered(experiment):
    """By the next panel, and by the table on paper."""
    chosen = ["run_name", "params.same", "metrics.loss"]
    asked = {"experiments": [experiment], "columns": chosen, "pinned": ["metrics.loss"]}
    page_of(experiment).ask("columns", **asked)
    later = page_of(experiment).show()

    assert (ids(later), later["chosen"], later["pinned"]) == (chosen, chosen, ["metrics.loss"])
    head = run_table_text(nbtrack.runs().table).splitlines()[1].split()
    assert ("same" in head, "loss" in head, "depth" in head) == (True, True, False)


def test_named_columns_leave_what_was_chosen(experiment):
    """They come in front of it; without a name all of it is forgotten."""
    page_of(experiment).ask("columns", experiments=[experiment], columns=["params.lr", "status"])
    nbtrack.columns("lr", "loss")

    assert choice(experiment) == ColumnChoice(
        pinned=("params.lr", "metrics.loss"), shown=("params.lr", "metrics.loss", "status")
    )
    nbtrack.columns()
    assert choice(experiment) == ColumnChoice()


def test_all_experiments_together_keep_a_choice_of_their_own(experiment):
    """What each of them chose stays beside it."""
    page = page_of(experiment)
    page.ask("columns", experiments=[experiment], columns=["params.lr"])
    chosen = ["run_name", "metrics.loss", "params.same"]
    page.ask("columns", experiments=None, columns=chosen, pinned=["metrics.loss"])

    later = page_of(experiment)
    assert ids(later.show()) == ["run_name", "params.lr"]
    turned = later.show(experiments=None)
    assert (ids(turned), turned["pinned"]) == (chosen, ["metrics.loss"])
    assert nbtrack.runs(experiment="all").table.choice.shown == tuple(chosen)
    page.ask("columns", experiments=None, columns=None, pinned=[])
    assert ids(later.show(experiments=[experiment])) == ["run_name", "params.lr"]
    assert nbtrack.runs(experiment="all").table.choice == ColumnChoice()


def test_what_is_not_sent_stays_in_each_experiment(experiment):
    """Those that are shown together may have chosen different things."""
    other = nbtrack.create_experiment("other")
    page = page_of(experiment)
    page.ask("columns", experiments=[experiment], columns=["params.lr"], pinned=["params.lr"])
    page.ask("columns", experiments=[other], pinned=["metrics.loss"])

    page.ask("columns", experiments=[experiment, other], pin="params.same")
    assert choice(experiment) == ColumnChoice(
        pinned=("params.lr", "params.same"), shown=("params.same", "params.lr")
    )
    assert choice(other) == ColumnChoice(pinned=("metrics.loss", "params.same"))

    page.ask("columns", experiments=[experiment, other], unpin="metrics.loss")
    page.ask("columns", experiments=[experiment, other], columns=None)
    assert choice(experiment) == ColumnChoice(pinned=("params.lr", "params.same"))
    assert choice(other) == ColumnChoice(pinned=("params.same",))


def choice(experiment):
    return choice_of(nbtrack.get_experiment(experiment).tags)


def test_another_experiment_is_as_it_was_left(experiment):
    """Its own columns, and back again."""
    other = nbtrack.create_experiment("other")
    page = page_of(experiment)
    page.ask("columns", experiments=[experiment], columns=["params.lr"], pinned=[])
    page.show(columns=["params.lr"])

    assert page.show(experiments=[other], columns=["params.lr"])["chosen"] is None
    assert page.show(experiments=[experiment], columns=None)["chosen"] == ["params.lr"]


def test_parts_of_the_menu(experiment):
    keys = page_of(experiment).show()["keys"]

    assert {each["part"] for each in keys["metrics"]} == {"mine"}
    assert [each["part"] for each in keys["tags"] if each["key"] == "team"] == ["tags"]
