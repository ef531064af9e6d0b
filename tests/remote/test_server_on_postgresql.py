"""The server with its records in PostgreSQL: who dies loses nothing, who is away comes back."""

from __future__ import annotations

import random
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.store import Store
from tests.remote.test_remote_store import LOGS, begin_script, begun_run, wait_until
from tests.support.postgres import Postgres, postgres
from tests.support.team_server import TeamServer

Machine = Callable[[str], RemoteStore]


@pytest.fixture
def database() -> Iterator[Postgres]:
    begun = postgres()
    yield begun
    if begun.has_ended:
        begun.begin()


@pytest.fixture
def server(tmp_path: Path, database: Postgres) -> Iterator[TeamServer]:
    made = TeamServer(tmp_path / "served", database=database.new_database())
    yield made
    made.kill()


def asked(address: str) -> tuple[int, str | None]:
    """The status of a question, and when to ask again."""
    try:
        with urllib.request.urlopen(f"{address}/api/2.0/mlflow/experiments/search?max_results=1"):
            return 200, None
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.headers.get("Retry-After")


def test_while_the_database_is_away_clients_wait(
    server: TeamServer, database: Postgres, machine: Machine
) -> None:
    store, run_id = machine("a"), "e" * 32
    store.append(begun_run(store, run_id) + lines.metric_line(run_id, "loss", 1.0, step=0, t=2))
    wait_until(store.ship)
    database.crash()
    store.append(lines.metric_line(run_id, "loss", 0.5, step=1, t=3))

    assert asked(server.address) == (503, "1")
    assert not store.ship()
    assert len(store.read_metrics(run_id, "loss")) == 2  # what this machine knows

    database.begin()
    wait_until(store.ship)
    assert asked(server.address) == (200, None)
    assert [point.step for point in machine("b").read_metrics(run_id, "loss")] == [0, 1]


def test_whoever_is_killed_loses_nothing_and_doubles_nothing(
    server: TeamServer, database: Postgres, machine: Machine, tmp_path: Path
) -> None:
    """Two writers on two machines; the server and the database are killed while they write."""
    chance = random.Random(0)
    words = {"address": server.address, "pause": 0.001}
    points = {"a": 4000, "b": 10**9}
    writers = [
        begin_script(tmp_path / name, LOGS, name=name, points=number, **words)
        for name, number in points.items()
    ]
    run_ids = [str(each.stdout and each.stdout.readline()).strip() for each in writers]
    for victim in (server, database, server, database, server):
        time.sleep(chance.uniform(0.2, 0.8))
        server.kill() if victim is server else database.crash()
        victim.begin()
    writers[1].send_signal(signal.SIGKILL)
    for writer in writers:
        writer.communicate(timeout=90)
    for name in points:
        store = machine(name)
        wait_until(
            lambda store=store: store.fold() and store.ship() and not store.outbox.segments()
        )
    whole, cut = (machine("c").read_metrics(run_id, "loss") for run_id in run_ids)

    assert [point.step for point in whole] == list(range(4000))
    assert [point.step for point in cut] == list(range(len(cut)))
    assert len(cut) > 100
    assert [machine("c").get_run(each).info.status for each in run_ids] == ["FINISHED", "KILLED"]


def test_changes_that_break_off_leave_nothing(database: Postgres, tmp_path: Path) -> None:
    """Numbers of keys and runs that were given in them are given again."""
    from nbtrack.errors import DatabaseAway
    from nbtrack.stores.postgres.store import PostgresStore

    store: Store = PostgresStore(database.new_database(), tmp_path)
    store.prepare()  # type: ignore[attr-defined]
    store.append(lines.metric_line("a" * 32, "first", 1.0, step=0, t=now_us()))
    database.crash()
    with pytest.raises(DatabaseAway, match="does not answer"):
        store.append(lines.metric_line("b" * 32, "second", 1.0, step=0, t=now_us()))
    database.begin()

    for name in ("third", "second"):
        store.append(lines.metric_line("b" * 32, name, 1.0, step=0, t=now_us()))

    for run_id, name in (("a", "first"), ("b", "second"), ("b", "third")):
        assert len(store.read_metrics(run_id * 32, name)) == 1
    store.close()
