"""Which runs a snapshot says something new of, since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from nbtrack.stores.local.schema import TABLES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = ("run_keys", "run_events", "params", "tags", "metrics", "inputs")
MOST_ROWS_COMPARED = 500_000  # of one table, in 10-15 ms


class Mark(NamedTuple):
    """How far a table of the file reaches, and what tells whether it still begins so."""

    rowid: int
    rows: int
    content: str
    is_exact: bool  # whether *content* is of all values, or of the rows' times


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
    counts = dict(connection.execute(_COUNTS).fetchall())
    is_exact = {table: counts[table] <= MOST_ROWS_COMPARED for table in _TABLES}
    text = " union all ".join(_mark(table, is_exact=is_exact[table]) for table in _TABLES)
    marks: dict[str, Mark] = {}
    begins_as_known = True
    for table, rowid, count, content, *beginning in connection.execute(text, ends).fetchall():
        mark = marks[table] = Mark(rowid, count, content, is_exact[table])
        if known is not None:
            before = known.marks[table]
            begins_as_known &= before.rowid <= mark.rowid and before.is_exact == mark.is_exact
            begins_as_known &= [before.rows, before.content] == beginning
    return marks, begins_as_known


def _mark(table: str, *, is_exact: bool) -> str:
    """A sum over all values changes with each of them.

    Where that would take too long, one over the rows' times tells nearly any two beginnings apart:
    those of one write have one time. An UPDATE by hand it does not tell.
    """
    columns = ", ".join(TABLES[table])
    content = f"sum(hash({columns}))" if is_exact or table == "run_keys" else "sum(t)"
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


_COUNTS = " union all ".join(
    f"select '{table}', count(*) from project.stored.{table}" for table in _TABLES
)
_WAITING = f"""
    select distinct run_key, run_id from ({
    " union ".join(f"select run_key from tail.{table}" for table in _TABLES)
}) join stored.run_keys using (run_key)
"""
