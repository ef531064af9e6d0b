"""Questions about logged models to a snapshot, and their answers as records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.errors import InvalidValue, LoggedModelNotFound
from nbtrack.records.logged_models import (
    FoundModel,
    LoggedModel,
    LoggedModelQuery,
    LoggedModelStatus,
)
from nbtrack.records.runs import LifecycleStage, LoggedModelInput, LoggedModelOutput, Metric
from nbtrack.stores.queries.stages import stage_condition

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_COLUMNS = (
    "m.model_id, m.name, m.experiment_id, m.source_run_id, m.model_type, m.status, m.path,"
    " m.artifact_location, m.lifecycle_stage, m.created_us, m.updated_us"
)
_ALL = 1 << 62
_ANY_LINK = "select 1 from stored.model_links union all select 1 from stored.model_points limit 1"
_METRICS = "current.model_metrics"


def look_up_model(connection: Connection, model_id: str, *, store: str) -> FoundModel:
    """A deleted one too. Raises LoggedModelNotFound."""
    rows = connection.execute(
        f"select {_COLUMNS} from current.logged_models m where m.model_id = $model_id",
        {"model_id": model_id},
    ).fetchall()
    if not rows:
        raise LoggedModelNotFound(model_id, store)
    newest = connection.execute(
        "select max(t) from (select t from stored.model_events where model_id = $model_id"
        " union all select t from stored.model_values where model_id = $model_id)",
        {"model_id": model_id},
    ).fetchone()
    return FoundModel(_models(connection, rows)[0], (newest and newest[0]) or 0)


def find_models(connection: Connection, query: LoggedModelQuery) -> list[LoggedModel]:
    """Raises InvalidFilter, and InvalidValue for an order that there is none of."""
    from nbtrack.stores.filters.clauses import logged_model_filter

    data = _OfDatasets(query.datasets)
    clause = logged_model_filter(query.filter_string, metrics=data.metrics)
    order = _Order(query.order_by)
    # DuckDB refuses parameters that a statement does not use.
    is_measured = data.is_measured if data.metrics not in clause.sql else "true"
    of_data = data.parameters if data.parameters else {}
    rows = connection.execute(
        f"select {_COLUMNS} from current.logged_models m {order.joins}"
        f" where {stage_condition('m', query.view_type)}"
        " and list_contains($experiments, m.experiment_id)"
        f" and ({clause.sql}) and {is_measured}"
        f" order by {order.order_by} limit $most offset $offset",
        {
            **clause.parameters,
            **of_data,
            **order.parameters,
            "experiments": list(query.experiment_ids),
            "most": _ALL if query.max_results is None else query.max_results,
            "offset": query.offset,
        },
    ).fetchall()
    return _models(connection, rows)


def list_model_files(connection: Connection, model_id: str) -> dict[str, str]:
    """{path: sha256} of what is recorded of a model's own folder."""
    return dict(
        connection.execute(
            "select key, value from current.model_values"
            " where model_id = $model_id and \"of\" = 'file' order by key",
            {"model_id": model_id},
        ).fetchall()
    )


class RunLinks(NamedTuple):
    """Models that runs read, and made, by the key of the run."""

    inputs: dict[int, list[LoggedModelInput]]
    outputs: dict[int, list[LoggedModelOutput]]


def read_links(connection: Connection, run_keys: Sequence[int]) -> RunLinks:
    links = RunLinks({}, {})
    if connection.execute(_ANY_LINK).fetchone() is None:
        return links  # nearly always, and in a fifth of the time
    for run_key, model_id, step, _ in connection.execute(
        "select run_key, model_id, step, t from current.model_outputs"
        " where list_contains($keys, run_key) union all"
        " select run_key, model_id, null, t from current.model_inputs"
        " where list_contains($keys, run_key) order by t",
        {"keys": list(run_keys)},
    ).fetchall():
        if step is None:
            links.inputs.setdefault(run_key, []).append(LoggedModelInput(model_id))
        else:
            links.outputs.setdefault(run_key, []).append(LoggedModelOutput(model_id, step))
    return links


class _OfDatasets:
    """The points that were measured on any of *datasets*; without some, all points."""

    def __init__(self, datasets: Sequence[Mapping[str, str]]) -> None:
        self.parameters: dict[str, object] = {}
        conditions = [
            _on_dataset(each, self.parameters, name=f"d{n}") for n, each in enumerate(datasets)
        ]
        self.metrics, self.is_measured = _METRICS, "true"
        if conditions:
            self.metrics = f"(select * from {_METRICS} where {' or '.join(conditions)})"
            self.is_measured = f"m.model_id in (select model_id from {self.metrics})"


