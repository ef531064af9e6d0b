"""What every question of a panel begins with: all runs as they stand, and which of them match.

Two temporary tables of the private DuckDB instance, made anew when they are out of date:

indexed_runs   the columns of `current.runs` and `parent_key`. 130 ms for 100,000 runs, so it is
               kept while points and params are logged, until a run or a tag is written.
matching       `run_key` and `is_folded` of the runs that the newest query matches: sorting and
               paging ask it again. A run is folded if its parent matches too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.records.runs import RunQuery
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.local.attachment import WAIT_SECONDS, Block
from nbtrack.stores.local.snapshot import Cut, SnapshotReader
from nbtrack.stores.queries.run_queries import INFO_COLUMNS, condition_of, limit_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.connection import Connection


class Question(NamedTuple):
    """What of a RunQuery decides which runs match."""

    experiment_ids: tuple[str, ...] | None
    filter_string: str | None
    view_type: int

    @classmethod
    def of(cls, query: RunQuery) -> Question:
        return cls(query.experiment_ids, query.filter_string, query.view_type)


class RunIndex:
    """The tables belong to the instance behind *snapshots*; so use one RunIndex for it."""

    def __init__(self, snapshots: SnapshotReader) -> None:
        self._snapshots = snapshots
        self._cut: Cut | None = None  # at which `indexed_runs` was right
        self._content: object = None  # what it was made from
        self._matched: tuple[object, Question] | None = None

    def open(self, query: RunQuery | None = None) -> Block:
        """A snapshot beside which `indexed_runs` and, for *query*, `matching` are right.

        Raises StoreBusy, InvalidFilter.
        """
        return Block(lambda block: self._enter(block, query), self._snapshots.leave)

    def _enter(self, block: Block, query: RunQuery | None) -> DuckDBPyConnection:
        connection = self._snapshots.enter(block, timeout=WAIT_SECONDS)
        cut = self._snapshots.cut
        self._index(connection, cut)
        if query is not None:
            self._match(connection, query, cut)
        return connection

    def _index(self, connection: DuckDBPyConnection, cut: Cut) -> None:
        if cut == self._cut:
            return
        content = (cut.instance, cut.dead_writers, *connection.execute(_CONTENT).fetchall())
        if content != self._content:
            self._cut = self._content = None  # for an interrupt
            connection.execute(_INDEX, {"parent_tag": PARENT_TAG})
            self._content = content
        self._cut = cut

    def _match(self, connection: DuckDBPyConnection, query: RunQuery, cut: Cut) -> None:
        question = Question.of(query)
        asked = (cut if query.filter_string else self._content), question
        if self._matched == asked:
            return
        self._matched = None
        where, parameters = condition_of(query)
        connection.execute(MATCHING.format(where=where), parameters)
        self._matched = asked


def matching_rows(
    connection: Connection, query: RunQuery, *, folded: bool = False
) -> list[tuple[Any, ...]]:
    """INFO_COLUMNS of one page of what matches, in order."""
    families = " where not is_folded" if folded else ""
    return sorted_rows(
        connection, f"r.run_key in (select run_key from matching{families})", query=query
    )


def sorted_rows(
    connection: Connection, where: str, *, query: RunQuery, **parameters: object
) -> list[tuple[Any, ...]]:
    """As matching_rows, of the runs for which *where* holds."""
    from nbtrack.stores.filters.clauses import run_order  # 20 ms that logging need not pay

    order = run_order(query.order_by)
    page = {"most": limit_of(query.max_results), "offset": query.offset}
    return connection.execute(
        f"select {INFO_COLUMNS} from indexed_runs r {order.joins} where {where}"
        f" order by {order.order_by} limit $most offset $offset",
        {**order.parameters, **page, **parameters},
    ).fetchall()


def count_matching(connection: Connection) -> tuple[int, int]:
    """(all, those that are not folded)"""
    row = connection.execute(
        "select count(*), count(*) filter (not is_folded) from matching"
    ).fetchone()
    return row[:2] if row else (0, 0)


# All tables only grow, but for `nbtrack gc`: these numbers change with every write. Keys of runs
# that are not folded yet may be given out otherwise next time.
_CONTENT = """
    select 'events' as of, count(*) as n, sum(t)::varchar as content from stored.run_events
    union all select 'tags', count(*), sum(t)::varchar from stored.tags
    union all select 'keys', max(run_key), null from project.stored.run_keys
    union all select 'waiting', run_key, run_id from tail.run_keys
    order by all
"""
# A parent begins before its child: otherwise two runs that name each other would hide each other.
_INDEX = """
    create or replace temp table indexed_runs as
    with runs as materialized (
        select * exclude (environment, writer, seen_us) from current.runs)
    select r.*, p.run_key as parent_key
    from runs r
        left join current.tags t on t.run_key = r.run_key and t.key = $parent_tag
        left join runs p on p.run_id = t.value
            and (coalesce(p.start_us, 0), p.run_key) < (coalesce(r.start_us, 0), r.run_key)
"""
MATCHING = """
    create or replace temp table matching as
    with found as materialized (
        select r.run_key, r.parent_key from indexed_runs r where {where})
    select run_key, parent_key in (select run_key from found) is true as is_folded from found
"""
