"""Steps that bring a database file up to date. The list only grows: a released step is never
edited. Each runs in one transaction together with the note that it ran."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import StoreTooNew
from nbtrack.journal.lines import POINTS_START, now_us
from nbtrack.journal.reading import Tail
from nbtrack.stores.local import identities, schema
from nbtrack.stores.local.parsed_lines import insert_parsed, parse
from nbtrack.stores.registry import registry_schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

VERSION = "0.1.0"
# v1.5.0: kernels with an older DuckDB can read the file. Block size, by file size after 1 x and
# 4 x 100,000 points folded in pieces: 16 KiB 4.7 / 19.9 MB, 64 KiB 1.3 / 6.0, 256 KiB 2.4 / 6.6.
FILE_OPTIONS = "STORAGE_VERSION 'v1.5.0', BLOCK_SIZE 65536"


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    name: str
    apply: Callable[[DuckDBPyConnection], None]
    is_for_older: bool = False  # a new file has by the first steps what it makes


def create_bare_tables(connection: DuckDBPyConnection) -> None:
    """What an empty `project` must have for this process, which has views of its own over it."""
    _create_stored_tables(connection)
    connection.execute(registry_schema.create_table())


def _create_stored_tables(connection: DuckDBPyConnection) -> None:
    for statement in schema.create_tables("project.stored"):
        connection.execute(statement)
    connection.execute("create table project.stored.segments (segment varchar, folded bigint)")
    connection.execute(identities.CREATE)


def _create_run_tables(connection: DuckDBPyConnection) -> None:
    _create_stored_tables(connection)
    # Other tools see the same views; they have no tails, and know nobody dead.
    connection.execute("create table project.main.dead_writers (writer varchar)")
    for statement in schema.create_views("project"):
        connection.execute(statement)


def _create_registry(connection: DuckDBPyConnection) -> None:
    connection.execute(registry_schema.create_table())
    for statement in registry_schema.create_views("project"):
        connection.execute(statement)


def _create_what_is_missing(connection: DuckDBPyConnection) -> None:
    for statement in schema.create_tables("project.stored") + schema.create_views("project"):
        connection.execute(statement)


def _create_identities(connection: DuckDBPyConnection) -> None:
    connection.execute(identities.CREATE)
    connection.execute(identities.FILL)


def _read_points(connection: DuckDBPyConnection) -> None:
    """From now on an nbtrack that does not know lines of many points leaves the file to others;
    before, it may have kept some as damaged."""
    found = connection.execute(
        f"delete from project.stored.bad_lines where starts_with(line, '{POINTS_START}')"
        " returning line"
    ).fetchall()
    if found:
        text = "".join(f"{line}\n" for (line,) in found).encode()
        parse(connection, [Tail(segment="", start=0, text=text)])
        insert_parsed(connection, target="project.stored")


STEPS = [
    Step(1, "create run tables", _create_run_tables),
    Step(2, "create the model registry", _create_registry),
    Step(3, "create logged models", _create_what_is_missing, is_for_older=True),
    Step(4, "create executions of cells", _create_what_is_missing, is_for_older=True),
    Step(5, "create identities of runs", _create_identities, is_for_older=True),
    Step(6, "read lines of many points", _read_points, is_for_older=True),
]


def check(connection: DuckDBPyConnection, file: Path, *, is_writable: bool) -> bool:
    """Bring the attached `project` up to date, if it may be written; whether it is, then.

    A file from a newer nbtrack is refused with StoreTooNew.
    """
    applied, version = _applied(connection)
    if applied > STEPS[-1].number:
        raise StoreTooNew(
            f"{file} was written by nbtrack {version}, this is {VERSION}. "
            f"pip install 'nbtrack>={version}' reads it. Logging goes on meanwhile."
        )
    if is_writable:
        for step in STEPS[applied:]:
            _run(connection, step, is_new=applied == 0)
    return is_writable or applied == STEPS[-1].number


def _applied(connection: DuckDBPyConnection) -> tuple[int, str]:
    import duckdb

    try:
        newest = connection.execute(
            "select max(number), max_by(nbtrack_version, number) from project.main.migrations"
        ).fetchone()
    except duckdb.CatalogException:  # a file that is being made
        newest = None
    return (newest[0], newest[1]) if newest and newest[0] else (0, VERSION)


def _run(connection: DuckDBPyConnection, step: Step, *, is_new: bool) -> None:
    import duckdb

    connection.execute("begin")
    try:
        connection.execute(
            "create table if not exists project.main.migrations"
            " (number integer, name varchar, nbtrack_version varchar, t bigint)"
        )
        if not (is_new and step.is_for_older):
            step.apply(connection)
        connection.execute(
            "insert into project.main.migrations values (?, ?, ?, ?)",
            [step.number, step.name, VERSION, now_us()],
        )
        connection.execute("commit")
    except BaseException:
        with suppress(duckdb.Error):  # an interrupt came before the beginning or after the end
            connection.execute("rollback")
        raise
