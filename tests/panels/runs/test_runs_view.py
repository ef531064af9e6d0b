"""`nbtrack.runs()` and the table behind it, without a kernel."""

from __future__ import annotations

import time

import pytest

from nbtrack.errors import InvalidFilter, InvalidValue, NotFound
from nbtrack.journal.lines import now_us, param_line, run_line
from nbtrack.lookup.find_run import find_run
from nbtrack.lookup.metric_direction import direction_tags, directions
from nbtrack.lookup.runs_line import parse_runs_line
from nbtrack.panels.runs.content import table_content
from nbtrack.panels.runs.reading import run_table_of
from nbtrack.panels.runs.showing import runs
from nbtrack.panels.runs.view import RunsView
from nbtrack.recording.session import Session, current_session
from nbtrack.records.origins import ORIGINS_TAG, Origin, Origins, origins_text
from nbtrack.records.runs import Experiment
from nbtrack.records.tags import NOTE_TAG
from tests.support.filled_project import fill_project
from tests.support.naming import naming


def three_runs():
    for name, f1, loss in (("a", 0.5, 0.3), ("b", 0.9, 0.1), ("c", 0.7, None)):
        run = current_session().start_run(name=name)
        run.log_params({"model": name})
        run.log_metrics({"f1": f1} if loss is None else {"f1": f1, "loss": loss})
        run.end()


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    made = Session()
    fill_project(tmp_path / "project", three_runs)
    yield made
    made.close()


def table(session, **options):
    given = {"experiment_ids": None, "filter_string": None, "sort": None, "top": None, **options}
    return run_table_of(session.store, **given)


def names(found):
    return "".join(row.name for row in found.rows)


ORDERS = [
    (None, "cba"),
    ("f1", "bca"),
    ("f1 asc", "acb"),
    ("metrics.f1", "bca"),
    ("loss", "bac"),
    ("loss desc", "abc"),
    ("params.model", "cba"),
    ("model asc", "abc"),
    ("start_time asc", "abc"),
]


def test_the_order(session):
    """The better end of a metric first, the larger of others; a word turns it; missing last."""
    for sort, order in ORDERS:
        with naming(sort):
            assert names(table(session, sort=sort)) == order


def test_the_best_run(session):
    """By the metric of the order, else one of a known side; not only among those shown."""
    best = [
        [row.name for row in table(session, sort=sort).rows if row.is_best]
        for sort in ("f1", "loss", None)
    ]

    assert best == [["b"], ["b"], ["b"]]
    assert not any(row.is_best for row in table(session, top=1).rows)


def test_the_first_few(session):
    """The table says how many there are."""
    found = table(session, top=2)

    assert (names(found), found.total) == ("cb", 3)
    assert table(session, top=3).total is None


def test_a_filter(session):
    """Counts and order are of the runs that match."""
    found = table(session, filter_string="metrics.f1 > 0.6", sort="loss", top=1)

    assert (names(found), found.total, found.filter_text) == ("b", 2, "metrics.f1 > 0.6")


def test_as_data(session):
    """`.df` holds the same runs in the same order."""
    view = RunsView(session.store, None, filter_string=None, sort="f1", top=2)

    assert view.df["metrics.f1"].tolist() == [0.9, 0.7]
    assert (len(view), "★ best" in view._repr_html_(), "b" in repr(view)) == (2, True, True)


WRONG = [
    ({"sort": "nowhere"}, InvalidValue),
    ({"top": 0}, InvalidValue),
    ({"filter_string": "metrics.f1 >"}, InvalidFilter),
]


def test_wrong_questions(session):
    """Refused with an error that names the value."""
    for options, error in WRONG:
        with naming(options), pytest.raises(error, match=r"nowhere|0|f1"):
            table(session, **options)


