"""Lines of journals as rows of tables, in whichever schema: the file's, or that of what waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from nbtrack.journal.lines import now_us
from nbtrack.journal.reading import Tail
from nbtrack.stores.local import schema
from nbtrack.stores.local.file_faults import is_interruption
from nbtrack.stores.queries.page_values import MOST_KEYS_IN_TEXT, texts_bound

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def parse(connection: DuckDBPyConnection, tails: Iterable[Tail]) -> None:
    """Journal text into the temporary table `incoming`; needs no transaction on the file."""
    import duckdb

    text = b"".join(tail.text for tail in tails).decode("utf-8", "replace")
    try:
        connection.execute(schema.PARSE, {"text": text})
    except duckdb.Error as exc:
        if is_interruption(exc):
            raise
        connection.execute(schema.PARSE_WITH_DAMAGE, {"text": text})


def insert_parsed(
    connection: DuckDBPyConnection, *, target: str, known: str = "project.stored.run_keys"
) -> set[str]:
    """Rows of `incoming` into the tables of schema *target*; lines that make no sense are kept.

    Runs have the keys that they have in the table *known*. Returns which tables may have got rows.
    """
    connection.execute(
        f"insert into {target}.bad_lines select line, {now_us()} from incoming where is_bad"
    )
    found = connection.execute(schema.KINDS_AND_RUNS).fetchall()
    kinds = {kind for kind, _ in found}
    _number_runs(connection, {r for _, r in found if r is not None}, target=target, known=known)
    for kind in kinds:
        lines = f"(select * from incoming where k = '{kind}' and not is_bad)"
        if kind in schema.KINDS_OF_RUNS:
            lines = f"({lines} join keys_of_lines on r = run_id)"
        connection.execute(schema.INSERTS[kind].format(target=target, lines=lines))
    return {"bad_lines", "run_keys", *(schema.TABLE_OF_KIND[kind] for kind in kinds)}


def _number_runs(
    connection: DuckDBPyConnection, run_ids: set[str], *, target: str, known: str
) -> None:
    """Keys of the runs in `incoming` into `keys_of_lines`, and new ones to *target*."""
    names, parameters = "select r from incoming where not is_bad", dict[str, str]()
    if len(run_ids) <= MOST_KEYS_IN_TEXT:  # a join takes three times as long
        names, parameters = texts_bound([*run_ids])
    made = connection.execute(schema.KNOWN_KEYS.format(known=known, run_ids=names), parameters)
    if made.fetchall() == [(len(run_ids),)]:
        return
    connection.execute(schema.NEW_KEYS.format(known=known))
    connection.execute(
        f"insert into {target}.run_keys select run_key, run_id from keys_of_lines where is_new"
    )


@contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    import duckdb

    connection.execute("begin")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # what broke may have ended it
            connection.execute("rollback")
        raise
    connection.execute("commit")
