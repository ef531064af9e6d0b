"""What MLflow's own parser accepts, nbtrack accepts, and it selects the same runs."""

from __future__ import annotations

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.lookup.typed_filter.names import Names
from nbtrack.lookup.typed_filter.reading import filter_of
from nbtrack.stores.filters.clauses import experiment_filter, run_filter, run_order
from tests.support.search_tables import (
    HOUR,
    INPUTS,
    METRICS,
    NOON,
    PARAMS,
    RUNS,
    TAGS,
    matching,
    open_search_tables,
    ordered,
)

mlflow = pytest.importorskip("mlflow")
from mlflow import entities  # noqa: E402 (after importorskip)
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.utils.search_utils import SearchExperimentsUtils, SearchUtils  # noqa: E402

SAME_RUNS = [
    "",
    "metrics.f1 > 0.9",
    "metrics.f1>=0.85",
    "metric.f1 < .9",
    "metrics.f1 <= -1.5",
    "metrics.f1 = 0.95 AND metrics.f1 != 2",
    "metrics.f1 > 1e-3 and metrics.f1 < 9.4E-1",
    "metrics.f1 != 0.95",
    "metrics.absent != 0",
    "metrics.`val/loss` > 5",
    'metrics."f1 score" >= 1',
    "metrics.'f1 score' >= 1",
    "`metrics`.`f1 score` = 1",
    "metrics.f1\n>\n0.9",
    "params.model = 'SVC'",
    'param.model = "SVC"',
    "parameter.model != 'SVC'",
    "parameters.`learning rate` LIKE '0.%'",
    "params.model LIKE 'S%'",
    "params.model like '%G_'",
    "params.model ILIKE 'svc'",
    "params.lr IS NULL",
    "params.lr is not null AND status = 'FINISHED'",
    "tags.team = 'red'",
    "tag.team != 'red'",
    "tags.mlflow.source.name LIKE '%.ipynb'",
    "tags.`mlflow.source.name` = 'nb.ipynb'",
    "tags.team IS NULL",
    "status = 'FINISHED'",
    "attribute.status != 'FINISHED'",
    "attributes.status LIKE 'F%'",
    "attr.status ILIKE 'f%'",
    "run.run_name = 'SVC C=10'",
    '"run name" LIKE "%100%"',
    "attributes.`Run Name` ILIKE '%gb%'",
    "`Run name` != 'SVC C=10'",
    "run_id IN ('a', 'b')",
    "run_id not in ('a','b')",
    "attributes.run_id IN ('c',)",
    f"start_time > {NOON}",
    f"created <= {NOON}",
    f"attributes.Created != {NOON}",
    f"end_time < {NOON + HOUR}",
    f"start_time >= {NOON}.5",
    "artifact_uri = '/r/a' and user_id = 'ada'",
    "datasets.name = 'iris'",
    "dataset.digest LIKE 'd2'",
    "datasets.context = 'train'",
    "datasets.name IN ('wine', 'x')",
    "datasets.context NOT IN ('train')",
]
# Accepted by MLflow's parser, though its own stores then refuse or misread some of them.
PARSED_ONLY = [
    "metrics.f1 == 0.95",
    "status <> 'FINISHED'",
    "params.model > 'A'",
    "tags.team NOT LIKE 'r%'",
    "params.model = 'it''s'",
    r"params.model = 'it\'s'",
    "params.and = 'x'",
    "params.é = 'x'",
    "metrics.1x > 1",
]
REFUSED_BY_BOTH = [
    "metrics.f1 > '0.9'",
    "metrics.f1 = abc",
    "params.model = SVC",
    "statsu = 'x'",
    "metrcis.f1 > 1",
    "status = 'A';",
    "datasets.nam = 'x'",
    "run_id IN ()",
    "start_time = '5'",
    "metrics.f1 >",
    "metrics.f1 score > 1",
    "status = 5",
]
NBTRACK_ONLY = [
    "metrics.f1 > 0.9 or status = 'FAILED'",
    "not status = 'FAILED'",
    "(status = 'FAILED')",
    "params.lr > 0.01",
    "metrics.val/loss > 1",
    "metrics.f1 = nan",
    "params.model IN ('SVC')",
    "metrics.f1 IS NULL",
    "start_time > '2026-03-01'",
    "duration > 1",
]


@pytest.fixture(scope="module")
def sql():
    with open_search_tables() as connection:
        yield connection


@pytest.fixture(scope="module")
def mlflow_runs():
    return [as_mlflow_run(*run) for run in RUNS]


