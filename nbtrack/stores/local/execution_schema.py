"""Executions of cells and the texts they ran: tables, how journal lines become rows, views."""

from __future__ import annotations

from nbtrack.stores.local.line_facts import IN_CALENDAR

FACTS = {"source": "varchar", "notebook": "varchar", "cell_id": "varchar",
         "execution_count": "integer", "run_id": "varchar", "seconds": "double",
         "status": "varchar"}  # fmt: skip
_STATUSES = ("running", "ok", "error")

TABLES: dict[str, dict[str, str]] = {
    "executions": {"kernel": "varchar", "number": "bigint", "t": "bigint", "run_id": "varchar",
                   "facts": "varchar"},
    "texts": {"digest": "varchar", "text": "varchar", "t": "bigint"},
}  # fmt: skip
TABLE_OF_KIND = {"execution": "executions", "text": "texts"}

# A condition on lines that make no sense, beside those of `schema`.
IS_BAD = f"""
    (k in ('execution', 'text') and n is null)
    or (k = 'text' and v is null)
    or (k = 'execution' and (s is null or s < 0 or (x->>'source') is null
        or coalesce((x->>'status'), 'running') not in {_STATUSES}
        or not coalesce({IN_CALENDAR.format("try_cast((x->>'started_us') as bigint)")}, true)))
"""

INSERTS: dict[str, str] = {
    "execution": "insert into {target}.executions select n, s, t, (x->>'run_id'), x from {lines}",
    "text": "insert into {target}.texts select n, any_value(v), min(t) from {lines}"
    " where n not in (select digest from project.stored.texts) group by n",
}

CURRENT_VIEWS: dict[str, str] = {
    "executions": """
        select kernel, number, arg_max(facts, t) as facts, arg_max(run_id, t) as run_id
        from stored.executions group by kernel, number""",
    "texts": "select digest, min(text) as text from stored.texts group by digest",
}

_FACTS = ", ".join(
    f"try_cast((facts->>'{name}') as {kind}) as {name}" for name, kind in FACTS.items()
)
PUBLIC_VIEWS: dict[str, str] = {
    "executions": f"""
        select kernel, number, {_FACTS},
            make_timestamp(try_cast((facts->>'started_us') as bigint)) as start_time,
            try_cast((facts->'needs') as bigint[]) as needs
        from (select * exclude (run_id) from current.executions)""",
    "texts": "select digest, text from current.texts",
}
