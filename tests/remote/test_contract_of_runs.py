"""What `Store` promises of runs, in each kind of place: a project's folder, our server over a
folder and over PostgreSQL, and a real server of MLflow's. All is written by the tracking API, and
read by whoever wrote it and by somebody else.

Of MLflow's, what differs is said here, test by test.
"""

from __future__ import annotations

import math

import pytest

from nbtrack.entities import Metric, Param, RunTag
from nbtrack.errors import InvalidFilter, NotFound
from nbtrack.records.runs import RunQuery, ViewType
from tests.support.store_sides import Sides, names, seen_as, unique

LARGEST = 1.7976931348623157e308  # MLflow keeps infinity so


# --- runs

RUNS = {
    # name: params, metrics, tags, status
    "red": ({"model": "SVC", "lr": "0.1"}, {"f1": 0.9, "loss": 1.0}, {"team": "a"}, "FINISHED"),
    "green": ({"model": "SVC", "lr": "10"}, {"f1": 0.4}, {"team": "b"}, "FAILED"),
    "blue": ({"model": "Tree", "lr": "2"}, {"f1": 0.7, "loss": -1.0}, {}, "FINISHED"),
    "bare": ({}, {}, {"team": "a", "of what": '"q"'}, "KILLED"),
    "open": ({"model": "tree", "a b": "x = 'y'"}, {"f1": -2.0}, {}, "RUNNING"),
}
FOUND = {
    "": {*RUNS},
    "params.model = 'SVC'": {"red", "green"},
    "params.model LIKE 'S%'": {"red", "green"},
    "params.model ILIKE 'tree'": {"blue", "open"},
    "params.model != 'SVC'": {"blue", "open"},
    "params.`a b` LIKE '%y%'": {"open"},
    "metrics.f1 > 0.4": {"red", "blue"},
    "metrics.f1 <= 0.4 and attributes.status = 'FAILED'": {"green"},
    "metrics.loss > 0 or metrics.f1 < 0": {"red", "open"},  # MLflow itself has no "or"
    "tags.team = 'a'": {"red", "bare"},
    "tags.`of what` LIKE '%q%'": {"bare"},
    "attributes.run_name IN ('red', 'blue')": {"red", "blue"},
    "attributes.start_time > 0 and params.lr = '10'": {"green"},
    "metrics.never > 0": set(),
}
ORDERED = {
    ("metrics.f1 DESC",): ["red", "blue", "green", "open", "bare"],
    ("metrics.f1 ASC",): ["open", "green", "blue", "red", "bare"],
    ("params.model ASC", "metrics.f1 DESC"): ["red", "green", "blue", "open", "bare"],
    ("attributes.run_name DESC",): ["red", "open", "green", "blue", "bare"],
}


