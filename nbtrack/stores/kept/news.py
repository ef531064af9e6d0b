"""Which runs a snapshot says something new of, since an earlier one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from nbtrack.stores.local.schema import TABLES
from nbtrack.stores.queries.page_values import MOST_KEYS_IN_TEXT, keys_in_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TABLES = ("run_keys", "run_events", "params", "tags", "metrics", "inputs", "model_links",
           "model_points")  # fmt: skip
MOST_ROWS_COMPARED = 500_000  # of one table, in 10-15 ms


class Mark(NamedTuple):
    """How far a table of the file reaches, and what tells whether it still begins so."""

    rowid: int
    rows: int
    content: int
    is_exact: bool  # whether *content* is of all values, or of the rows' times


_Marks = Mapping[str, Mark]


class News(NamedTuple):
    """*run_keys* are those of runs that may differ; None if all may."""

    marks: _Marks
    waiting: frozenset[str]  # ids of the runs in the journals' tails
    run_keys: frozenset[int] | None
    is_nothing: bool  # the file's tables are what they were


def read_news(
    connection: DuckDBPyConnection,
    known: News | None,
    *,
    is_same_file: bool,
    has_only_grown: bool = False,
) -> News:
    """*is_same_file*: surely nobody has written the file since *known*; *has_only_grown*: surely
    rows were added to its tables at most."""
    if known is not None and is_same_file:
        marks, begins_as_known = known.marks, True
    else:
        marks, begins_as_known = _marks(connection, known, has_only_grown=has_only_grown)
    waiting = dict(connection.execute(_WAITING).fetchall())
    ids = frozenset(waiting.values())
    if known is None or not begins_as_known:
        return News(marks, ids, None, False)
    is_nothing = marks == known.marks
    added = {} if is_nothing else dict(_added(connection, known))
    if not known.waiting <= ids | frozenset(added.values()):
        return News(marks, ids, None, False)  # what waited is gone, and was not folded
    return News(marks, ids, frozenset((*waiting, *added)), is_nothing)


def _marks(
    connection: DuckDBPyConnection, known: News | None, *, has_only_grown: bool
) -> tuple[_Marks, bool]:
    """How far the tables reach now, and whether they begin with all that is known of them."""
    counts = dict(connection.execute(_COUNTS).fetchall())
    nothing = {
        table: Mark(-1, 0, 0, counts[table] <= MOST_ROWS_COMPARED or table == "run_keys")
        for table in _TABLES
    }
    if known is None:
        return _read_marks(connection, nothing, since=nothing), True
    if has_only_grown and all(
        known.marks[table].is_exact == nothing[table].is_exact for table in _TABLES
    ):
        marks = _read_marks(connection, nothing, since=known.marks)
        if {table: mark.rows for table, mark in marks.items()} == counts:
            return marks, True
    beginning = _read_marks(connection, nothing, since=nothing, until=known.marks)
    return _read_marks(connection, nothing, since=beginning), beginning == known.marks


def _read_marks(
    connection: DuckDBPyConnection, nothing: _Marks, *, since: _Marks, until: _Marks | None = None
) -> _Marks:
    """*since* with the rows behind it; with *until*, with none behind that."""
    ends = {table: mark.rowid for table, mark in since.items()}
    if until is not None:
        ends |= {f"{table}_until": mark.rowid for table, mark in until.items()}
    text = " union all ".join(
        _of_rows(table, is_exact=mark.is_exact, is_bounded=until is not None)
        for table, mark in nothing.items()
    )
    return {
        table: Mark(
            max(rowid, since[table].rowid),
            since[table].rows + rows,
            since[table].content + content,
            nothing[table].is_exact,
        )
        for table, rowid, rows, content in connection.execute(text, ends).fetchall()
    }


def _of_rows(table: str, *, is_exact: bool, is_bounded: bool) -> str:
    """A sum over all values changes with each of them.

    Where that would take too long, one over the rows' times tells nearly any two beginnings apart:
    those of one write have one time. An UPDATE by hand it does not tell.
    """
    content = f"sum(hash({', '.join(TABLES[table])}))" if is_exact else "sum(t)"
    bound = f" and rowid <= ${table}_until" if is_bounded else ""
    return (
        f"select '{table}', coalesce(max(rowid), -1), count(*), coalesce({content}, 0)::hugeint"
        f" from project.stored.{table} where rowid > ${table}{bound}"
    )


def _added(connection: DuckDBPyConnection, known: News) -> list[tuple[int, str]]:
    """(key, id) of the runs that rows were added for."""
    ends = {table: known.marks[table].rowid for table in _TABLES}
    rows = " union ".join(
        f"select run_key from project.stored.{table} where rowid > ${table}" for table in _TABLES
    )
    keys = [key for (key,) in connection.execute(rows, ends).fetchall()]
    of_runs = "true"
    if len(keys) <= MOST_KEYS_IN_TEXT:
        of_runs = f"run_key in ({keys_in_text(keys)})"
    found = connection.execute(
        f"select run_key, run_id from project.stored.run_keys where {of_runs}"
    ).fetchall()
    wanted = set(keys)
    return [row for row in found if row[0] in wanted]


_COUNTS = " union all ".join(
    f"select '{table}', count(*) from project.stored.{table}" for table in _TABLES
)
_WAITING = f"""
    select distinct run_key, run_id from ({
    " union ".join(f"select run_key from tail.{table}" for table in _TABLES)
}) join stored.run_keys using (run_key)
"""
