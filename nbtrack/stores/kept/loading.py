"""What is kept of runs, as it is read from an open snapshot: by column, for all runs or some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from nbtrack.stores.local.schema import EXPLICIT_FIRST, LATEST_PLACE, LATEST_VALUE
from nbtrack.stores.queries.page_values import MOST_KEYS_IN_TEXT, keys_in_text, texts_bound

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from nbtrack.stores.kept.columns import Integers

Kind: TypeAlias = Literal["params", "metrics", "tags"]
KINDS: tuple[Kind, ...] = ("params", "metrics", "tags")
MOST_AT_ONCE = MOST_KEYS_IN_TEXT  # runs that are read by their keys
ATTRIBUTES = (
    "run_id", "run_name", "experiment_id", "user_id", "status", "lifecycle_stage", "artifact_uri",
)  # fmt: skip


class Values(NamedTuple):
    """The latest of one key, of one run after another; *texts* are None for a metric."""

    key: str
    run_keys: Integers
    texts: Sequence[str] | None
    numbers: Any  # masked where a text is no number


def read_attributes(
    connection: DuckDBPyConnection, run_keys: Sequence[int] | None = None
) -> dict[str, Any]:
    """Arrays by name: `run_key`, `start_us` and `end_us` of numbers, masked where there is none,
    and those of ATTRIBUTES."""
    names = ", ".join(("run_key", "start_us", "end_us", *ATTRIBUTES))
    return connection.execute(
        f"select {names} from current.runs where {_of(run_keys)}"
    ).fetchnumpy()


def read_values(
    connection: DuckDBPyConnection,
    kind: Kind,
    *,
    run_keys: Sequence[int] | None = None,
    keys: Sequence[str] | None = None,
) -> Iterator[Values]:
    """Of all keys and runs, or only of these."""
    names, parameters = ("", {}) if keys is None else texts_bound(keys)
    of_keys = f" and key in ({names})" if keys is not None else ""
    latest = LATEST[kind].format(where=_of(run_keys) + of_keys)
    number = "null" if kind == "metrics" else "list(try_cast(value as double))"
    found = connection.execute(
        f"select key, list(run_key) as run_keys, list(value) as found, {number} as numbers"
        f" from ({latest}) where value is not null group by key order by key",
        parameters,
    ).fetchnumpy()
    columns = (found[name] for name in ("key", "run_keys", "found", "numbers"))
    for key, of_runs, values, numbers in zip(*columns):
        if kind == "metrics":
            yield Values(key, of_runs, None, values)
        else:
            yield Values(key, of_runs, values, numbers)


def read_column(
    connection: DuckDBPyConnection, kind: Kind, key: str, *, runs: int
) -> Iterator[Values]:
    """One key of all runs, of which there are about *runs*.

    Most keys are logged once a run: then its rows are the latest, and finding that out here takes
    half of what DuckDB takes to look for the latest.
    """
    import numpy as np

    most = 2 * runs + 1000
    text = _ROWS[kind].format(most=most)
    found: dict[str, Any] = connection.execute(text, {"key": key}).fetchnumpy()
    run_keys = found["run_key"]
    if len(run_keys) == most or np.bincount(run_keys, minlength=1).max() > 1:
        yield from read_values(connection, kind, keys=[key])
    elif kind == "metrics":
        yield Values(key, run_keys, None, found["value"])
    else:
        has = ~np.ma.getmaskarray(found["value"])  # a tag that was removed has none
        yield Values(key, run_keys[has], found["value"][has], found["number"][has])


def count_runs(connection: DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from stored.run_keys").fetchone()
    return int(row[0]) if row else 0


def count_keys(connection: DuckDBPyConnection) -> int:
    """How many keys all runs have together."""
    row = connection.execute(
        " union all ".join(f"select count(distinct key) from stored.{kind}" for kind in KINDS)
    ).fetchall()
    return sum(count for (count,) in row)


def _of(run_keys: Sequence[int] | None) -> str:
    return "true" if run_keys is None else f"run_key in ({keys_in_text(run_keys)})"


_AS_TEXT = "select run_key, value, try_cast(value as double) as number"
_ROWS: dict[Kind, str] = {
    "params": f"{_AS_TEXT} from stored.params where key = $key limit {{most}}",
    "metrics": "select run_key, value from stored.metrics where key = $key limit {most}",
    "tags": f"{_AS_TEXT} from stored.tags where key = $key limit {{most}}",
}
LATEST: dict[Kind, str] = {
    "params": f"""
        select run_key, key, arg_max(value, rank) as value
        from (select run_key, key, value, {EXPLICIT_FIRST} as rank from stored.params
              where {{where}})
        group by run_key, key""",
    "metrics": f"""
        select run_key, key, {LATEST_VALUE.format(place="place")} as value
        from (select run_key, key, value, {LATEST_PLACE} as place from stored.metrics
              where {{where}})
        group by run_key, key""",
    "tags": """
        select run_key, key, arg_max_null(value, t) as value
        from stored.tags where {where} group by run_key, key""",
}
