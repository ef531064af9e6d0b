"""A search written out as SQL gives the runs of the search."""

from __future__ import annotations

import pytest

from nbtrack.recording.session import Session
from nbtrack.records.runs import RunQuery
from nbtrack.stores.filters.shown_sql import run_select
from tests.support.naming import naming


@pytest.fixture
def session(tmp_path, monkeypatch):
    monkeypatch.setenv("NBTRACK_DIR", str(tmp_path / "project"))
    made = Session()
    for name, f1, lr in (("a", 0.5, "0.1"), ("it's", float("nan"), "auto"), ("c", 0.7, "1e-3")):
        with made.start_run(name=name) as run:
            run.log_params({"lr": lr, "odd key": name})
            run.log_metric("f1", f1)
            run.set_tag("team", name)
    yield made
    made.close()


QUERIES = [
    RunQuery(),
    RunQuery(filter_string="metrics.f1 > 0.1", order_by=("metrics.f1 DESC",)),
    RunQuery(filter_string="not metrics.f1 = nan", order_by=("params.lr ASC", "run_name DESC")),
    RunQuery(filter_string="params.lr IN ('auto', '0.1') or tags.team LIKE 'c%'"),
    RunQuery(filter_string="run_name = 'it''s' and params.`odd key` IS NOT NULL"),
    RunQuery(filter_string="start_time > '2020-01-01' and duration < 1000", max_results=2),
    RunQuery(filter_string="params.lr < 0.01 and status = 'finished'", experiment_ids=("0",)),
    RunQuery(filter_string="datasets.name = 'x'"),
    RunQuery(experiment_ids=("1", "it's")),
]


def test_the_same_runs_in_the_same_order(session):
    """Whatever is asked, over the public views alone."""
    for query in QUERIES:
        with naming(query):
            sql = run_select(query, [("params", "odd key"), ("metrics", "f1")])
            found = session.store.query(sql)
            runs = session.store.search_runs(query)

            assert found["run_id"].tolist() == [run.info.run_id for run in runs]
            assert found["params.odd key"].tolist() == found["run_name"].tolist()
            assert "current." not in sql
