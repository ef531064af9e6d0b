"""Tables of the database, the views over them, and how the newest values are kept.

`stored` holds what the lines said, in the tables of the folder's store; `current` one row for each
thing as it stands. What a search looks at for all runs - runs, params, tags, latest points - are
tables there, renewed with the lines that change them; the rest are the folder's own views.

Ids are looked up by a hash index: what a client sends as one may be longer than a b-tree takes.
"""

from __future__ import annotations

from nbtrack.journal.lines import RUN_FACTS
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.local import schema as of_folder
from nbtrack.stores.local.line_facts import latest
from nbtrack.stores.postgres.dialect import translated
from nbtrack.stores.registry import registry_schema

# Points are most of a database. A run is an integer, a key another: 60 bytes a point with all that
# PostgreSQL notes of a row. Partitions are ranges of runs, which are numbered as they come: a
# question is about a few runs, so it opens a few partitions, whose indexes fit in memory while the
# runs are new; old ones are never written again, and can be moved or dropped as a whole.
RUNS_IN_PARTITION = 1 << 14
PARENT_KEY_ID = 1  # of PARENT_TAG, for an index that is about this tag only

_TEXT = 'text collate "C"'  # ordered by bytes, as in DuckDB
_KINDS = {"varchar": _TEXT, "double": "float8"}
_OTHERWISE = ("run_keys", "metrics", "executions", "environments", "texts")
_INDEXED = {
    "run_events": "run_key", "params": "run_key", "tags": "run_key", "artifacts": "run_key",
    "cells": "run_key", "inputs": "run_key", "model_points": "run_key", "model_links": "run_key",
}  # fmt: skip
_HASHED = {
    "experiment_events": "experiment_id", "experiment_tags": "experiment_id",
    "model_events": "model_id", "model_values": "model_id", "executions": "kernel",
    "environments": "digest", "texts": "digest",
}  # fmt: skip


def _column(name: str, kind: str) -> str:
    return f'"{name}" {_KINDS.get(kind, kind)}'


def _create_stored() -> list[str]:
    statements = ["create schema current", "create schema main"]
    for table, columns in of_folder.TABLES.items():
        if table not in ("run_keys", "metrics"):
            typed = ", ".join(_column(name, kind) for name, kind in columns.items())
            statements.append(f"create table stored.{table} ({typed})")
    statements += [f"create index on stored.{t} ({column})" for t, column in _INDEXED.items()]
    statements += [f"create index on stored.{t} using hash ({c})" for t, c in _HASHED.items()]
    return statements


_KEYS = (
    f"create table stored.run_keys (run_key integer primary key, run_id {_TEXT})",
    "create index on stored.run_keys using hash (run_id)",
    f"create table stored.key_names (key_id integer primary key, name {_TEXT})",
    "create index on stored.key_names using hash (name)",
    f"insert into stored.key_names values ({PARENT_KEY_ID}, '{PARENT_TAG}')",
    # The journals that were taken in: how much of each, and of that what is no whole line yet.
    f"create table stored.segments (segment {_TEXT} primary key, received bigint, rest bytea)",
    # A number that changes with every write.
    "create table stored.changes (n bigint)",
    "insert into stored.changes values (0)",
    f"create table stored.project (id {_TEXT})",
)
_POINTS = (
    "create table stored.points (run_key integer, key_id integer, step bigint, t bigint,"
    " value float8) partition by range (run_key)",
    # Equal entries share one, with 7 bytes for each point. 10,000 points of one of 40 runs that
    # were written at once, among 4 M: 50 ms; by a BRIN index, which takes next to no room, 1,270.
    "create index on stored.points (run_key, key_id)",
    "create view stored.metrics as select run_key, name as key, value, step, t"
    " from stored.points join stored.key_names using (key_id)",
)
_CURRENT = (
    f"create table current.run_rows (run_key integer primary key, run_id {_TEXT},"
    + ", ".join(
        _column("run_name" if c == "name" else c, of_folder.TABLES["run_events"][c])
        for c in RUN_FACTS
    )
    + ", seen_us bigint, parent_key integer)",
    "create index on current.run_rows (start_us desc nulls last)",  # the newest runs
    "create index on current.run_rows (parent_key)",
    f"create table current.param_values (run_key integer, key_id integer, value {_TEXT},"
    " is_explicit boolean, primary key (run_key, key_id))",
    "create index on current.param_values (key_id, run_key)",
    f"create table current.tag_values (run_key integer, key_id integer, value {_TEXT},"
    " primary key (run_key, key_id))",
    "create index on current.tag_values (key_id, run_key)",
    f"create index on current.tag_values using hash (value) where key_id = {PARENT_KEY_ID}",
    "create table current.latest_points (run_key integer, key_id integer, step bigint, t bigint,"
    " value float8, first_us bigint, primary key (run_key, key_id))",
    "create index on current.latest_points (key_id, run_key) include (value)",
)
# See `first_page`. Not of tags, which are words.
ORDERED = (
    "create index on current.latest_points (key_id, value)",
    "create index on current.param_values (key_id, main.try_float8(value))",
)

