"""What is logged is on its way while the cell goes on, and before the file here is written."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from nbtrack.base.locks import held
from nbtrack.journal import lines
from nbtrack.remote.shipped import CLOSE_SECONDS, SHIP_BYTES
from nbtrack.remote.shipping import Shipping
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


def test_a_turn_ends_though_the_cell_logs_faster(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is logged in it is the next one's: files wait for its end, and so does who closes."""
    store, turns = machine("a"), list[str]()
    much, ship_lines = points(0, SHIP_BYTES), Shipping.ship_lines

    def logging_meanwhile(shipping: Shipping, *, wait: float = 0.0) -> bool:
        turns.append("lines")
        if len(turns) < 5:
            store.append(much)
        return ship_lines(shipping, wait=wait)

    store._shipper.close()  # this thread sends
    store.append(lines.run_line(RUN, t=1, status="RUNNING"))
    monkeypatch.setattr(Shipping, "ship_lines", logging_meanwhile)

    assert store.ship()
    assert turns == ["lines"]


class SentMeanwhile(str):
    """The shipper takes all that waits while somebody asks how long this is."""

    store: RemoteStore

    def __len__(self) -> int:
        self.store._waiting = 0
        return super().__len__()


def test_what_was_sent_meanwhile_does_not_wait(machine: Machine) -> None:
    """Else the next line would ask nobody to send it."""
    store = machine("a")
    store._shipper.close()
    store.append(lines.run_line(RUN, t=1, status="RUNNING"))
    text = SentMeanwhile(points(0, 100))
    text.store = store
    store.append(text)

    assert store._waiting == str.__len__(text)


def test_a_server_that_is_away_is_asked_no_more_often_for_much(
    machine: Machine, server: TeamServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt reads and packs up to 4 MiB."""
    store, asked = machine("a"), list[bool]()
    store._shipper.close()
    monkeypatch.setattr(store._shipper, "request", asked.append)
    much = points(0, SHIP_BYTES)
    for _ in range(2):
        store.append(much)
        server.kill()
        assert not store.ship()

    assert asked.count(True) == 1  # before it was away
    assert not asked[-1]


def test_all_turns_of_the_end_share_the_seconds(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one under way and the one before the file here; and the one after it."""
    store, given = machine("a"), list[float]()
    end_within = Shipping.end_within

    def noted(shipping: Shipping, seconds: float) -> None:
        given.append(seconds)
        end_within(shipping, seconds)

    monkeypatch.setattr(Shipping, "end_within", noted)
    store.append(lines.run_line(RUN, t=1, status="RUNNING"))
    store.close()

    assert sum(given) == 2 * CLOSE_SECONDS
