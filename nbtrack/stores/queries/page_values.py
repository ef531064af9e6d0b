"""Params, latest metrics and tags of the runs of one page.

Of a small page the rows themselves are read, all in one query, and the latest of each is found
here: planning a query over the views costs DuckDB 2 ms each, and reading these rows next to
nothing. Of a large page the views are asked, joined with the page's keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.stores.local.schema import EXPLICIT_FIRST
from nbtrack.stores.queries.latest import latest_points

if TYPE_CHECKING:
    from nbtrack.stores.connection import Connection

# For a page of runs their keys are written into the query, and DuckDB reads only their rows (with
# 100,000 runs 2-14 ms, as a join 125-145 ms). Planning costs 30 ms for a thousand keys, though.
MOST_KEYS_IN_TEXT = 200
NOWHERE: Mapping[str, Sequence[int]] = {}
_TIME = (1 << 60) - 1  # the bits of EXPLICIT_FIRST that are a time

Value = tuple[int, str, Any]  # place of the run on the page, key, value


class PageValues(NamedTuple):
    params: Iterable[Value]
    metrics: Iterable[Value]
    tags: Iterable[Value]


def read_page_values(
    connection: Connection,
    keys: Sequence[int],
    rows: Mapping[str, Sequence[int]] = NOWHERE,
) -> PageValues:
    """Of the runs with these keys; *rows* are places in some of the file's tables, of which it is
    known that theirs are among them.

    Of at most MOST_KEYS_IN_TEXT runs key by key, in the order in which the keys were logged, by
    name where that was at once. Of more in no order: sorting would cost a tenth of the read.
    """
    if len(keys) <= MOST_KEYS_IN_TEXT:
        return _from_rows(connection, keys, rows)
    store_page(connection, keys)
    views = ("params", "latest_metrics", "tags")
    return PageValues(*(_from_view(connection, view) for view in views))


def store_page(connection: Connection, keys: Sequence[int]) -> None:
    """The page's keys and places, as a table to join with."""
    connection.execute(
        "create or replace temp table page as"
        " select unnest($keys::integer[]) as run_key, unnest($places::integer[]) as place",
        {"keys": list(keys), "places": list(range(len(keys)))},
    )


def keys_in_text(keys: Sequence[int]) -> str:
    """`1, 2, 3`: they come from our own table, as integers."""
    return ", ".join(map(str, keys)) or "null"


def texts_bound(texts: Sequence[str]) -> tuple[str, dict[str, str]]:
    """`$k0, $k1` and their values.

    Unlike a list that is unnested, DuckDB looks for these before it puts rows together.
    """
    parameters = {f"k{number}": text for number, text in enumerate(texts)}
    return ", ".join(f"${name}" for name in parameters) or "null", parameters


def _from_view(connection: Connection, view: str) -> Iterable[Value]:
    text = f"select place, v.key, v.value from current.{view} v join page using (run_key)"
    # By column and tolist: a third of what fetchall takes for its tuples.
    found = connection.execute(text).fetchnumpy()
    return zip(*(found[name].tolist() for name in ("place", "key", "value")))


def _from_rows(
    connection: Connection,
    keys: Sequence[int],
    places_of_rows: Mapping[str, Sequence[int]],
) -> PageValues:
    # Of metrics there may be millions of rows: their latest are found by DuckDB.
    of_page = f"where run_key in ({keys_in_text(keys)})"
    params, metrics, tags = (
        (_SOME_ROWS if table in places_of_rows else "stored.{0}").format(table)
        for table in ("params", "metrics", "tags")
    )
    rows = connection.execute(
        f"""
        select 0, run_key, key, value, null::double, {EXPLICIT_FIRST} from {params} {of_page}
        union all
        select 1, run_key, key, null, value, first_us
        from ({latest_points(connection, metrics, of_page)})
        union all
        select 2, run_key, key, value, null, t from {tags} {of_page}
        """,
        dict(places_of_rows),
    ).fetchall()
    rows.sort(key=itemgetter(-1))
    found: tuple[dict[str, _OfKey], ...] = ({}, {}, {})
    for kind, run_key, key, text, number, place in rows:
        of_key = found[kind].get(key)
        if of_key is None:
            of_key = found[kind][key] = _OfKey(place & _TIME, {})
        of_key.latest[run_key] = number if kind == 1 else text
    places = {run_key: place for place, run_key in enumerate(keys)}
    of_params, of_metrics, of_tags = (_in_order(of_kind, places) for of_kind in found)
    return PageValues(of_params, of_metrics, [tag for tag in of_tags if tag[2] is not None])


_SOME_ROWS = """(
    select * from project.stored.{0} where rowid in (select unnest(${0}::bigint[]))
    union all select * from tail.{0})"""


class _OfKey(NamedTuple):
    first: int  # microseconds
    latest: dict[int, Any]  # by run_key


def _in_order(found: Mapping[str, _OfKey], places: Mapping[int, int]) -> list[Value]:
    ordered = sorted((of_key.first, key) for key, of_key in found.items())
    return [
        (places[run_key], key, value)
        for _, key in ordered
        for run_key, value in found[key].latest.items()
    ]
