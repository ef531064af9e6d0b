"""Which runs a snapshot says something new of, since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = ("run_keys", "run_events", "params", "tags", "metrics", "inputs")


class Mark(NamedTuple):
    """How far a table of the file reaches, and what tells whether it still begins so."""

    rowid: int
    rows: int
    content: str


class News(NamedTuple):
    """*run_keys* are those of runs that may differ; None if all may."""

    marks: Mapping[str, Mark]
    waiting: frozenset[str]  # ids of the runs in the journals' tails
    run_keys: frozenset[int] | None
    is_nothing: bool  # the file's tables are what they were


def read_news(connection: DuckDBPyConnection, known: News | None, *, is_same_file: bool) -> News:
    """*is_same_file*: surely nobody has written the file since *known*."""
    if known is not None and is_same_file:
        marks, begins_as_known = known.marks, True
    else:
        marks, begins_as_known = _marks(connection, known)
    waiting = dict(connection.execute(_WAITING).fetchall())
    ids = frozenset(waiting.values())
    if known is None or not begins_as_known:
        return News(marks, ids, None, False)
    is_nothing = marks == known.marks
    added = {} if is_nothing else dict(_added(connection, known))
    if not known.waiting <= ids | frozenset(added.values()):
        return News(marks, ids, None, False)  # what waited is gone, and was not folded
    return News(marks, ids, frozenset((*waiting, *added)), is_nothing)


def _marks(connection: DuckDBPyConnection, known: News | None) -> tuple[Mapping[str, Mark], bool]:
    """How far the tables reach now, and whether they begin with all that is known of them."""
    ends = {table: -1 if known is None else known.marks[table].rowid for table in _TABLES}
    rows = connection.execute(" union all ".join(map(_mark, _TABLES)), ends).fetchall()
    marks: dict[str, Mark] = {}
    begins_as_known = True
    for table, rowid, count, content, known_count, known_content in rows:
        marks[table] = Mark(rowid, count, content)
        if known is not None:
            before = known.marks[table]
            begins_as_known &= (before.rows, before.content) == (known_count, known_content)
    return marks, begins_as_known


def _mark(table: str) -> str:
    """Rows of one write have one time: a sum tells nearly any two beginnings apart."""
    content = "bit_xor(hash(run_key, run_id))" if table == "run_keys" else "sum(t)"
    known = f"filter (rowid <= ${table})"
    return (
        f"select '{table}', coalesce(max(rowid), -1), count(*),"
        f" coalesce({content}, 0)::varchar, count(*) {known},"
        f" coalesce({content} {known}, 0)::varchar from project.stored.{table}"
    )


def _added(connection: DuckDBPyConnection, known: News) -> list[tuple[int, str]]:
    """(key, id) of the runs that rows were added for."""
    ends = {table: known.marks[table].rowid for table in _TABLES}
    rows = " union ".join(
        f"select run_key from project.stored.{table} where rowid > ${table}" for table in _TABLES
    )
    return connection.execute(
        f"select run_key, run_id from ({rows}) join project.stored.run_keys using (run_key)", ends
    ).fetchall()


_WAITING = f"""
    select distinct run_key, run_id from ({
    " union ".join(f"select run_key from tail.{table}" for table in _TABLES)
}) join stored.run_keys using (run_key)
"""
