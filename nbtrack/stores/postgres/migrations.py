"""Steps that bring a database up to date. The list only grows: a released step is never edited.

All that are missing run in one transaction, together with the note that they ran. An empty database
is set up by whoever opens it first; an older one is changed by `nbtrack server upgrade` only,
because the servers of before go on to use it until they are ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import StoreError, StoreTooNew
from nbtrack.journal.lines import now_us
from nbtrack.stores.local.migrations import VERSION
from nbtrack.stores.postgres import schema
from nbtrack.stores.postgres.connection import PgConnection
from nbtrack.stores.postgres.functions import FUNCTIONS
from nbtrack.stores.postgres.user_query import create_views

_LOCK = 0x6E62746D  # "nbtm": an advisory lock of this database


@dataclass(frozen=True, slots=True)
class Step:
    number: int
    name: str
    statements: Callable[[], Iterable[str]]


def _create_tables() -> list[str]:
    return [*schema.create_all(), *FUNCTIONS, *schema.create_views()]


def _order_numbers() -> list[str]:
    return [*FUNCTIONS, *schema.ORDERED]


STEPS = [
    Step(1, "create tables", _create_tables),
    Step(2, "keep numbers in their order", _order_numbers),
    Step(3, "make views for SQL of the user's own", create_views),
]


def check(connection: PgConnection, *, may_set_up: bool = True) -> None:
    """Set up an empty database, and refuse one that is not as this nbtrack needs it.

    Raises StoreTooNew for one of a newer nbtrack, StoreError with the command for an older one, and
    for an empty one unless *may_set_up*.
    """
    ((encoding,),) = _execute(connection, "show server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"The database keeps text as {encoding}, and runs have text of all languages. Make "
            "another one: create database nbtrack encoding 'UTF8' template template0"
        )
    with connection.raw.transaction():
        applied, version = _applied(connection)
        if applied == 0 and not may_set_up:
            raise StoreError("There is no project in that database: nbtrack server makes one.")
        if applied == 0:
            _apply(connection, 0)
            return
    _refuse_newer(applied, version)
    if applied < STEPS[-1].number:
        raise StoreError(
            f"The database is at step {applied} of nbtrack {version}, and nbtrack {VERSION} needs "
            f"step {STEPS[-1].number}. End all servers that use it, make a backup, then: "
            "nbtrack server upgrade --store postgresql://…"
        )


def upgrade(connection: PgConnection) -> list[str]:
    """The names of the steps that were missing, which were done. Raises StoreTooNew."""
    with connection.raw.transaction():
        applied, version = _applied(connection)
        _refuse_newer(applied, version)
        _execute(connection, "set local statement_timeout = 0")  # all rows may be written anew
        return _apply(connection, applied)


def _refuse_newer(applied: int, version: str) -> None:
    if applied > STEPS[-1].number:
        raise StoreTooNew(
            f"The database was set up by nbtrack {version}, this is {VERSION}: it would not be "
            f"understood. Use nbtrack {version} or newer: pip install 'nbtrack[server]>={version}'"
        )


def _applied(connection: PgConnection) -> tuple[int, str]:
    """Of several servers that begin at once, one sets up."""
    _execute(connection, f"select pg_advisory_xact_lock({_LOCK})")
    ((exists,),) = _execute(connection, "select to_regclass('stored.steps') is not null")
    if not exists:
        return 0, VERSION
    newest = "select number, nbtrack_version from stored.steps order by number desc limit 1"
    rows = _execute(connection, newest)
    return (int(rows[0][0]), str(rows[0][1])) if rows else (0, VERSION)


def _apply(connection: PgConnection, applied: int) -> list[str]:
    _execute(connection, "create schema if not exists stored")
    _execute(
        connection,
        "create table if not exists stored.steps"
        " (number integer primary key, name text, nbtrack_version text, t bigint)",
    )
    for step in STEPS[applied:]:
        for statement in step.statements():
            _execute(connection, statement)
        connection.execute(
            "insert into stored.steps values (?, ?, ?, ?)",
            [step.number, step.name, VERSION, now_us()],
        )
    return [step.name for step in STEPS[applied:]]


def _execute(connection: PgConnection, statement: str) -> list[Any]:
    cursor = connection.raw.execute(statement.encode())
    return cursor.fetchall() if cursor.description else []
