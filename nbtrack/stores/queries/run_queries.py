"""Questions to a snapshot and their answers as records."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any

from nbtrack.errors import ExperimentNotFound, RunNotFound
from nbtrack.records.runs import (
    Dataset,
    DatasetInput,
    Experiment,
    FileInfo,
    InputTag,
    LifecycleStage,
    Metric,
    Run,
    RunColumns,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunQuery,
    RunStatus,
    ViewType,
)
from nbtrack.stores.queries.logged_models import read_links
from nbtrack.stores.queries.page_values import (
    MOST_KEYS_IN_TEXT,
    NOWHERE,
    Value,
    keys_in_text,
    read_page_values,
)
from nbtrack.stores.queries.proposals import proposed_experiment, proposed_run
from nbtrack.stores.queries.stages import stage_condition
from nbtrack.stores.store import FoundRun

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

Page = Callable[["Connection", RunQuery], tuple[list[int], list[RunInfo]]]
INFO_COLUMNS = (
    "r.run_key, r.run_id, r.run_name, r.experiment_id, r.user_id, r.status, r.start_us, r.end_us,"
    " r.lifecycle_stage, r.artifact_uri"
)

# DuckDB's // goes towards 0, also before 1970.
MILLISECONDS = "t // 1000 - (t % 1000 < 0)::integer"
_NEWEST = "select max(t) from (" + " union all ".join(
    f"select t from stored.{table} where run_key = {{run_key}}"
    for table in ("run_events", "params", "tags", "artifacts")
) + ")"  # fmt: skip


def find_runs(connection: Connection, query: RunQuery, page: Page | None = None) -> list[Run]:
    """*page* is `read_page`, or reads the same in another way."""
    keys, infos = (page or read_page)(connection, query)
    return with_data(connection, keys, infos)


def count_runs(connection: Connection, query: RunQuery) -> int:
    where, parameters = condition_of(query)
    text = f"select count(*) from current.runs r where {where}"
    row = connection.execute(text, parameters).fetchone()
    return int(row[0]) if row else 0


def get_run(connection: Connection, run_id: str, *, store: str) -> Run:
    run_key, info = _key_and_info(connection, run_id, store=store)
    return with_data(connection, [run_key], [info])[0]


def look_up_run(connection: Connection, run_id: str, *, store: str) -> FoundRun:
    run_key, info = _key_and_info(connection, run_id, store=store)
    row = connection.execute(_NEWEST.format(run_key=run_key)).fetchone()
    return FoundRun(info, (row and row[0]) or 0)


def _key_and_info(connection: Connection, run_id: str, *, store: str) -> tuple[int, RunInfo]:
    row = connection.execute(
        f"select {INFO_COLUMNS} from current.runs r where run_key in"
        " (select run_key from stored.run_keys where run_id = $run_id)",
        {"run_id": run_id},
    ).fetchone()
    if row is None:
        raise RunNotFound(run_id, store, proposed_run(connection, run_id))
    return row[0], run_info(row)


def find_run_columns(
    connection: Connection, query: RunQuery, page: Page | None = None
) -> RunColumns:
    keys, infos = (page or read_page)(connection, query)
    columns = (_columns(values, len(keys)) for values in read_page_values(connection, keys))
    params, metrics, tags = columns
    return RunColumns(infos=infos, params=params, metrics=metrics, tags=tags)


def read_metrics(connection: Connection, run_id: str, key: str, *, store: str) -> list[Metric]:
    run_key = _run_key(connection, run_id, store=store)
    found = connection.execute(
        f"select value, {MILLISECONDS} as t, step from stored.metrics"
        " where run_key = $run_key and key = $key order by step, stored.metrics.t, value",
        {"run_key": run_key, "key": key},
    )
    if "numpy" in sys.modules:  # a third of the time; to import it takes as long again
        values, times, steps = (column.tolist() for column in found.fetchnumpy().values())
    else:
        rows = found.fetchall()
        values, times, steps = ([row[column] for row in rows] for column in range(3))
    none = repeat(None)  # what a point says beside its value is the model's, not the run's
    points = zip(repeat(key), values, times, steps, none, none, none, repeat(run_id))
    # Without a Python call for each: a third of what a hundred thousand Metric(...) take.
    return list(map(tuple.__new__, repeat(Metric), points))


def find_experiments(
    connection: Connection,
    *,
    view_type: ViewType = ViewType.ACTIVE_ONLY,
    filter_string: str | None = None,
    order_by: Sequence[str] = (),
    max_results: int | None = None,
) -> list[Experiment]:
    from nbtrack.stores.filters.clauses import experiment_filter, experiment_order

    clause, order = experiment_filter(filter_string), experiment_order(order_by)
    rows = connection.execute(
        "select e.experiment_id, e.name, e.artifact_location, e.lifecycle_stage, e.created_us,"
        f" e.updated_us from current.experiments e {order.joins}"
        f" where {stage_condition('e', view_type)} and ({clause.sql}) order by {order.order_by}"
        " limit $most",
        {**clause.parameters, **order.parameters, "most": limit_of(max_results)},
    ).fetchall()
    return _experiments(connection, rows)


def get_experiment(connection: Connection, column: str, value: str, *, store: str) -> Experiment:
    """By *column* "experiment_id" or "name"; a deleted one too.

    Only for an id another experiment is proposed: a name that is not there may be a new one.
    """
    rows = connection.execute(
        "select experiment_id, name, artifact_location, lifecycle_stage, created_us, updated_us"
        f" from current.experiments where {column} = $value"
        " order by lifecycle_stage, created_us limit 1",
        {"value": value},
    ).fetchall()
    if not rows:
        proposal = proposed_experiment(connection, value) if column == "experiment_id" else ""
        raise ExperimentNotFound(value, store, proposal)
    return _experiments(connection, rows)[0]


def read_cells(connection: Connection, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    result = connection.execute(
        "select * from cells where list_contains($ids, run_id)", {"ids": list(run_ids)}
    )
    names = [column[0] for column in result.description or ()]
    cells = (dict(zip(names, row)) for row in result.fetchall())
    return {cell["run_id"]: cell for cell in cells}


def read_environments(connection: Connection, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    named = "select run_id, environment_digest as digest from runs"
    return _kept_contents(connection, named, run_ids)


def read_git_states(connection: Connection, run_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    named = "select run_id, value as digest from tags where key = 'nbtrack.git.state'"
    found = _kept_contents(connection, named, run_ids)
    return {run_id: content.get("git") or {} for run_id, content in found.items()}


def _kept_contents(
    connection: Connection, named: str, run_ids: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Of `environments`, by run; *named* is a query for run_id and digest."""
    rows = connection.execute(
        f"select run_id, content from ({named}) join environments using (digest)"
        " where list_contains($ids, run_id)",
        {"ids": list(run_ids)},
    ).fetchall()
    return {run_id: json.loads(content) for run_id, content in rows if content}