_NAMED = "join stored.key_names using (key_id)"
_VIEWS = {
    "runs": """
        select run_key, run_id, run_name, experiment_id, user_id, status, start_us,
            case when status in ('RUNNING', 'SCHEDULED') then null else end_us end as end_us,
            lifecycle_stage,
            coalesce(artifact_uri, main.getvariable('artifact_root') || '/' || run_id)
                as artifact_uri,
            writer, environment, seen_us, parent_key
        from current.run_rows""",
    "params": f"select run_key, name as key, value, is_explicit from current.param_values {_NAMED}",
    "tags": f"select run_key, name as key, value from current.tag_values {_NAMED}",
    "latest_metrics": "select run_key, name as key, value, step, t, first_us"
    f" from current.latest_points {_NAMED}",
    "executions": "select kernel, number, facts, run_id from stored.executions",
    "texts": "select digest, text from stored.texts",
}
# Of single runs: a join with a view that is grouped would group all of it first.
_PUBLIC = {
    "indexed_runs": "select * from current.runs",
    "cells": "select k.run_id, {names}, main.make_timestamp(kernel_started) as kernel_started"
    " from stored.run_keys k cross join lateral (select {latest}"
    " from stored.cells where run_key = k.run_key having count(*) > 0) c",
    "artifacts": "select k.run_id, a.path, a.size, a.sha256 from stored.run_keys k"
    " cross join lateral (select * from current.artifacts where run_key = k.run_key) a",
    "tags": "select run_id, key, value from current.tags join stored.run_keys using (run_key)",
    "runs": "select run_id, environment as environment_digest from current.run_rows",
    "environments": "select digest, content from stored.environments",
    "inputs": "select run_key, run_id, name, digest, context from current.inputs"
    " join stored.run_keys using (run_key)",
}


def _create_views() -> list[str]:
    cells = dict.fromkeys(c for c in of_folder.TABLES["cells"] if c not in ("run_key", "t"))
    shown = ", ".join(f"c.{name}" for name in cells if name != "kernel_started")
    views = {**of_folder.CURRENT_VIEWS, **_VIEWS}
    first = [*_VIEWS, "model_outputs", "model_values"]  # what others look at
    names = [*first, *(name for name in views if name not in first)]
    statements = [f"create or replace view current.{n} as {translated(views[n])}" for n in names]
    registry = registry_schema.relations("stored.registry_events", at="current.")
    statements += [f"create or replace view current.{n} as {translated(q)}"
                   for n, q in registry.items()]  # fmt: skip
    for name, query in _PUBLIC.items():
        text = query.replace("{names}", shown).replace("{latest}", latest(cells))
        statements.append(f"create or replace view main.{name} as {translated(text)}")
    return statements


def _create_registry() -> str:
    typed = ", ".join(_column(name, kind) for name, kind in registry_schema.COLUMNS.items())
    return f"create table stored.registry_events ({typed}, primary key (n))"


def create_all() -> list[str]:
    return [*_create_stored(), *_KEYS, *_POINTS, *_CURRENT, _create_registry()]


create_views = _create_views