def test_finding_a_run(session):
    """By id, by its beginning, by name; not by a wildcard."""
    run = find_run(session.store, "b")

    assert find_run(session.store, run.info.run_id[:6]).info.run_id == run.info.run_id
    for wrong in ("%", "____", "no'thing\""):
        with pytest.raises(NotFound):
            find_run(session.store, wrong)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", {"filter_string": None}),
        ("metrics.a > 1 --top 3", {"filter_string": "metrics.a > 1", "top": 3}),
        ("--sort a metrics.a > 1", {"filter_string": "metrics.a > 1", "sort": "a"}),
        ('--sort="f1 asc"', {"filter_string": None, "sort": "f1 asc"}),
        ("tags.a = '--top 3'", {"filter_string": "tags.a = '--top 3'"}),
        ('"metrics.a > 1"', {"filter_string": "metrics.a > 1"}),
        ('"grid search" --top 3', {"filter_string": '"grid search"', "top": 3}),
        ("'f1 is null'", {"filter_string": "f1 is null"}),
        ("""'params.b = "x"' --top 3""", {"filter_string": 'params.b = "x"', "top": 3}),
        ('params.a = "x"', {"filter_string": 'params.a = "x"'}),
        ("metrics.a > -inf", {"filter_string": "metrics.a > -inf"}),
        ("--all", {"filter_string": None, "experiment": "all"}),
        ("-e churn", {"filter_string": None, "experiment": ["churn"]}),
        ("-e all", {"filter_string": None, "experiment": ["all"]}),
        (
            '-e "my churn" --experiment=b metrics.a > 1',
            {"filter_string": "metrics.a > 1", "experiment": ["my churn", "b"]},
        ),
    ],
)
def test_the_runs_line(line, expected):
    """Flags may stand before or behind the filter; inside quotes they are text."""
    assert parse_runs_line(line) == expected


def test_all_experiments_and_one_of_them():
    """Contradict each other."""
    with pytest.raises(InvalidValue, match="name none beside it"):
        parse_runs_line("--all -e churn")


def logged(session, name, metrics, *, status="FINISHED", parent=None):
    time.sleep(0.002)  # so that it did not begin in the same millisecond as the one before
    run = session.start_run(name=name, parent_run_id=parent)
    run.log_metrics(metrics)
    run.end(status)
    return run


def best_of(found):
    return [row.name for row in found.rows if row.is_best], found.best_by


def test_families_are_flat_in_an_order(session):
    """With --sort the column is in order, also where children have their parent in the table."""
    parent = logged(session, "p", {"f1": 0.6})
    logged(session, "k", {"f1": 0.95}, parent=parent.run_id)

    shown = table_content(table(session, sort="f1")).rows

    assert "".join(str(row.name) for row, _ in shown) == "kbcpa"


def test_the_best_is_by_what_most_runs_have(session):
    """Not by the first metric of a known side, which only one run may have."""
    logged(session, "x", {"auc": 0.99, "n": 1})
    logged(session, "y", {"rmse": 0.2, "n": 1})
    logged(session, "z", {"rmse": 0.1, "n": 1})

    assert best_of(table(session, filter_string="metrics.n = 1")) == (["z"], "rmse")


def test_of_metrics_as_common_the_first_logged_counts(session):
    """Every run has both: the order in which they were logged decides; a loss is but a means."""
    for name, f1 in (("x", 0.2), ("y", 0.3)):
        run = session.start_run(name=name)
        run.log_metric("loss", f1)
        run.log_metric("rmse", 1 - f1)
        run.log_metric("auc", 0.9 - f1)
        run.end()

    found = table(session, filter_string="metrics.auc > 0")

    assert best_of(found) == (["y"], "rmse")


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
@pytest.mark.parametrize("top", [None, 3])
def test_a_run_that_broke_off_is_never_the_best(session, status, top):
    """Whatever it reached; also where the page is cut and the store is asked."""
    logged(session, "broken", {"f1": 0.999, "loss": 0.001}, status=status)

    assert best_of(table(session, sort="f1", top=top)) == (["b"], "f1")