def list_artifact_records(connection: Connection, run_id: str) -> list[FileInfo]:
    rows = connection.execute(
        "select path, size, sha256 from artifacts where run_id = $run_id order by path",
        {"run_id": run_id},
    ).fetchall()
    return [FileInfo(path=p, is_dir=False, file_size=size, sha256=sha) for p, size, sha in rows]


def _run_key(connection: Connection, run_id: str, *, store: str) -> int:
    row = connection.execute(
        "select run_key from stored.run_keys where run_id = $run_id", {"run_id": run_id}
    ).fetchone()
    if row is None:
        raise RunNotFound(run_id, store, proposed_run(connection, run_id))
    return int(row[0])


def read_page(connection: Connection, query: RunQuery) -> tuple[list[int], list[RunInfo]]:
    """The runs that *query* means, and their numbers."""
    from nbtrack.stores.filters.clauses import run_order  # 20 ms that logging need not pay

    order = run_order(query.order_by)
    where, parameters = condition_of(query)
    page = {"most": limit_of(query.max_results), "offset": query.offset}
    rows = connection.execute(
        f"select {INFO_COLUMNS} from current.runs r {order.joins}"
        f" where {where} order by {order.order_by} limit $most offset $offset",
        {**parameters, **order.parameters, **page},
    ).fetchall()
    return [row[0] for row in rows], [run_info(row) for row in rows]


