"""A database is set up once, and one of another version is not touched."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbtrack.errors import StoreError, StoreTooNew
from tests.support.postgres import postgres


def made(address: str, folder: Path) -> None:
    from nbtrack.stores.postgres.store import PostgresStore

    store = PostgresStore(address, folder)
    try:
        store.prepare()
    finally:
        store.release()


def changed(address: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(address) as connection:
        connection.execute(statement.encode())


def test_of_servers_that_begin_at_once_one_sets_up(tmp_path: Path) -> None:
    address = postgres().new_database()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: made(address, tmp_path), range(4)))


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    address = postgres().new_database()
    made(address, tmp_path)
    changed(address, "insert into stored.steps values (999, 'later', '9.1', 0)")
    with pytest.raises(StoreTooNew, match=r"nbtrack\[server\]>=9\.1"):
        made(address, tmp_path)


def test_a_database_of_another_alphabet_is_refused(tmp_path: Path) -> None:
    address = postgres().new_database("encoding 'LATIN1' locale 'C' template template0")
    with pytest.raises(StoreError, match="LATIN1"):
        made(address, tmp_path)


def test_the_command_says_what_it_did(tmp_path: Path) -> None:
    address = postgres().new_database()
    said = []
    for command in (
        ["upgrade", "--store", address],
        ["upgrade", "--store", address],
        ["upgrade", "--store", str(tmp_path)],
        ["--store", address],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "nbtrack", "server", *command],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said.append(done.stdout + done.stderr)

    assert "create tables" in said[0]
    assert "is up to date" in said[1]
    assert "needs no upgrade" in said[2]
    assert "--artifacts FOLDER" in said[3]


def test_an_older_database_is_changed_when_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.stores.postgres import migrations
    from nbtrack.stores.postgres.store import PostgresStore

    address = postgres().new_database()
    made(address, tmp_path)
    later = migrations.Step(999, "something more", lambda: ["create table stored.more (n integer)"])
    monkeypatch.setattr(migrations, "STEPS", [*migrations.STEPS, later])
    with pytest.raises(StoreError, match="nbtrack server upgrade"):
        made(address, tmp_path)

    store = PostgresStore(address, tmp_path)
    assert store.upgrade() == ["something more"]
    assert store.upgrade() == []
    store.release()
    made(address, tmp_path)
