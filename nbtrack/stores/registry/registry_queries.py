"""Questions to the registry and their answers as records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from nbtrack.records.registry import (
    STAGES,
    ModelVersion,
    RegisteredModel,
    RegistryEvent,
    RegistryQuery,
)
from nbtrack.stores.registry.registry_marks import Marks, read_marks
from nbtrack.stores.registry.registry_schema import COLUMNS, state_as_of

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

_ALL = 1 << 62
_VERSION_COLUMNS = (
    "v.model_key, v.version, v.version_key, v.name, v.created_us, v.updated_us, v.description,"
    " v.user_id, v.stage, v.source, v.run_id, v.run_link, v.model_id, v.digest"
)


def find_models(connection: Connection, query: RegistryQuery) -> list[RegisteredModel]:
    from nbtrack.stores.filters.clauses import model_filter, model_order

    clause, order = model_filter(query.filter_string), model_order(query.order_by)
    rows = connection.execute(
        "select m.model_key, m.name, m.created_us, m.updated_us, m.description, m.custom_stages,"
        f" m.last_version from current.registry_models m {order.joins}"
        f" where not m.is_deleted and coalesce(m.name = $name, true) and ({clause.sql})"
        f" order by {order.order_by} limit $most offset $offset",
        {**clause.parameters, **order.parameters, "name": query.name, **_page(query)},
    ).fetchall()
    return _models(connection, rows)


def find_versions(connection: Connection, query: RegistryQuery) -> list[ModelVersion]:
    if query.as_of_us is not None:
        return _versions_as_of(connection, query)
    from nbtrack.stores.filters.clauses import version_filter, version_order

    clause = version_filter(query.filter_string)
    order = version_order(query.order_by or ("last_updated_timestamp DESC",))  # as in MLflow
    rows = connection.execute(
        f"select {_VERSION_COLUMNS} from current.registry_versions v {order.joins}"
        f" where {_IS_ASKED} and ({clause.sql})"
        f" order by {order.order_by} limit $most offset $offset",
        {**clause.parameters, **order.parameters, **_asked(query), **_page(query)},
    ).fetchall()
    return _versions(connection, rows)


_IS_ASKED = (
    "not v.is_deleted and coalesce(v.name = $name, true) and coalesce(v.version = $version, true)"
    " and coalesce(v.stage = $stage, true)"
)


def _asked(query: RegistryQuery) -> dict[str, Any]:
    return {"name": query.name, "version": query.version, "stage": query.stage}


def _versions_as_of(connection: Connection, query: RegistryQuery) -> list[ModelVersion]:
    """By the name that the model has today, else by the one that it had then, else by the last one
    that it had before it was deleted."""
    rows = connection.execute(
        f"{state_as_of()} select {_VERSION_COLUMNS} from registry_versions v"
        " where not v.is_deleted and coalesce(v.version = $version, true)"
        " and coalesce(v.stage = $stage, true) and v.model_key = coalesce("
        " (select model_key from current.registry_models"
        "     where name = $name and not is_deleted and created_us <= $as_of),"
        " (select max(model_key) from registry_models where name = $name and not is_deleted),"
        " (select max(model_key) from current.registry_models"
        "     where name = $name and created_us <= $as_of))"
        " order by v.version desc",
        {**_asked(query), "as_of": query.as_of_us},
    ).fetchall()
    return _versions(connection, rows, until_us=query.as_of_us)


def find_events(connection: Connection, *, name: str | None, n: int | None) -> list[RegistryEvent]:
    """Those of all models that ever had the name *name*, or the one of the number *n*."""
    names = ", ".join(COLUMNS)
    rows = connection.execute(
        f"select {names} from stored.registry_events where coalesce(n = $n, true)"
        " and ($name is null or model_key in (select model_key from stored.registry_events"
        "      where model = $name or (kind = 'model_renamed' and to_value = $name)))"
        " order by n, hash",
        {"name": name, "n": n},
    ).fetchall()
    keys = [each.name for each in fields(RegistryEvent)]
    assert keys == list(COLUMNS)
    return [RegistryEvent(**dict(zip(keys, row))) for row in rows]


def _page(query: RegistryQuery) -> dict[str, int]:
    most = _ALL if query.max_results is None else query.max_results
    return {"most": most, "offset": query.offset}


def _models(connection: Connection, rows: Sequence[Sequence[Any]]) -> list[RegisteredModel]:
    keys = [row[0] for row in rows]
    versions = _latest_versions(connection, keys)
    marks = read_marks(connection, models=keys, versions=[row[1] for row in versions])
    latest: dict[int, list[ModelVersion]] = {}
    for row in versions:
        latest.setdefault(row[0], []).append(_version(row, marks))
    return [_model(row, marks, latest.get(row[0], [])) for row in rows]


def _model(row: Sequence[Any], marks: Marks, latest: list[ModelVersion]) -> RegisteredModel:
    key, name, created, updated, description, stages, last_version = row
    aliases = marks.aliases(key)
    return RegisteredModel(
        name=name,
        creation_timestamp=created // 1000,
        last_updated_timestamp=updated // 1000,
        description=description,
        latest_versions=latest,
        tags=marks.model_tags(key),
        aliases={alias: str(version) for alias, version in aliases.items()},
        stages=(*STAGES, *json.loads(stages or "[]")),
        gates=marks.gates(key),
        last_version=last_version,
        event_number=key,
    )


def _latest_versions(connection: Connection, keys: list[int]) -> list[Sequence[Any]]:
    """Of each stage of these models, by number."""
    if not keys:
        return []
    rows = connection.execute(
        f"select distinct on (v.model_key, v.stage) {_VERSION_COLUMNS}"
        " from current.registry_versions v"
        " where not v.is_deleted and list_contains($keys, v.model_key)"
        " order by v.model_key, v.stage, v.version desc",
        {"keys": keys},
    ).fetchall()
    return sorted(rows, key=itemgetter(1))


def _versions(
    connection: Connection, rows: Sequence[Sequence[Any]], *, until_us: int | None = None
) -> list[ModelVersion]:
    models, versions = {row[0] for row in rows}, {row[1] for row in rows}
    marks = read_marks(connection, models=[*models], versions=[*versions], until_us=until_us)
    return [_version(row, marks) for row in rows]


def _version(row: Sequence[Any], marks: Marks) -> ModelVersion:
    model, version, key, name, created, updated, description, user_id, stage, *origin = row
    source, run_id, run_link, model_id, digest = origin
    return ModelVersion(
        name=name,
        version=str(version),
        creation_timestamp=created // 1000,
        last_updated_timestamp=updated // 1000,
        description=description,
        user_id=user_id,
        current_stage=stage,
        source=source,
        run_id=run_id,
        run_link=run_link,
        model_id=model_id,
        tags=marks.version_tags(model, version),
        aliases=marks.aliases_of(model, version),
        digest=digest,
        event_number=key,
    )
