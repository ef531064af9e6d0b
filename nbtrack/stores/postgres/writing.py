"""Rows of lines into the tables, in the transaction of who calls; one writes at a time.

What is kept as it stands (`current`) is renewed where these rows change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nbtrack.journal.lines import now_us
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.local.schema import TABLES
from nbtrack.stores.postgres import schema
from nbtrack.stores.postgres.connection import PgConnection
from nbtrack.stores.postgres.plain_points import Points
from nbtrack.stores.postgres.point_copy import COLUMNS, binary_copy
from nbtrack.stores.postgres.staging import Row, Rows, in_columns

_LOCK = 0x6E627472  # "nbtr": an advisory lock of this database
_ONCE = {"environments": "digest", "texts": "digest"}  # what is kept under a digest


def take_turn(connection: PgConnection) -> None:
    """Until the transaction ends nobody else numbers runs and keys, or renews what is kept."""
    connection.execute("set local statement_timeout = 0")  # what is taken in is taken in
    connection.execute(f"select pg_advisory_xact_lock({_LOCK})")


class Writer:
    """Remembers the numbers of keys; `forget` them when a transaction has failed."""

    def __init__(self) -> None:
        self._key_ids: dict[str, int] = {}
        self._partitions: set[int] = set()

    def forget(self) -> None:
        self._key_ids, self._partitions = {}, set()

    def write(self, connection: PgConnection, rows: Rows) -> None:
        """After `take_turn`."""
        keys = _number_runs(connection, rows.run_ids)
        of_table = {
            table: [(keys[row[0] - 1], *row[1:]) for row in found]
            if "run_key" in TABLES[table]
            else found
            for table, found in rows.of_table.items()
        }
        for table, found in of_table.items():
            _insert(connection, table, found)
        if rows.points is not None:
            self._write_points(connection, rows.points, np.array(keys, dtype=np.int64))
        self._renew(connection, of_table)
        connection.execute("update stored.changes set n = n + 1")

    def end_runs(self, connection: PgConnection, writer: str) -> None:
        """Those that *writer* left running were killed. After `take_turn`."""
        ended = connection.execute(schema.END_RUNS, {"writer": writer, "now": now_us()}).fetchall()
        if ended:
            _renew_runs(connection, [key for (key,) in ended], parents=[])
            connection.execute("update stored.changes set n = n + 1")

    def _write_points(self, connection: PgConnection, points: Points, run_keys: Any) -> None:
        ids = np.array(self._numbered(connection, points.keys), dtype=np.int64)
        runs = run_keys[points.columns["run_key"] - 1]
        for number in np.unique(runs // schema.RUNS_IN_PARTITION).tolist():
            self._make_partition(connection, number)
        columns = {**points.columns, "run": runs, "key": ids[points.columns["key"]]}
        with connection.raw.cursor().copy(
            f"copy stored.points ({COLUMNS}) from stdin (format binary)"
        ) as copy:
            copy.write(binary_copy(columns))
        runs_of, keys_of, steps, times, values, firsts = in_columns(points.latest, *range(6))
        connection.execute(
            schema.RENEW_LATEST,
            {
                "runs": [int(run_keys[run - 1]) for run in runs_of],
                "ids": [int(ids[key]) for key in keys_of],
                "steps": steps,
                "times": times,
                "values": values,
                "firsts": firsts,
            },
        )

    def _numbered(self, connection: PgConnection, names: Sequence[str]) -> list[int]:
        """Of keys of points, params and tags; new ones get the next numbers."""
        if unknown := sorted({name for name in names if name not in self._key_ids}):
            self._key_ids |= _key_ids(connection, unknown)
        return [self._key_ids[name] for name in names]

    def _make_partition(self, connection: PgConnection, number: int) -> None:
        if number not in self._partitions:
            connection.raw.execute(schema.create_partition(number).encode())
            self._partitions.add(number)

    def _renew(self, connection: PgConnection, of_table: Mapping[str, list[Row]]) -> None:
        tags = of_table.get("tags", [])
        for table, forget, renew in (
            ("params", None, schema.RENEW_PARAMS),
            ("tags", schema.FORGET_TAGS, schema.RENEW_TAGS),
        ):
            if found := of_table.get(table, []):
                runs, names = in_columns(found, 0, 1)
                wanted = {
                    "runs": runs, "names": names, "ids": self._numbered(connection, names),
                }  # fmt: skip
                if forget:
                    connection.execute(forget, wanted)
                connection.execute(renew, wanted)
        _renew_runs(
            connection,
            sorted({row[0] for row in of_table.get("run_events", [])}),
            parents=sorted({row[0] for row in tags if row[1] == PARENT_TAG}),
        )


def _renew_runs(connection: PgConnection, keys: list[int], *, parents: list[int]) -> None:
    """*parents*: runs of which it may have changed whose child they are."""
    if keys:
        connection.execute(schema.FORGET_RUNS, {"keys": keys})
        connection.execute(schema.RENEW_RUNS, {"keys": keys})
    if keys or parents:
        connection.execute(schema.RENEW_PARENTS, {"keys": [*keys, *parents]})


def _number_runs(connection: PgConnection, run_ids: Sequence[str]) -> list[int]:
    if not run_ids:
        return []
    found = dict(
        connection.execute(
            "select run_id, run_key from stored.run_keys where run_id = any($ids)",
            {"ids": list(run_ids)},
        ).fetchall()
    )
    if new := [run_id for run_id in run_ids if run_id not in found]:
        newest = connection.execute("select coalesce(max(run_key), 0) from stored.run_keys")
        ((highest,),) = newest.fetchall()
        numbered = [(highest + 1 + place, run_id) for place, run_id in enumerate(new)]
        _copy(connection, "run_keys", numbered)
        found |= {run_id: key for key, run_id in numbered}
    return [found[run_id] for run_id in run_ids]


def _key_ids(connection: PgConnection, names: list[str]) -> dict[str, int]:
    found = dict(
        connection.execute(
            "select name, key_id from stored.key_names where name = any($names)", {"names": names}
        ).fetchall()
    )
    if new := [name for name in names if name not in found]:
        ((highest,),) = connection.execute("select max(key_id) from stored.key_names").fetchall()
        numbered = [(highest + 1 + place, name) for place, name in enumerate(new)]
        _copy(connection, "key_names", numbered)
        found |= {name: key_id for key_id, name in numbered}
    return found


def _insert(connection: PgConnection, table: str, rows: list[Row]) -> None:
    if table in _ONCE:
        rows = _unknown(connection, table, rows)
    elif table == "experiment_events":
        rows = _news_of_experiments(connection, rows)
    elif table == "executions":
        rows = _newest_executions(connection, rows)
    if rows:
        _copy(connection, table, rows)


def _copy(connection: PgConnection, table: str, rows: Sequence[Row]) -> None:
    with connection.raw.cursor().copy(f"copy stored.{table} from stdin") as copy:
        for row in rows:
            copy.write_row(row)


def _unknown(connection: PgConnection, table: str, rows: list[Row]) -> list[Row]:
    digests = [row[0] for row in rows]
    query = f"select digest from stored.{table} where digest = any($digests)"
    known = {digest for (digest,) in connection.execute(query, {"digests": digests}).fetchall()}
    return [row for row in rows if row[0] not in known]


def _news_of_experiments(connection: PgConnection, rows: list[Row]) -> list[Row]:
    """Each run announces its experiment: what says nothing new is left out, as in a folder."""
    created = dict(
        connection.execute(
            "select experiment_id, min(created_us) from stored.experiment_events"
            " where experiment_id = any($ids) group by experiment_id",
            {"ids": [row[0] for row in rows]},
        ).fetchall()
    )
    return [row for row in rows if _is_news(row, created.get(row[0]))]


def _is_news(row: Row, known: int | None) -> bool:
    _, _, _, renamed, location, stage, created_us = row
    says_more = renamed is not None or location is not None or stage is not None
    return says_more or known is None or created_us is None or created_us < known


def _newest_executions(connection: PgConnection, rows: list[Row]) -> list[Row]:
    """One row of each is kept: the newest says all that is known of it, but for its run."""
    kept = {
        (kernel, number): (kernel, number, t, run_id, facts)
        for kernel, number, t, run_id, facts in connection.execute(
            "select e.kernel, e.number, e.t, e.run_id, e.facts from stored.executions e"
            " join (select distinct unnest($kernels) as kernel, unnest($numbers) as number) w"
            " on e.kernel = w.kernel and e.number = w.number",
            {"kernels": [row[0] for row in rows], "numbers": [row[1] for row in rows]},
        ).fetchall()
    }
    known = dict(kept)
    for row in sorted(rows, key=lambda row: row[2]):
        before = kept.get(row[:2])
        if before is None or row[2] > before[2]:
            run_id = row[3] if row[3] is not None or before is None else before[3]
            kept[row[:2]] = (*row[:3], run_id, row[4])
    changed = [row for place, row in kept.items() if row is not known.get(place)]
    for row in changed:
        if row[:2] in known:
            connection.execute(
                "delete from stored.executions where kernel = $kernel and number = $number",
                {"kernel": row[0], "number": row[1]},
            )
    return changed
