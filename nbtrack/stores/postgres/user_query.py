"""The user's own SQL, over views of the same names and columns as those of a folder.

It reads, and that only: a cursor takes one SELECT, in a transaction that can write nothing, for as
long as any question may take. Whoever asks may be the database's owner, whom it lets read files of
its machine: functions that do so, or that run SQL out of a text, are not called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from nbtrack.errors import InvalidValue
from nbtrack.stores.local import execution_schema
from nbtrack.stores.local import schema as of_folder
from nbtrack.stores.postgres.connection import PgConnection, told_as_ours
from nbtrack.stores.postgres.dialect import translated
from nbtrack.stores.registry import registry_schema

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "views"
_NOT_CALLED = re.compile(
    r"\b(?:pg|lo)_\w*|\w*_to_xml\w*|\bdblink\w*|\bts_(?:stat|rewrite)\b"
    r"|\b(?:set_config|current_setting|nextval|setval)\b|\bu&",
    re.IGNORECASE,
)
_VALUE = re.compile(r"'[^']*'")
_OTHER_QUOTES = re.compile(r"""[eubnx&]'|\$\w*\$|["\\]|--|/\*""", re.IGNORECASE)
_PARAMETER = re.compile(r"\$([a-z_]\w*)")
_ONE_QUERY = "nbtrack.sql() answers one SELECT; the record itself is changed through the API only."
_PAIRS = "jsonb_object_agg(key, value order by key)"
_OF_RUNS = "join stored.run_keys using (run_key)"


def _facts() -> str:
    kinds = execution_schema.FACTS
    return ", ".join(
        f"main.as_json(facts) ->> '{name}' as {name}" if kind == "varchar"
        else f"(main.as_json(facts) ->> '{name}')::{kind} as {name}"
        for name, kind in kinds.items()
    ).replace("::double ", "::float8 ")  # fmt: skip


def _columns(table: str, *without: str) -> str:
    names = [name for name in of_folder.TABLES[table] if name not in ("run_key", *without)]
    return ", ".join(names)


# Those that PostgreSQL says in other words than a folder.
_OTHERWISE = {
    "cells": f"select run_id, {_columns('cells', 't', 'kernel_started')},"
    f" main.make_timestamp(kernel_started) as kernel_started from current.cells {_OF_RUNS}",
    "inputs": f"select run_id, {_columns('inputs', 't')}, main.make_timestamp(t) as logged_at"
    f" from current.inputs {_OF_RUNS}",
    "executions": f"""
        select kernel, number, {_facts()},
            main.make_timestamp(main.try_bigint(main.as_json(facts) ->> 'started_us'))
                as start_time,
            case jsonb_typeof(main.as_json(facts) -> 'needs') when 'array' then array(
                select main.try_bigint(n) from jsonb_array_elements_text(
                    main.as_json(facts) -> 'needs') n) end as needs
        from stored.executions""",
    "logged_models": f"""
        select m.model_id, m.name, m.experiment_id, m.source_run_id, m.status, m.model_type,
            (select {_PAIRS} from current.model_params p where p.model_id = m.model_id) as params,
            (select {_PAIRS} from current.model_tags t where t.model_id = m.model_id) as tags,
            m.artifact_location, m.lifecycle_stage,
            main.make_timestamp(m.created_us) as creation_time,
            main.make_timestamp(m.updated_us) as last_updated_time
        from current.logged_models m""",
    "registered_models": f"""
        select m.name, m.description, m.last_version,
            (select {_PAIRS} from current.registry_model_tags t where t.model_key = m.model_key)
                as tags,
            main.make_timestamp(m.created_us) as created_at,
            main.make_timestamp(m.updated_us) as last_updated_at
        from current.registry_models m where not m.is_deleted""",
    "model_versions": f"""
        select v.name, v.version, v.stage,
            array(select alias from current.registry_aliases a
                where a.model_key = v.model_key and a.version = v.version order by alias)
                as aliases,
            (select {_PAIRS} from current.registry_version_tags t
                where t.version_key = v.version_key) as tags,
            v.description, v.run_id, v.source, v.digest, v.user_id,
            main.make_timestamp(v.created_us) as created_at,
            main.make_timestamp(v.updated_us) as last_updated_at
        from current.registry_versions v where not v.is_deleted""",
}


def create_views() -> list[str]:
    views = {**of_folder.PUBLIC_VIEWS, **registry_schema.PUBLIC_VIEWS}
    told = {name: _OTHERWISE.get(name) or translated(query) for name, query in views.items()}
    statements = [f"create or replace view {SCHEMA}.{name} as {q}" for name, q in told.items()]
    return [f"create schema if not exists {SCHEMA}", *statements]


def user_query(
    connection: PgConnection, sql: str, parameters: Mapping[str, object] | None
) -> pd.DataFrame:
    """Raises InvalidValue for wrong SQL, and for anything but one query."""
    if (found := _NOT_CALLED.search(_without_values(sql))) is not None:
        raise InvalidValue(
            f"{found[0]!r:.80} is about the database itself, or may be, and not about the record. "
            + _ONE_QUERY
            + " A value of that name can be given as a parameter."
        )
    raw = connection.raw
    raw.execute("begin transaction read only")
    try:
        raw.execute(f"set local search_path = {SCHEMA}")
        return _answer(raw, sql, parameters)
    finally:
        with suppress(psycopg.Error):
            if raw.info.transaction_status is not TransactionStatus.IDLE:
                raw.execute("rollback")


def _without_values(sql: str) -> str:
    """Without plain texts in quotes, which call nothing: `where key = 'pg_loss'`. Where any other
    way of quoting may begin or end them (E'', U&'', $$, "", remarks), all of it is looked at."""
    if _OTHER_QUOTES.search(sql) is not None:
        return sql
    return _VALUE.sub("''", sql)


def _answer(
    raw: psycopg.Connection[Any], sql: str, parameters: Mapping[str, object] | None
) -> pd.DataFrame:
    import pandas as pd

    text = sql.strip().rstrip(";")
    if parameters:
        text = _PARAMETER.sub(r"%(\1)s", text.replace("%", "%%"))
    try:
        with told_as_ours(), raw.cursor(name="nbtrack_answer") as cursor:
            cursor.execute(text.encode(), dict(parameters) if parameters else None)
            names = [column.name for column in cursor.description or ()]
            return pd.DataFrame(cursor.fetchall(), columns=names)
    except psycopg.Error as exc:
        views = ", ".join(sorted({*of_folder.PUBLIC_VIEWS, *registry_schema.PUBLIC_VIEWS}))
        raise InvalidValue(f"{exc}\n\n{_ONE_QUERY} The views are {views}.") from exc