def create_partition(number: int) -> str:
    """Of the runs from RUNS_IN_PARTITION * *number*. To attach a table stops no reader, as to
    create it as a part would."""
    begin, name = number * RUNS_IN_PARTITION, f"points_{number}"
    return f"""
        do $body$ begin
            if to_regclass('stored.{name}') is null then
                create table stored.{name} (like stored.points);
                alter table stored.points attach partition stored.{name}
                    for values from ({begin}) to ({begin + RUNS_IN_PARTITION});
            end if;
        end $body$"""


# --- what is kept of the runs with the keys $keys

# The order of the columns is that of the tables.
# The stage as a plain column: of an expression PostgreSQL does not know how many runs have it, and
# looks each of 20,000 up by itself.
_RUN_LATEST = ", ".join(
    "coalesce(arg_max(lifecycle_stage, t), 'active')" if c == "lifecycle_stage" else latest([c])
    for c in RUN_FACTS
)
RENEW_RUNS = f"""
    insert into current.run_rows
    select run_key, run_id, {_RUN_LATEST}, max(t), null
    from stored.run_events join stored.run_keys using (run_key)
    where list_contains($keys, run_key) group by run_key, run_id
"""
FORGET_RUNS = "delete from current.run_rows where list_contains($keys, run_key)"
# A parent begins before its child: otherwise two runs that name each other would hide each other.
RENEW_PARENTS = f"""
    update current.run_rows r set parent_key = (
        select p.run_key from current.tag_values t
            join stored.run_keys k on k.run_id = t.value
            join current.run_rows p on p.run_key = k.run_key
        where t.run_key = r.run_key and t.key_id = {PARENT_KEY_ID}
            and (coalesce(p.start_us, 0), p.run_key) < (coalesce(r.start_us, 0), r.run_key))
    where list_contains($keys, r.run_key) or r.run_key in (
        select run_key from current.tag_values where key_id = {PARENT_KEY_ID} and value in (
            select run_id from stored.run_keys where list_contains($keys, run_key)))
"""
# Of $runs[i] the key $names[i], whose number is $ids[i].
_WANTED = """
    (select distinct unnest($runs) as run_key, unnest($names) as key, unnest($ids) as key_id) w
"""
RENEW_PARAMS = f"""
    insert into current.param_values
    select w.run_key, w.key_id, arg_max(p.value, {of_folder.EXPLICIT_FIRST}),
        bool_or(p.is_explicit)
    from {_WANTED} join stored.params p on p.run_key = w.run_key and p.key = w.key
    group by w.run_key, w.key_id
    on conflict (run_key, key_id)
        do update set value = excluded.value, is_explicit = excluded.is_explicit
"""
RENEW_TAGS = f"""
    insert into current.tag_values
    select run_key, key_id, value from (
        select w.run_key, w.key_id, arg_max_null(p.value, p.t) as value
        from {_WANTED} join stored.tags p on p.run_key = w.run_key and p.key = w.key
        group by w.run_key, w.key_id) where value is not null
    on conflict (run_key, key_id) do update set value = excluded.value
"""
FORGET_TAGS = f"""
    delete from current.tag_values v using {_WANTED}
    where v.run_key = w.run_key and v.key_id = w.key_id
"""
RENEW_LATEST = """
    insert into current.latest_points as l
    select unnest($runs::integer[]), unnest($ids::integer[]), unnest($steps::bigint[]),
        unnest($times::bigint[]), unnest($values::float8[]), unnest($firsts::bigint[])
    on conflict (run_key, key_id) do update set
        step = case when {newer} then excluded.step else l.step end,
        t = case when {newer} then excluded.t else l.t end,
        value = case when {newer} then excluded.value else l.value end,
        first_us = least(l.first_us, excluded.first_us)
    where {newer} or excluded.first_us < l.first_us
""".replace("{newer}", "(excluded.step, excluded.t, excluded.value) > (l.step, l.t, l.value)")
# As `stores.local.fold` ends those of a process that died.
END_RUNS = """
    insert into stored.run_events (run_key, status, t, end_us)
    select run_key, 'KILLED', seen_us + 1,
        greatest(seen_us, case when last_point < $now then last_point end)
    from current.run_rows r, lateral (
        select max(t) as last_point from stored.points p where p.run_key = r.run_key) points
    where status = 'RUNNING' and writer = $writer
    returning run_key
"""