@pytest.fixture(scope="module")
def searched(opened: Sides) -> str:
    """An experiment with RUNS, in their order."""
    experiment = opened.client.create_experiment(unique("searched"))
    for number, (name, (params, metrics, tags, status)) in enumerate(RUNS.items(), start=1):
        run = opened.client.create_run(experiment, start_time=number * 1000, run_name=name)
        opened.client.log_batch(
            run.info.run_id,
            metrics=[Metric(key, value, 1, 0) for key, value in metrics.items()],
            params=[Param(key, value) for key, value in params.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )
        if status != "RUNNING":
            opened.client.set_terminated(run.info.run_id, status, end_time=9000 + number)
    opened.settle()
    return experiment


def test_a_filter_finds_its_runs(sides: Sides, searched: str) -> None:
    for store in sides.both():
        for written, expected in FOUND.items():
            found = names(store, sides, searched, filter_string=written)
            assert (written, {*found}, len(found)) == (written, expected, len(expected))
        ids = (seen_as(store, sides, searched),)
        assert store.count_runs(RunQuery(experiment_ids=ids, filter_string="metrics.f1 > 0")) == 3
        with pytest.raises(InvalidFilter, match=r"metrics\.f1 >"):
            names(store, sides, searched, filter_string="metrics.f1 >")


def test_runs_come_in_order_and_in_pages(sides: Sides, searched: str) -> None:
    """What is missing comes last both ways; pages are the whole, each run once."""
    for store in sides.both():
        assert names(store, sides, searched) == [*reversed(RUNS)]  # the newest first
        for order, expected in ORDERED.items():
            assert (order, names(store, sides, searched, order_by=order)) == (order, expected)
            paged: list[str] = []
            for offset in (0, 2, 4):
                page = {"order_by": order, "max_results": 2, "offset": offset}
                paged += names(store, sides, searched, **page)
            assert paged == expected
    search, by = sides.client.search_runs, ["metrics.f1 DESC"]
    first = search([searched], order_by=by, max_results=3)
    rest = search([searched], order_by=by, max_results=3, page_token=first.token)
    assert [run.info.run_name for run in [*first, *rest]] == ORDERED["metrics.f1 DESC",]
    assert rest.token is None


def test_facts_of_runs_are_those_that_were_logged(sides: Sides, searched: str) -> None:
    for store in sides.both():
        ids = (seen_as(store, sides, searched),)
        found = {run.info.run_name: run for run in store.search_runs(RunQuery(experiment_ids=ids))}
        for number, (name, (params, metrics, tags, status)) in enumerate(RUNS.items(), start=1):
            run = found[name]
            assert (run.data.params, run.data.metrics) == (params, metrics)
            assert tags.items() <= run.data.tags.items()
            end = None if status == "RUNNING" else 9000 + number
            facts = (str(run.info.status), run.info.start_time, run.info.end_time)
            assert facts == (status, number * 1000, end)
        columns = store.search_run_columns(RunQuery(experiment_ids=ids, max_results=99))
        assert dict(zip([i.run_name for i in columns.infos], columns.params["model"])) == {
            name: facts[0].get("model") for name, facts in RUNS.items()
        }
        page = store.read_run_page(RunQuery(experiment_ids=ids, max_results=2), folded=False)
        assert [run.info.run_name for run in page.runs] == ["open", "bare"]
        keys = store.read_keys(RunQuery(experiment_ids=ids))
        assert {each.key for each in keys.metrics} == {"f1", "loss"}
        groups = store.read_groups(RunQuery(experiment_ids=ids), by="params.model", metrics=["f1"])
        assert {group.value: group.runs for group in groups}["SVC"] == 2
        values = store.read_run_values(RunQuery(experiment_ids=ids), ["params.lr", "metrics.f1"])
        assert len(values.run_ids) == len(RUNS)


# --- points


def test_a_history_is_all_its_points(sides: Sides, experiment: str) -> None:
    """Steps in order however they came, NaN and infinity; of equal points, MLflow keeps one."""
    client, run = sides.client, sides.client.create_run(experiment).info.run_id
    steps = [*range(500, 1200), *range(500), 7]
    client.log_batch(run, metrics=[Metric("loss", s / 7, 1000 + s, s) for s in steps])
    client.log_batch(run, metrics=[Metric("odd", math.nan, 5, 0), Metric("odd", math.inf, 5, 1)])
    client.log_metric(run, "last", 1.5, timestamp=77, step=3)
    for store in sides.both():
        points = store.read_metrics(run, "loss")
        assert [p.step for p in points] == sorted(
            {*steps} if sides.is_mlflows and store is sides.two else steps
        )
        assert all(p.value == p.step / 7 and p.timestamp == 1000 + p.step for p in points)
        nan, infinite = store.read_metrics(run, "odd")
        assert math.isnan(nan.value)
        is_theirs = sides.is_mlflows and store is sides.two
        assert infinite.value == (LARGEST if is_theirs else math.inf)
        (series,) = store.read_series([run], ["loss"], x="step", buckets=50)
        assert (max(series.x), len(series.x) <= 50) == (1199, True)
        assert (series.low[0], max(filter(None, series.high))) == (0, 1199 / 7)
        latest = store.read_latest_points([run])
        last = latest[run]["last"]
        assert (last.value, last.timestamp, last.step) == (1.5, 77, 3)


# --- what is said again, and taken back


def test_the_latest_word_counts(sides: Sides, experiment: str) -> None:
    """But MLflow keeps the first value of a param."""
    client, run = sides.client, sides.client.create_run(experiment, run_name="old").info.run_id
    client.set_tag(run, "stays", "1")
    client.set_tag(run, "goes", "1")
    client.log_param(run, "p", "1")
    sides.settle()
    client.set_tag(run, "stays", "2")
    client.delete_tag(run, "goes")
    client.update_run(run, name="new")
    client.set_experiment_tag(experiment, "why", "because")
    client.set_experiment_tag(experiment, "gone", "soon")
    client.rename_experiment(experiment, renamed := unique("renamed"))
    client.delete_experiment_tag(experiment, "gone")
    if not sides.is_mlflows:
        client.log_param(run, "p", "2")
    for store in sides.both():
        found = store.get_run(run)
        assert found.data.tags["stays"] == "2"
        assert "goes" not in found.data.tags
        assert found.data.params == {"p": "1" if sides.is_mlflows else "2"}
        assert found.info.run_name == "new"
        seen = store.find_experiment(renamed)
        assert seen is not None
        assert seen.tags.get("why") == "because"
        assert "gone" not in seen.tags


def test_what_is_deleted_is_hidden_and_comes_back(sides: Sides, experiment: str) -> None:
    client = sides.client
    kept, gone = (client.create_run(experiment, run_name=name) for name in ("kept", "gone"))
    client.delete_run(gone.info.run_id)
    deleted = {"view_type": ViewType.DELETED_ONLY}
    for store in sides.both():
        assert names(store, sides, experiment) == ["kept"]
        assert names(store, sides, experiment, **deleted) == ["gone"]
        assert store.get_run(gone.info.run_id).info.lifecycle_stage == "deleted"
    client.restore_run(gone.info.run_id)
    client.delete_run(kept.info.run_id)
    for store in sides.both():
        assert names(store, sides, experiment) == ["gone"]
    client.delete_experiment(experiment)
    title = client.get_experiment(experiment).name
    for store in sides.both():
        assert title not in [each.name for each in store.search_experiments()]
        hidden = store.search_experiments(view_type=ViewType.DELETED_ONLY)
        assert title in [each.name for each in hidden]
    client.restore_experiment(experiment)
    for store in sides.both():
        assert title in [each.name for each in store.search_experiments()]


def test_children_are_below_their_parents(sides: Sides, experiment: str) -> None:
    client, parent = sides.client, sides.client.create_run(experiment, run_name="parent")
    tags = {"mlflow.parentRunId": parent.info.run_id}
    for name in ("first", "second"):
        client.create_run(experiment, run_name=name, tags=tags)
    for store in sides.both():
        children = store.read_child_runs(parent.info.run_id)
        assert {run.info.run_name for run in children} == {"first", "second"}
        ids = (seen_as(store, sides, experiment),)
        page = store.read_run_page(RunQuery(experiment_ids=ids), folded=True)
        assert [run.info.run_name for run in page.runs] == ["parent"]


def test_what_is_not_there_is_said(sides: Sides) -> None:
    for store in sides.both():
        with pytest.raises(NotFound, match="no-such-run"):
            store.get_run("no-such-run")
        with pytest.raises(NotFound, match="987654321"):
            store.get_experiment("987654321")
        assert store.find_experiment("no such name") is None
        assert store.read_latest_points(["no-such-run"]) == {}