@pytest.mark.parametrize("top", [None, 1])
def test_one_candidate_is_no_best(session, top):
    """There is nothing that it is better than."""
    logged(session, "only", {"auc": 0.9})
    logged(session, "broken", {"auc": 0.8}, status="FAILED")

    assert best_of(table(session, sort="auc", top=top)) == ([], None)


def test_columns_keep_their_order(session):
    """As they were logged, whatever the order of the runs; first what these are sorted by."""
    for name, keys in (("x", ("zeta", "beta")), ("y", ("alpha", "zeta"))):
        run = logged(session, name, {"s": 1.0, "r": 2.0})
        for key in keys:
            run.log_param(key, name)

    sorts = (None, "f1", "r asc", "start_time asc")
    found = [table(session, sort=sort) for sort in sorts]

    assert {tuple(each.param_keys) for each in found} == {("model", "zeta", "beta", "alpha")}
    plain = ["f1", "loss", "r", "s"]
    assert [each.metric_keys for each in found] == [
        plain, plain, ["r", "f1", "loss", "s"], plain,
    ]  # fmt: skip


def test_a_status_in_small_letters(session):
    """As the table prints it."""
    assert names(table(session, filter_string="status = 'finished'")) == "cba"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("f1 > 0.6", "cb"), ("model = a", "a"), ("`loss` < 1 status = finished", "ba"), ("b", "b")],
)
def test_a_typed_filter(session, text, shown):
    """Table and frame take what people type; the caption shows it as they typed it."""
    view = RunsView(session.store, None, filter_string=text, sort=None, top=None)

    assert (names(view.table), "".join(view.df["tags.mlflow.runName"])) == (shown, shown)
    assert f"where {text}" in repr(view)


def test_a_key_that_no_run_has_is_named_where_nothing_matches(session):
    """A filter with prefixes is the store's, and right; but it is told what there is instead."""
    nothing = repr(RunsView(session.store, None, filter_string="metrics.f2 > 0", sort=None, top=9))

    assert "match metrics.f2 > 0. No run has metrics.f2. Did you mean metrics.f1?" in nothing


def test_words_are_looked_for_in_what_stands(session):
    """Names, params, tags, notes in any case; no tags of the machinery, nor what was replaced."""
    run = logged(session, "Calm-Otter", {"f1": 1.0})
    run.log_param("kernel", "RBF")
    run.set_tags({"team": "red", NOTE_TAG: "a first try", "nbtrack.x": "hidden"})
    session.store.fold()
    run.set_tag("team", "blue")

    found = {
        word: names(table(session, filter_string=word))
        for word in ("otter", "rbf", "BLUE first", '"first try"', "red", "hidden", "otter c")
    }

    assert found == {
        "otter": "Calm-Otter", "rbf": "Calm-Otter", "BLUE first": "Calm-Otter",
        '"first try"': "Calm-Otter", "red": "", "hidden": "", "otter c": "Calm-Otter",
    }  # fmt: skip


def test_words_are_looked_for_letter_by_letter(session):
    """What SQL takes for a wildcard is a character in them."""
    for name in ("at_50%", "at 505", "a^b"):
        logged(session, name, {})

    found = {
        word: names(table(session, filter_string=word)) for word in ("at_5", "50%", "a^b", "_", "%")
    }

    assert found == {"at_5": "at_50%", "50%": "at_50%", "a^b": "a^b", "_": "at_50%", "%": "at_50%"}


def moved_family(session):
    """A cell of two fits: what it recorded of the first is now of a child."""
    with session.start_run(name="cell") as cell:
        cell.log_params({"C": "0.3", "kernel": "rbf"})
        cell.log_metric("score", 0.95)
        moved = Origins(params={"C": Origin.MOVED}, metrics={"score": Origin.MOVED})
        cell.set_tag(ORIGINS_TAG, origins_text(moved))
        with session.start_run(name="fit", nested=True) as fit:
            fit.log_params({"C": "0.3"})
            fit.log_metric("score", 0.95)