@pytest.mark.parametrize("text", SAME_RUNS)
def test_the_same_filter_selects_the_same_runs(sql, mlflow_runs, text):
    """MLflow's own evaluator and our SQL agree, run for run."""
    theirs = "".join(run.info.run_id for run in SearchUtils.filter(mlflow_runs, text))

    assert matching(sql, run_filter(text)) == theirs


@pytest.mark.parametrize("text", SAME_RUNS + PARSED_ONLY)
def test_what_mlflow_parses_we_parse(sql, text):
    """And DuckDB runs what comes out."""
    SearchUtils.parse_search_filter(text)

    assert isinstance(matching(sql, run_filter(text)), str)


@pytest.mark.parametrize("text", REFUSED_BY_BOTH)
def test_what_both_refuse(text):
    """A plain mistake is one in both."""
    with pytest.raises(MlflowException):
        SearchUtils.parse_search_filter(text)
    with pytest.raises(InvalidFilter):
        run_filter(text)


@pytest.mark.parametrize("text", NBTRACK_ONLY)
def test_what_only_nbtrack_accepts(text):
    """If MLflow learns one of these, this tells us to compare the meaning."""
    with pytest.raises(MlflowException):
        SearchUtils.parse_search_filter(text)

    assert run_filter(text).sql != "true"


@pytest.mark.parametrize("text", SAME_RUNS + PARSED_ONLY + NBTRACK_ONLY)
def test_a_typed_filter_keeps_its_meaning(sql, text):
    """As it stands it is not touched; beside something that only people write it means the same."""
    beside = f"status != nothing and ({text})" if text else "status != nothing"

    assert filter_of(text, names_of_nothing) == text
    assert matching(sql, run_filter(filter_of(beside, names_of_nothing))) == matching(
        sql, run_filter(text)
    )


@pytest.mark.parametrize(
    "text",
    [
        "name = 'churn'",
        "attribute.name LIKE 'ch%'",
        "creation_time > 5 AND last_update_time < 9",
        "tags.team = 'red' and tag.x IS NULL",
        "experiment_id IN ('1', '2')",
    ],
)
def test_experiment_filters_of_mlflow_are_accepted(text):
    """The grammar of search_experiments."""
    SearchExperimentsUtils.parse_search_filter(text)

    assert experiment_filter(text).sql != "true"


@pytest.mark.parametrize(
    "order_by",
    [
        [],
        ["metrics.f1 DESC"],
        ["metrics.`f1 score`"],
        ['metrics."f1 score" desc'],
        ["params.model ASC"],
        ["parameter.model desc"],
        ["tags.team"],
        ["status", "metrics.f1 DESC"],
        ["attributes.start_time ASC"],
        ["Created"],
        ["attribute.end_time DESC"],
        ["run_id"],
    ],
)
def test_the_same_order_by_sorts_the_same(sql, mlflow_runs, order_by):
    """Where MLflow's in-memory sort is defined: it does not tell NaN from missing."""
    complete = [run for run in mlflow_runs if run.info.run_id != "e"]
    theirs = "".join(run.info.run_id for run in SearchUtils.sort(complete, order_by))

    assert ordered(sql, run_order(order_by)).replace("e", "") == theirs


def names_of_nothing() -> Names:
    return Names(experiments={})


def as_mlflow_run(run_id, name, status, hours, seconds):
    start = NOON + hours * HOUR
    info = entities.RunInfo(
        run_id=run_id,
        experiment_id="1",
        user_id="ada",
        status=status,
        start_time=start,
        end_time=None if seconds is None else start + int(seconds * 1000),
        lifecycle_stage="active",
        artifact_uri=f"/r/{run_id}",
        run_name=name,
    )
    metrics = [entities.Metric(key, value, 0, 0) for key, value in values_of(METRICS, run_id)]
    params = [entities.Param(key, value) for key, value in values_of(PARAMS, run_id)]
    tags = [entities.RunTag(key, value) for key, value in values_of(TAGS, run_id)]
    inputs = entities.RunInputs(dataset_inputs=[*datasets_of(run_id)])
    return entities.Run(info, entities.RunData(metrics, params, tags), inputs)


def values_of(table: dict, run_id: str):
    return [(key, by_run[run_id]) for key, by_run in table.items() if run_id in by_run]


def datasets_of(run_id: str):
    for owner, name, digest, context in INPUTS:
        if owner == run_id:
            tags = [entities.InputTag("mlflow.data.context", context)] if context else []
            yield entities.DatasetInput(entities.Dataset(name, digest, "local", "x"), tags)
