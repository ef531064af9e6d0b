"""`nbtrack.runs()` and the table behind it, without a kernel."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidFilter, InvalidValue, NotFound
from nbtrack.find_run import find_run
from nbtrack.notebook.runs_line import parse_runs_line
from nbtrack.notebook.runs_view import RunsView, run_table_of
from nbtrack.session import Session


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    made = Session()
    for name, f1, loss in (("a", 0.5, 0.3), ("b", 0.9, 0.1), ("c", 0.7, None)):
        run = made.start_run(name=name)
        run.log_params({"model": name})
        run.log_metrics({"f1": f1} if loss is None else {"f1": f1, "loss": loss})
        run.end()
    yield made
    made.close()


def table(session, **options):
    given = {"experiment_ids": None, "filter_string": None, "sort": None, "top": None, **options}
    return run_table_of(session.store, **given)


def names(found):
    return "".join(row.name for row in found.rows)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        (None, "cba"),
        ("f1", "bca"),
        ("f1 asc", "acb"),
        ("metrics.f1", "bca"),
        ("loss", "bac"),
        ("loss desc", "abc"),
        ("params.model", "cba"),
        ("model asc", "abc"),
        ("start_time asc", "abc"),
    ],
)
def test_the_order(session, sort, order):
    """The better end of a metric first, the larger of others; a word turns it; missing last."""
    assert names(table(session, sort=sort)) == order


def test_the_best_run(session):
    """By the metric of the order, else the first with a known side; not only among those shown."""
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


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"sort": "nowhere"}, InvalidValue),
        ({"top": 0}, InvalidValue),
        ({"filter_string": "metrics.f1 >"}, InvalidFilter),
    ],
)
def test_wrong_questions(session, options, error):
    """Refused with an error that names the value."""
    with pytest.raises(error, match=r"nowhere|0|f1"):
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
    ],
)
def test_the_runs_line(line, expected):
    """Flags may stand before or behind the filter; inside quotes they are text."""
    assert parse_runs_line(line) == expected
