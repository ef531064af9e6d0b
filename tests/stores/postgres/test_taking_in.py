"""Lines that arrive become rows once, whoever dies and however they are cut."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbtrack.errors import InvalidValue, RunNotFound, StoreBusy
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import RunQuery
from nbtrack.records.tags import PARENT_TAG
from tests.support.postgres import postgres

pytest.importorskip("psycopg")

from nbtrack.stores.postgres import received, staging  # only where it is
from nbtrack.stores.postgres.store import PostgresStore


@pytest.fixture(scope="module")
def address() -> str:
    return postgres().new_database()


@pytest.fixture
def run_id() -> str:
    return os.urandom(16).hex()


@pytest.fixture
def writer() -> str:
    return os.urandom(16).hex()


@pytest.fixture(scope="module")
def store(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresStore]:
    made = PostgresStore(address, tmp_path_factory.mktemp("files"))
    made.prepare()
    yield made
    made.close()


def text_of(run_id: str, writer: str, *, points: int) -> bytes:
    text = lines.run_line(run_id, t=now_us(), status="RUNNING", writer=writer, start_us=now_us())
    for step in range(points):
        text += lines.metric_line(run_id, "loss", step / 3, step=step, t=now_us())
    return text.encode()


def test_a_piece_that_was_taken_is_not_taken_again(
    store: PostgresStore, run_id: str, writer: str
) -> None:
    """The sender may not have heard of it: it is told how much is here, and goes on there."""
    text, segment = text_of(run_id, writer, points=3), f"{writer}-1.jsonl"

    assert store.received.take(segment, 0, text[:100]) == 100
    assert store.received.take(segment, 0, text) == 100
    assert store.received.take(segment, 500, text[500:]) == 100
    assert store.received.take(segment, 100, text[100:]) == len(text)
    assert [point.step for point in store.read_metrics(run_id, "loss")] == [0, 1, 2]


def test_what_is_here_is_not_read_again(store: PostgresStore, run_id: str, writer: str) -> None:
    """Who waited longer than a client does sends it again, and that costs the others nothing; nor
    does anybody wait for ever."""
    text, segment = text_of(run_id, writer, points=3), f"{writer}-1.jsonl"
    store.received.take(segment, 0, text)
    with ThreadPoolExecutor(1) as threads, store.received._staging._lock:
        again = threads.submit(store.received.take, segment, 0, text)
        assert again.result(timeout=60) == len(text)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(staging, "WAIT_SECONDS", 0.01)
            with pytest.raises(StoreBusy, match="takes long"):
                threads.submit(store.received.take, segment, len(text), text).result()


def test_a_line_counts_when_it_is_whole(store: PostgresStore, run_id: str, writer: str) -> None:
    text, segment = text_of(run_id, writer, points=2), f"{writer}-1.jsonl"
    start = 0
    for byte in text[:-1]:
        start = store.received.take(segment, start, bytes([byte]))
    assert len(store.read_metrics(run_id, "loss")) == 1

    store.received.take(segment, start, b"\n")

    assert len(store.read_metrics(run_id, "loss")) == 2


def test_what_no_table_takes_costs_itself_only(
    store: PostgresStore, run_id: str, writer: str
) -> None:
    """Zeros, which no text of PostgreSQL has, ids and keys of any length, and lines of no sense."""
    text = lines.tag_line(run_id, "zero", "a\0b", t=now_us())
    text += lines.param_line(run_id, "k" * 10_000, "v" * 100_000, t=now_us())
    text += lines.metric_line(run_id, "m" * 10_000, 1.0, step=-(1 << 62), t=now_us())
    text += lines.run_line(run_id, t=now_us(), name="n" * 10_000, status="RUNNING")
    text += lines.tag_line("r" * 10_000, "x", "y", t=now_us())
    text += lines.run_line("r" * 10_000, t=now_us(), status="RUNNING", start_us=1)
    text += '{"k":"metric"}\n\xff\x00{"k":\n{"k":"tag","r":"x","n":"\\ud800","v":"y","t":1}\n'
    whole = text.encode("latin-1", "replace")
    assert store.received.take(f"{writer}-1.jsonl", 0, whole) == len(whole)

    run = store.get_run(run_id)
    assert run.data.tags == {"zero": "a�b"}
    assert run.data.params == {"k" * 10_000: "v" * 100_000}
    assert run.data.metrics == {"m" * 10_000: 1.0}
    assert store.get_run("r" * 10_000).data.tags == {"x": "y"}


def test_runs_of_a_process_that_died_are_killed(
    store: PostgresStore, run_id: str, writer: str
) -> None:
    """Also when its last line is torn; what ended before stays as it ended."""
    other = os.urandom(16).hex()
    text = text_of(run_id, writer, points=1) + text_of(other, writer, points=1)
    text += lines.run_line(other, t=now_us(), status="FINISHED", end_us=now_us()).encode()
    store.received.take(f"{writer}-1.jsonl", 0, text + b'{"k":"met')
    assert store.get_run(run_id).info.status == "RUNNING"

    for _ in range(2):
        store.received.end_writer(writer)

    assert store.get_run(run_id).info.status == "KILLED"
    assert store.get_run(run_id).info.end_time is not None
    assert store.get_run(other).info.status == "FINISHED"
    assert store.received.take(f"{writer}-1.jsonl", 0, b"") == len(text) + 9


def test_a_run_that_another_process_resumes_runs(
    store: PostgresStore, run_id: str, writer: str
) -> None:
    store.received.take(f"{writer}-1.jsonl", 0, text_of(run_id, writer, points=1))
    store.append(lines.run_line(run_id, t=now_us() + 10, status="RUNNING", writer="b" * 32))

    store.received.end_writer(writer)

    assert store.get_run(run_id).info.status == "RUNNING"


def test_a_parent_may_come_after_its_child(store: PostgresStore, run_id: str) -> None:
    child = os.urandom(16).hex()
    store.append(lines.tag_line(child, PARENT_TAG, run_id, t=now_us()))
    store.append(lines.run_line(child, t=now_us(), status="FINISHED", start_us=now_us()))
    assert store.read_child_runs(run_id) == []

    store.append(lines.run_line(run_id, t=now_us(), status="RUNNING", start_us=1))

    assert [run.info.run_id for run in store.read_child_runs(run_id)] == [child]
    store.append(lines.tag_line(child, PARENT_TAG, None, t=now_us()))
    assert store.read_child_runs(run_id) == []


def test_names_that_are_no_journals_are_refused(store: PostgresStore) -> None:
    for name in ("x.jsonl", "../" * 10, f"{'a' * 32}-1.jsonl\n"):
        with pytest.raises(InvalidValue):
            store.received.take(name, 0, b"")
    with pytest.raises(InvalidValue):
        store.received.end_writer("%")


def test_what_is_removed_is_gone(store: PostgresStore, run_id: str, writer: str) -> None:
    store.received.take(f"{writer}-1.jsonl", 0, text_of(run_id, writer, points=5))
    before = store.version()

    store.remove_runs([run_id])

    assert store.version() != before
    with pytest.raises(RunNotFound):
        store.get_run(run_id)
    assert run_id not in [run.info.run_id for run in store.search_runs(RunQuery())]


def test_who_waits_to_write_keeps_nobody_from_reading(
    store: PostgresStore, run_id: str, writer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dozen at once wait for their turn, and hold no connection meanwhile."""
    monkeypatch.setattr(received, "WAIT_SECONDS", 0.5)
    line = text_of(run_id, writer, points=1).decode()
    with store.received._turn, ThreadPoolExecutor(12) as threads:
        waiting = [threads.submit(store.append, line) for _ in range(12)]
        assert run_id not in [run.info.run_id for run in store.search_runs(RunQuery(), timeout=0)]
        for each in waiting:
            with pytest.raises(StoreBusy, match="takes long"):
                each.result()
    store.append(line)
    assert store.get_run(run_id).data.metrics == {"loss": 0.0}


def test_two_servers_take_in_at_once(store: PostgresStore, address: str, tmp_path: Path) -> None:
    """Each numbers runs and keys that the other has not seen."""
    other = PostgresStore(address, tmp_path)
    runs = [os.urandom(16).hex() for _ in range(40)]

    def log(place: int) -> None:
        text = "".join(
            lines.metric_line(runs[place], f"key {place % 7}", 1.0, step=step, t=now_us())
            + lines.param_line(runs[place], f"own {place}", "1", t=now_us())
            for step in range(20)
        )
        text += lines.run_line(runs[place], t=now_us(), status="FINISHED", start_us=now_us())
        (store, other)[place % 2].append(text)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(40)))
    for place, run_id in enumerate(runs):
        assert len(other.read_metrics(run_id, f"key {place % 7}")) == 20
        assert store.get_run(run_id).data.params == {f"own {place}": "1"}
    other.release()
