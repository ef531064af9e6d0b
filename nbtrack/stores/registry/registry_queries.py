"""Questions to the registry and their answers as records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from nbtrack.records.registry import (
    STAGES,
    Gate,
    ModelVersion,
    RegisteredModel,
    RegistryEvent,
    RegistryQuery,
)
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
    return _versions(connection, rows, at="current.")


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
    with_then = f"{state_as_of()} ", {"as_of": query.as_of_us}
    return _versions(connection, rows, at="", begin=with_then)


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
    tags = _texts_by_key(connection, "current.registry_model_tags", "model_key", keys)
    aliases: dict[int, dict[str, str]] = {}
    for key, alias, version in connection.execute(
        "select model_key, alias, version from current.registry_aliases"
        " where list_contains($keys, model_key) order by alias",
        {"keys": keys},
    ).fetchall():
        aliases.setdefault(key, {})[alias] = str(version)
    gates = _gates(connection, keys)
    latest = _latest_versions(connection, keys)
    return [
        RegisteredModel(
            name=name,
            creation_timestamp=created // 1000,
            last_updated_timestamp=updated // 1000,
            description=description,
            latest_versions=latest.get(key, []),
            tags=tags.get(key, {}),
            aliases=aliases.get(key, {}),
            stages=(*STAGES, *json.loads(stages or "[]")),
            gates=tuple(gates.get(key, ())),
            last_version=last_version,
            event_number=key,
        )
        for key, name, created, updated, description, stages, last_version in rows
    ]


def _gates(connection: Connection, keys: list[int]) -> dict[int, list[Gate]]:
    found: dict[int, list[Gate]] = {}
    for key, stage, gate in connection.execute(
        "select model_key, stage, gate from current.registry_gates"
        " where list_contains($keys, model_key) order by stage",
        {"keys": keys},
    ).fetchall():
        found.setdefault(key, []).append(Gate(stage=stage, **json.loads(gate)))
    return found


def _latest_versions(connection: Connection, keys: list[int]) -> dict[int, list[ModelVersion]]:
    rows = connection.execute(
        f"select {_VERSION_COLUMNS} from current.registry_versions v"
        " where (v.model_key, v.stage, v.version) in ("
        "select model_key, stage, max(version) from current.registry_versions"
        " where not is_deleted and list_contains($keys, model_key) group by model_key, stage)"
        " order by v.version",
        {"keys": keys},
    ).fetchall()
    found: dict[int, list[ModelVersion]] = {}
    for row, version in zip(rows, _versions(connection, rows, at="current.")):
        found.setdefault(row[0], []).append(version)
    return found


def _versions(
    connection: Connection,
    rows: Sequence[Sequence[Any]],
    *,
    at: str,
    begin: tuple[str, dict[str, Any]] = ("", {}),
) -> list[ModelVersion]:
    keys = [row[2] for row in rows]
    tags = _texts_by_key(connection, f"{at}registry_version_tags", "version_key", keys, begin=begin)
    aliases: dict[tuple[int, int], list[str]] = {}
    for model_key, version, alias in connection.execute(
        f"{begin[0]} select model_key, version, alias from {at}registry_aliases"
        " where list_contains($keys, model_key) order by alias",
        {"keys": list({row[0] for row in rows}), **begin[1]},
    ).fetchall():
        aliases.setdefault((model_key, version), []).append(alias)
    return [
        _version(row, tags=tags.get(row[2], {}), aliases=aliases.get((row[0], row[1]), []))
        for row in rows
    ]


def _version(row: Sequence[Any], *, tags: dict[str, str], aliases: Iterable[str]) -> ModelVersion:
    _, version, key, name, created, updated, description, user_id, stage, *origin = row
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
        tags=tags,
        aliases=list(aliases),
        digest=digest,
        event_number=key,
    )


def _texts_by_key(
    connection: Connection,
    table: str,
    key_column: str,
    keys: list[int],
    *,
    begin: tuple[str, dict[str, Any]] = ("", {}),
) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for owner, key, value in connection.execute(
        f"{begin[0]} select {key_column}, key, value from {table}"
        f" where list_contains($keys, {key_column}) order by key",
        {"keys": keys, **begin[1]},
    ).fetchall():
        found.setdefault(owner, {})[key] = value
    return found