class _Order:
    """As MLflow orders: what is missing comes last in both directions; of a metric, the latest."""

    def __init__(self, order_by: Sequence[Mapping[str, Any]]) -> None:
        from nbtrack.stores.filters.filter_keys import LOGGED_MODELS

        self.parameters: dict[str, object] = {}
        joins, orders = list[str](), list[str]()
        for n, each in enumerate(order_by):
            field = each.get("field_name") if isinstance(each, Mapping) else None
            direction = "asc" if field and each.get("ascending", True) else "desc"
            if str(field).startswith("metrics."):
                joins.append(self._latest(str(field)[len("metrics.") :], each, name=f"o{n}"))
                expression = f"o{n}.value"
            elif field in LOGGED_MODELS.attributes:
                expression = LOGGED_MODELS.attributes[str(field)][0]
            else:
                raise _no_order(each, LOGGED_MODELS.attributes)
            orders.append(f"{expression} {direction} nulls last")
        self.joins = " ".join(joins)
        self.order_by = ", ".join([*orders, LOGGED_MODELS.natural_order])

    def _latest(self, key: str, order: Mapping[str, Any], *, name: str) -> str:
        self.parameters[name] = key.strip("`")
        where = f"key = ${name}"
        if order.get("dataset_name"):
            where += f" and {_on_dataset(order, self.parameters, name=f'{name}d')}"
        return (
            f"left join (select model_id, arg_max(value, (t, step, value)) as value from {_METRICS}"
            f" where {where} group by model_id) {name} using (model_id)"
        )


def _on_dataset(facts: Mapping[str, Any], parameters: dict[str, object], *, name: str) -> str:
    parameters[f"{name}n"] = facts["dataset_name"]
    condition = f"dataset_name = ${name}n"
    if facts.get("dataset_digest"):
        parameters[f"{name}g"] = facts["dataset_digest"]
        condition += f" and dataset_digest = ${name}g"
    return f"({condition})"


def _no_order(given: object, attributes: Mapping[str, object]) -> InvalidValue:
    return InvalidValue(
        f"Models cannot be sorted by {given!r}; an order is such as {{'field_name': 'metrics.f1', "
        f"'ascending': False}}, and a field metrics.NAME or one of {', '.join(attributes)}."
    )


def _models(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[LoggedModel]:
    ids = [row[0] for row in rows]
    tags, params = _texts(connection, "tags", ids), _texts(connection, "params", ids)
    metrics = _metrics(connection, ids)
    return [
        LoggedModel(
            model_id=model_id,
            name=name or "",
            experiment_id=experiment_id or "0",
            source_run_id=run_id,
            model_type=model_type,
            status=LoggedModelStatus(status),
            path=path or "",
            artifact_location=location,
            lifecycle_stage=LifecycleStage(stage),
            creation_timestamp=created // 1000,
            last_updated_timestamp=updated // 1000,
            tags=tags.get(model_id, {}),
            params=params.get(model_id, {}),
            metrics=metrics.get(model_id, []),
        )
        for model_id, name, experiment_id, run_id, model_type, status, path, location, stage,
        created, updated in rows
    ]  # fmt: skip


def _texts(connection: Connection, what: str, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for model_id, key, value in connection.execute(
        f"select model_id, key, value from current.model_{what}"
        " where list_contains($ids, model_id) order by key",
        {"ids": list(ids)},
    ).fetchall():
        found.setdefault(model_id, {})[key] = value
    return found


def _metrics(connection: Connection, ids: Sequence[str]) -> dict[str, list[Metric]]:
    found: dict[str, list[Metric]] = {}
    for model_id, run_id, key, value, step, t, name, digest in connection.execute(
        "select model_id, run_id, key, value, step, t // 1000, dataset_name, dataset_digest"
        " from current.model_metrics join stored.run_keys using (run_key)"
        " where list_contains($ids, model_id) order by key, step, t, value",
        {"ids": list(ids)},
    ).fetchall():
        point = Metric(key, value, t, step, model_id, name, digest, run_id)
        found.setdefault(model_id, []).append(point)
    return found
