"""What is logged is on its way while the cell goes on, and before the file here is written."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from nbtrack.base.locks import held
from nbtrack.journal import lines
from nbtrack.remote.shipped import SHIP_BYTES
from nbtrack.remote.store import RemoteStore
from nbtrack.stores.local import folding_thread
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.team_server import TeamServer

RUN = "c" * 32
Machine = Callable[[str], RemoteStore]


def points(first: int, characters: int) -> str:
    text = ""
    while len(text) < characters:
        text += lines.metric_line(RUN, "loss", 0.5, step=first, t=1 + first)
        first += 1
    return text


def is_all_there(store: RemoteStore) -> bool:
    return store.outbox.waiting_lines() == 0


def test_much_is_sent_at_once_whoever_writes_the_file_here(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again and again, though nothing is folded in between, and before anything is old."""
    monkeypatch.setattr(folding_thread, "MOST_SECONDS", 3600.0)
    store = machine("a")
    store.append(lines.run_line(RUN, t=1, status="RUNNING"))
    with held(store.folder / "fold.lock") as is_ours:
        assert is_ours
        for first in (0, 10_000, 20_000):
            store.append(points(first, SHIP_BYTES))
            until = time.monotonic() + 40
            while not is_all_there(store):
                assert time.monotonic() < until
                time.sleep(0.05)


def test_at_the_end_others_have_it_before_the_file_here(
    machine: Machine, server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, waited = machine("a"), list[bool]()
    close = DuckDBStore.close

    def noted(closing: DuckDBStore) -> None:
        waited.append(store.outbox.waiting_lines() > 0)
        close(closing)

    monkeypatch.setattr(DuckDBStore, "close", noted)
    store.append(lines.run_line(RUN, t=1, status="FINISHED", start_us=1) + points(0, 1_000))
    store.close()

    assert waited == [False]
    assert machine("b").read_metrics(RUN, "loss")
    assert not list((store.folder / "outbox").glob("*.jsonl"))  # it heard of the end, too