def condition_of(query: RunQuery) -> tuple[str, dict[str, Any]]:
    from nbtrack.stores.filters.clauses import run_filter

    clause = run_filter(query.filter_string)
    where = [stage_condition("r", query.view_type), f"({clause.sql})"]
    parameters = dict(clause.parameters)
    if query.experiment_ids is not None:
        where.append("list_contains($experiments, r.experiment_id)")
        parameters["experiments"] = list(query.experiment_ids)
    return " and ".join(where), parameters


def limit_of(most: int | None) -> int:
    return (1 << 62) if most is None else most


def run_info(row: Sequence[Any]) -> RunInfo:
    _, run_id, name, experiment_id, user, status, start_us, end_us, stage, artifact_uri = row
    return RunInfo(
        run_id=run_id,
        run_name=name,
        experiment_id=experiment_id or "0",
        user_id=user or "",
        status=RunStatus(status or "RUNNING"),
        start_time=(start_us or 0) // 1000,
        end_time=None if end_us is None else end_us // 1000,
        lifecycle_stage=LifecycleStage(stage),
        artifact_uri=artifact_uri or "",
    )


def with_data(
    connection: Connection,
    keys: list[int],
    infos: list[RunInfo],
    rows: Mapping[str, Sequence[int]] = NOWHERE,
) -> list[Run]:
    """The runs with these *keys*; *rows* are those of `read_page_values`."""
    parts = []
    for values in read_page_values(connection, keys, rows):
        found: list[dict[str, Any]] = [{} for _ in keys]
        for place, key, value in values:
            found[place][key] = value
        parts.append(found)
    links = read_links(connection, keys)
    return [
        Run(
            info=info,
            data=RunData(params=params, metrics=metrics, tags=tags),
            inputs=RunInputs(dataset_inputs=datasets, model_inputs=links.inputs.get(key, [])),
            outputs=RunOutputs(model_outputs=links.outputs.get(key, [])),
        )
        for key, info, params, metrics, tags, datasets in zip(
            keys, infos, *parts, read_datasets(connection, keys)
        )
    ]


def _columns(values: Iterable[Value], count: int) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {}
    for place, key, value in values:
        column = columns.get(key)
        if column is None:
            column = columns[key] = [None] * count
        column[place] = value
    return columns


def read_datasets(connection: Connection, keys: Sequence[int]) -> list[list[DatasetInput]]:
    """Datasets of the runs with these keys, in their order."""
    found: list[list[DatasetInput]] = [[] for _ in keys]
    places = {run_key: place for place, run_key in enumerate(keys)}
    is_small = len(keys) <= MOST_KEYS_IN_TEXT
    of_page = keys_in_text(keys) if is_small else "select unnest($keys::integer[])"
    rows = connection.execute(
        "select run_key, name, digest, source_type, source, schema, profile, context, tags"
        f" from current.inputs where run_key in ({of_page}) order by t",
        {} if is_small else {"keys": list(keys)},
    ).fetchall()
    for run_key, *facts, context, own_tags in rows:
        name, digest, source_type, source, schema, profile = facts
        dataset = Dataset(
            name=name,
            digest=digest,
            source_type=source_type,
            source=source,
            schema=schema,
            profile=profile,
        )
        tags = [InputTag(key, value) for key, value in json.loads(own_tags or "{}").items()]
        tags += [InputTag("mlflow.data.context", context)] if context else []
        found[places[run_key]].append(DatasetInput(dataset=dataset, tags=tags))
    return found


def _experiments(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[Experiment]:
    tags: dict[str, dict[str, str]] = {}
    for experiment_id, key, value in connection.execute(
        "select experiment_id, key, value from current.experiment_tags"
    ).fetchall():
        tags.setdefault(experiment_id, {})[key] = value
    return [
        Experiment(
            experiment_id=experiment_id,
            name=name,
            artifact_location=location,
            lifecycle_stage=LifecycleStage(stage),
            tags=tags.get(experiment_id, {}),
            creation_time=None if created is None else created // 1000,
            last_update_time=None if updated is None else updated // 1000,
        )
        for experiment_id, name, location, stage, created, updated in rows
    ]