FILTERS_OF_A_FAMILY = [
    ("params.C = 0.3", {"fit"}),
    ("C = 0.3 and kernel = rbf", set()),
    ("score > 0.9", {"fit"}),
    ("metrics.score > 0.9 or kernel = rbf", {"cell", "fit"}),
    ("not (metrics.score > 0.9) and kernel = rbf", {"cell"}),
    ("metrics.score is null and params.kernel is not null", {"cell"}),
]


def test_a_filter_sees_what_the_table_shows(session):
    """Not on the parent what moved to its child; as typed, and as the store's grammar has it."""
    moved_family(session)
    for text, shown in FILTERS_OF_A_FAMILY:
        with naming(text):
            view = RunsView(session.store, None, filter_string=text, sort=None, top=None)

            assert {row.name for row in view.table.rows} == shown
            assert set(view.df.get("tags.mlflow.runName", [])) == shown


def test_a_param_logged_by_hand_hides_what_was_read_off_the_source(session):
    """Whichever came later."""
    run = logged(session, "x", {})
    for value, is_explicit in (("typed", True), ("guessed", False)):
        line = param_line(run.run_id, "kernel", value, t=now_us(), is_inferred=not is_explicit)
        session.store.append(line)

    assert names(table(session, filter_string="typed")) == "x"
    assert names(table(session, filter_string="guessed")) == ""


def test_deleted_runs_are_found_by_their_stage(session):
    """Beside what else the filter says; else they stay out of sight."""
    gone = find_run(session.store, "b").info.run_id
    session.store.append(run_line(gone, t=now_us(), lifecycle_stage="deleted"))

    found = [
        names(table(session, filter_string=text))
        for text in ("lifecycle_stage = 'deleted'", "lifecycle_stage = deleted f1 < 0.8", "b", "")
    ]

    assert found == ["b", "", "", "ca"]


@pytest.fixture
def two(session, monkeypatch):
    """The session, with experiment churn beside Default, as the one that `runs()` asks."""
    monkeypatch.setattr("nbtrack.recording.session._current", session)
    session.set_experiment("churn")
    logged(session, "d", {"f1": 0.6})
    return session


@pytest.mark.parametrize(
    ("experiment", "shown"),
    [
        (None, "d"),
        ("Default", "cba"),
        (["churn", "Default"], "dcba"),
        ("all", "dcba"),
    ],
)
def test_runs_of_another_experiment(two, experiment, shown):
    """By name, several by a list of names, all by a word."""
    view = runs(experiment=experiment)

    assert names(view.table) == shown
    assert view.df["run_id"].tolist() == [row.run_id for row in view.table.rows]
    assert ("experiment" in repr(view).splitlines()[1]) is (len(shown) == 4)


def test_an_experiment_that_is_called_all(two):
    """In a list a name is a name."""
    two.set_experiment("all")
    logged(two, "e", {"f1": 0.6})

    assert names(runs(experiment=["all"]).table) == "e"


def test_an_unknown_experiment(two):
    """The error lists those there are."""
    with pytest.raises(NotFound, match=r"No experiment 'chrun' in /.*There are Default, churn\."):
        runs(experiment="chrun")


def test_an_experiment_without_runs(two):
    """Says where it looked, and that there are runs elsewhere."""
    two.set_experiment("new")

    told = repr(runs())

    assert f"No runs in new yet (looked in {two.store.folder})" in told
    assert "--all shows 4 runs of other experiments" in told


def test_directions_that_contradict_each_other():
    """Declared one way in one experiment and the other way in another: nothing is known."""
    made = [
        Experiment(experiment_id=str(i), name="", artifact_location="", tags=direction_tags(ways))
        for i, ways in enumerate([{"rt": "lower", "x": "higher"}, {"x": "lower"}])
    ]

    assert directions(made) == {"rt": "lower"}


def test_a_run_is_found_by_any_name(session):
    """Quotes of both kinds in it, too."""
    made = session.start_run(name='it\'s "x"')
    made.end()

    assert find_run(session.store, 'it\'s "x"').info.run_id == made.run_id
