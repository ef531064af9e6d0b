"""Tables of the database file, views over them, and how journal lines become rows.

Base tables live in schema `stored`, in the file; the not yet folded tails have tables of the same
shape in schema `tail` of a private in-memory database. `current` has one row per thing as it
stands (integer keys, microseconds); the public views in `main` are what `nbtrack.sql` documents.

No primary keys or indexes: they triple the file and the write time, and DuckDB scans 12 M points
in about 100 ms. All tables only grow; "latest" is `arg_max(column, t)`, which skips nulls.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from nbtrack.journal.lines import MOST_POINTS_OF_LINE, RUN_FACTS
from nbtrack.stores.local import execution_schema, model_schema
from nbtrack.stores.local.line_facts import IN_CALENDAR, fact, from_facts, latest

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_CELL_COLUMNS = {
    "source": "varchar", "sha256": "varchar", "execution_count": "integer", "cell_id": "varchar",
    "notebook": "varchar", "kernel_started": "bigint", "lineage": "varchar", "attempt": "integer",
    "position": "integer", "error": "varchar", "traceback": "varchar", "seeds": "varchar",
    "cpu_seconds": "double", "peak_memory_bytes": "bigint", "cost_ms": "double",
}  # fmt: skip
_INPUT_COLUMNS = dict.fromkeys(
    ("name", "digest", "source_type", "source", "schema", "profile", "context", "tags"), "varchar"
)
_RUN_COLUMNS = {c: "bigint" if c.endswith("_us") else "varchar" for c in RUN_FACTS}
_EXPERIMENT_COLUMNS = {
    "name": "varchar", "renamed": "varchar", "artifact_location": "varchar",
    "lifecycle_stage": "varchar", "created_us": "bigint",
}  # fmt: skip

TABLES: dict[str, dict[str, str]] = {
    "run_keys": {"run_key": "integer", "run_id": "varchar"},
    "run_events": {"run_key": "integer", "t": "bigint", **_RUN_COLUMNS},
    "metrics": {"run_key": "integer", "key": "varchar", "value": "double", "step": "bigint",
                "t": "bigint"},
    "params": {"run_key": "integer", "key": "varchar", "value": "varchar",
               "is_explicit": "boolean", "t": "bigint"},
    "tags": {"run_key": "integer", "key": "varchar", "value": "varchar", "t": "bigint"},
    "artifacts": {"run_key": "integer", "path": "varchar", "sha256": "varchar", "size": "bigint",
                  "t": "bigint"},
    "cells": {"run_key": "integer", "t": "bigint", **_CELL_COLUMNS},
    "inputs": {"run_key": "integer", "t": "bigint", **_INPUT_COLUMNS},
    "environments": {"digest": "varchar", "content": "varchar", "t": "bigint"},
    "experiment_events": {"experiment_id": "varchar", "t": "bigint", **_EXPERIMENT_COLUMNS},
    "experiment_tags": {"experiment_id": "varchar", "key": "varchar", "value": "varchar",
                        "t": "bigint"},
    **model_schema.TABLES,
    **execution_schema.TABLES,
    "bad_lines": {"line": "varchar", "t": "bigint"},
}  # fmt: skip

_LINE_FORMAT = json.dumps(
    {"k": "VARCHAR", "r": "VARCHAR", "n": "VARCHAR", "v": "VARCHAR", "s": "BIGINT", "t": "BIGINT",
     "x": "JSON", "p": {"v": ["DOUBLE"], "s": ["BIGINT"], "d": ["BIGINT"]}}
)  # fmt: skip

# Less than the least: -step would be no step, and overflows where steps are compared.
_NO_STEP = "(-9223372036854775807 - 1)"

# 2.9 M rows a second without the GIL; json.loads per line would hold the GIL for seconds at scale.
# `->>` stands in parentheses: DuckDB 1.5 binds it more loosely than `is` and `=`.
# A newer nbtrack may write kinds we do not know: they are kept as they are, not dropped.
_IS_BAD = f"""
    k is null or k not in ('experiment', 'exptag', 'run', 'metric', 'points', 'param', 'tag',
        'artifact', 'cell', 'input', 'environment', 'model', 'modelvalue', 'modelpoint',
        'modellink', 'execution', 'text', 'close')
    or (k not in ('environment', 'experiment', 'exptag', 'model', 'modelvalue', 'execution', 'text',
        'close') and r is null)
    or (k in ('metric', 'points', 'param', 'tag', 'artifact', 'environment', 'experiment')
        and n is null)
    or (k = 'exptag' and (n is null or (x->>'key') is null))
    or (k <> 'close' and (t is null or not {IN_CALENDAR.format("t")}))
    or (k = 'run' and coalesce((x->>'status'), 'RUNNING')
        not in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'))
    or (k in ('run', 'experiment', 'model')
        and coalesce((x->>'lifecycle_stage'), 'active') not in ('active', 'deleted'))
    or (k in ('metric', 'modelpoint')
        and (s is null or s = {_NO_STEP} or try_cast(v as double) is null))
    or (k = 'points' and (s is null or s not between 1 and {MOST_POINTS_OF_LINE}
        or list_count(p.v) is distinct from s
        or list_count(p.s) is distinct from s or list_count(p.d) is distinct from s
        or len(p.v) <> s or len(p.s) <> s or len(p.d) <> s or list_min(p.s) = {_NO_STEP}
        or not {IN_CALENDAR.format("t::hugeint + list_min(p.d)")}
        or not {IN_CALENDAR.format("t::hugeint + list_max(p.d)")}))
    or ({model_schema.IS_BAD})
    or ({execution_schema.IS_BAD})
"""
# A line that begins with a space says nothing: it stands for one that is kept elsewhere.
PARSE = f"""
    create or replace temp table incoming as
    select *, {_IS_BAD} as is_bad from (
        select line, unnest(from_json(line, '{_LINE_FORMAT}'))
        from (select unnest(string_split($text, chr(10))) as line)
        where line <> '' and not starts_with(line, ' '))
"""
# The second try, when one of the lines is no JSON at all.
PARSE_WITH_DAMAGE = PARSE.replace(
    "from_json(line,", "from_json(case when json_valid(line) then line else '{}' end,"
)

KINDS_AND_RUNS = "select distinct k, r from incoming where not is_bad and k <> 'close'"
KNOWN_KEYS = """
    create or replace temp table keys_of_lines as
    select run_key, run_id, false as is_new from {known} where run_id in ({run_ids})
"""
# Of run ids that are not among them.
NEW_KEYS = """
    insert into keys_of_lines
    select (select coalesce(max(run_key), 0) from {known})
        + row_number() over (order by first), r, true
    from (select r, min(t) as first from incoming
          where not is_bad and r is not null
              and r not in (select run_id from keys_of_lines) group by r)
"""


_SAYS_MORE = "coalesce({}) is not null".format(
    ", ".join(f"(x->>'{name}')" for name in ("renamed", "artifact_location", "lifecycle_stage"))
)

# {lines} are the good lines of one kind, with run_key where the kind belongs to a run.
INSERTS: dict[str, str] = {
    "run": from_facts("run_events", "run_key", _RUN_COLUMNS),
    "metric": "insert into {target}.metrics"
    " select run_key, n, try_cast(v as double), s, t from {lines}",
    "points": "insert into {target}.metrics"
    " select run_key, n, unnest(p.v), unnest(p.s), t + unnest(p.d) from {lines}",
    "param": "insert into {target}.params"
    " select run_key, n, coalesce(v, ''), s is distinct from 0, t from {lines}",
    "tag": "insert into {target}.tags select run_key, n, v, t from {lines}",
    "artifact": "insert into {target}.artifacts select run_key, n, v, s, t from {lines}",
    "cell": from_facts("cells", "run_key", _CELL_COLUMNS),
    "input": from_facts("inputs", "run_key", _INPUT_COLUMNS),
    "environment": "insert into {target}.environments"
    " select n, any_value(x), min(t) from {lines}"
    " where n not in (select digest from project.stored.environments) group by n",
    # Each run announces its experiment: what says nothing new is left out.
    "experiment": from_facts("experiment_events", "n", _EXPERIMENT_COLUMNS)
    + f" where {_SAYS_MORE} or coalesce({fact('created_us', 'bigint')} < (select min(created_us)"
    " from project.stored.experiment_events where experiment_id = n), true)"
    f" qualify {_SAYS_MORE} or row_number() over (partition by n, {_SAYS_MORE} order by t) = 1",
    "exptag": "insert into {target}.experiment_tags select n, (x->>'key'), v, t from {lines}",
    **model_schema.INSERTS,
    **execution_schema.INSERTS,
}
TABLE_OF_KIND = {
    "run": "run_events", "metric": "metrics", "points": "metrics", "param": "params",
    "tag": "tags", "artifact": "artifacts", "cell": "cells", "input": "inputs",
    "environment": "environments", "experiment": "experiment_events",
    "exptag": "experiment_tags", **model_schema.TABLE_OF_KIND,
    **execution_schema.TABLE_OF_KIND,
}  # fmt: skip
KINDS_OF_RUNS = ("run", "metric", "points", "param", "tag", "artifact", "cell", "input",
                 *model_schema.KINDS_OF_RUNS)  # fmt: skip


# A param that was logged by hand stands above one that was read off the cell's source.
EXPLICIT_FIRST = "t + case when is_explicit then (1::bigint << 60) else 0 end"
# Latest is the highest step, then the highest time: as one number, which is twelve times
# faster than the maximum of a struct.
# A damaged line may have brought a step that is none into the file.
LATEST_PLACE = "greatest(step, -9223372036854775807)::hugeint * 18446744073709551616 + t"
# Only two processes log points of one place: then the larger value is the latest, as in MLflow.
# The maximum of a struct would lose the sign of zero.
LATEST_VALUE = "last(value order by {place}, value)"

_RUN_LATEST = latest({c: "" for c in RUN_FACTS if c not in ("name", "status")})

# `artifact_root` is a variable, so that a project folder can be moved with what is in it.
# `dead_writers` is filled per snapshot: a run whose process died is KILLED, not RUNNING for ever.
CURRENT_VIEWS: dict[str, str] = {
    "runs": f"""
        with latest as (
            select run_key, arg_max(name, t) as run_name, arg_max(status, t) as stored_status,
                max(t) as seen_us, {_RUN_LATEST}
            from stored.run_events group by run_key)
        select latest.* exclude (stored_status, end_us, lifecycle_stage, artifact_uri), run_id,
            coalesce(artifact_uri, getvariable('artifact_root') || '/' || run_id) as artifact_uri,
            coalesce(lifecycle_stage, 'active') as lifecycle_stage,
            case when stored_status = 'RUNNING' and writer in (select writer from main.dead_writers)
                then 'KILLED' else stored_status end as status,
            case when stored_status in ('RUNNING', 'SCHEDULED') then null else end_us end as end_us
        from latest join stored.run_keys using (run_key)""",
    "params": f"""
        select run_key, key, arg_max(value, rank) as value, max(is_explicit) as is_explicit
        from (select *, {EXPLICIT_FIRST} as rank from stored.params) group by run_key, key""",
    "tags": """
        select run_key, key, value
        from (select run_key, key, arg_max_null(value, t) as value from stored.tags
              group by run_key, key) where value is not null""",
    "latest_metrics": f"""
        select run_key, key, {LATEST_VALUE.format(place="place")} as value,
            arg_max(step, place) as step, arg_max(t, place) as t
        from (select *, {LATEST_PLACE} as place from stored.metrics)
        group by run_key, key""",
    "artifacts": """
        select run_key, path, sha256, size, t
        from (select run_key, path, arg_max_null(sha256, t) as sha256, arg_max(size, t) as size,
                  max(t) as t
              from stored.artifacts group by run_key, path) where sha256 is not null""",
    "cells": f"select run_key, {latest(_CELL_COLUMNS)} from stored.cells group by run_key",
    "inputs": f"""
        select run_key, {", ".join(_INPUT_COLUMNS)}, min(t) as t from stored.inputs
        group by run_key, {", ".join(_INPUT_COLUMNS)}""",
    "experiments": """
        select experiment_id, coalesce(arg_max(renamed, t), arg_min(name, t)) as name,
            coalesce(arg_min(artifact_location, t), getvariable('artifact_root'))
                as artifact_location,
            coalesce(arg_max(lifecycle_stage, t), 'active') as lifecycle_stage,
            min(created_us) as created_us, nullif(max(t), 0) as updated_us
        from (select experiment_id, t, name, renamed, artifact_location, lifecycle_stage,
                  created_us
              from stored.experiment_events
              -- Default is always there, as in MLflow, also in a project without a run.
              union all select '0', 0, 'Default', null, null, null, null)
        group by experiment_id""",
    "experiment_tags": """
        select experiment_id, key, value
        from (select experiment_id, key, arg_max_null(value, t) as value
              from stored.experiment_tags group by experiment_id, key) where value is not null""",
    **{
        name: query.replace("{explicit_first}", EXPLICIT_FIRST)
        for name, query in model_schema.CURRENT_VIEWS.items()
    },
    **execution_schema.CURRENT_VIEWS,
}

PUBLIC_VIEWS: dict[str, str] = {
    "runs": """
        select r.run_id, r.run_name, r.experiment_id, e.name as experiment, r.status,
            make_timestamp(r.start_us) as start_time, make_timestamp(r.end_us) as end_time,
            (r.end_us - r.start_us) / 1e6 as duration_seconds, r.user_id, r.lifecycle_stage,
            r.artifact_uri, p.value as parent_run_id, r.environment as environment_digest
        from current.runs r left join current.experiments e using (experiment_id)
            left join current.tags p on p.run_key = r.run_key and p.key = 'mlflow.parentRunId'""",
    "params": "select run_id, key, value, not is_explicit as is_inferred"
    " from current.params join stored.run_keys using (run_key)",
    "metrics": "select run_id, key, value, step, make_timestamp(t) as timestamp"
    " from stored.metrics join stored.run_keys using (run_key)",
    "latest_metrics": "select run_id, key, value, step, make_timestamp(t) as timestamp"
    " from current.latest_metrics join stored.run_keys using (run_key)",
    "tags": "select run_id, key, value from current.tags join stored.run_keys using (run_key)",
    "artifacts": "select run_id, path, size, sha256, make_timestamp(t) as logged_at"
    " from current.artifacts join stored.run_keys using (run_key)",
    "cells": "select run_id, * exclude (run_key, run_id, kernel_started),"
    " make_timestamp(kernel_started) as kernel_started"
    " from current.cells join stored.run_keys using (run_key)",
    "inputs": "select run_id, * exclude (run_key, run_id, t), make_timestamp(t) as logged_at"
    " from current.inputs join stored.run_keys using (run_key)",
    "experiments": "select experiment_id, name, artifact_location, lifecycle_stage,"
    " make_timestamp(created_us) as creation_time, make_timestamp(updated_us) as last_update_time"
    " from current.experiments",
    "environments": "select digest, min(content) as content, make_timestamp(min(t)) as first_seen"
    " from stored.environments group by digest",
    **model_schema.PUBLIC_VIEWS,
    **execution_schema.PUBLIC_VIEWS,
    "bad_lines": "select line, make_timestamp(t) as found_at from stored.bad_lines",
}


def create_tables(schema: str) -> list[str]:
    """Statements that make an empty copy of every base table that *schema* does not have."""
    return [f"create schema if not exists {schema}"] + [
        f"create table if not exists {schema}.{table} ({_typed(columns)})"
        for table, columns in TABLES.items()
    ]


def _typed(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def create_views(prefix: str) -> list[str]:
    """`current` and the public views in catalog *prefix*, over whatever `stored` holds there."""
    current = [
        f"create or replace view {prefix}.current.{n} as {q}" for n, q in CURRENT_VIEWS.items()
    ]
    public = [f"create or replace view {prefix}.main.{n} as {q}" for n, q in PUBLIC_VIEWS.items()]
    return [f"create schema if not exists {prefix}.current", *current, *public]


def create_union_views(*, without: Collection[str] = ()) -> list[str]:
    """`stored` of the in-memory database: what is folded, and behind it the tails.

    *without*: tables that the file does not have.
    """
    return ["create schema if not exists stored"] + [
        f"create or replace view stored.{table} as"
        + (f" select * from project.stored.{table} union all" if table not in without else "")
        + f" select * from tail.{table}"
        for table in TABLES
    ]


def missing_tables(connection: DuckDBPyConnection) -> frozenset[str]:
    """Those that the attached `project` does not have: it is of an older nbtrack."""
    found = connection.execute(
        "select table_name from duckdb_tables()"
        " where database_name = 'project' and schema_name = 'stored'"
    ).fetchall()
    return frozenset(TABLES.keys() - {name for (name,) in found})
