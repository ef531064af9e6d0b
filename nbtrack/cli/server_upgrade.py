"""Bring a server's database up to date, after an update of nbtrack; end its servers before."""

from __future__ import annotations

import argparse
from pathlib import Path

from nbtrack.cli.console import say
from nbtrack.errors import InvalidValue, require
from nbtrack.stores.opening import is_database, without_password

EXTRA = "server"


def add_arguments(_: argparse.ArgumentParser) -> None:
    """None but `--store`."""


def run(arguments: argparse.Namespace) -> int:
    if not is_database(arguments.store or ""):
        raise InvalidValue(
            "A project in a folder needs no upgrade: nbtrack does it. Name a database: "
            "nbtrack server upgrade --store postgresql://…"
        )
    require("psycopg", extra=EXTRA)
    from nbtrack.stores.postgres.store import PostgresStore

    store = PostgresStore(arguments.store, Path.cwd())
    try:
        done = store.upgrade()
    finally:
        store.release()
    name = without_password(arguments.store)
    say(f"{name}: {', '.join(done)}." if done else f"{name} is up to date.")
    return 0
