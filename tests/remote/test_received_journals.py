"""A journal comes in exactly once, however it is cut, sent again, folded and interrupted."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.journal import lines
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.records.runs import RunQuery
from nbtrack.server.nbtrack_protocol.journals import ReceivedJournals
from nbtrack.stores.local.duckdb import DuckDBStore

WRITER = "0123456789abcdef" * 2
SEGMENT = f"{WRITER}-0.jsonl"
RUN = "f" * 32
POINTS = 200


def journal(*, is_closed: bool) -> bytes:
    facts = {"experiment_id": "0", "name": "sent", "status": "RUNNING", "start_us": 1}
    text = lines.run_line(RUN, t=1, writer=WRITER, **facts)
    for step in range(POINTS):
        text += lines.metric_line(RUN, "loss", step / 7, step=step, t=2 + step)
    return (text + (CLOSE_LINE if is_closed else "")).encode()


def line_ends(text: bytes) -> list[int]:
    return [place + 1 for place, byte in enumerate(text) if byte == 10]


@pytest.mark.parametrize("seed", range(8))
def test_it_comes_in_exactly_once(tmp_path: Path, seed: int) -> None:
    """The sender forgets what was answered, and begins anywhere again."""
    chance, store = random.Random(seed), DuckDBStore(tmp_path / ".nbtrack")
    text, received = journal(is_closed=chance.random() < 0.5), ReceivedJournals(store.folder)
    ends, known = line_ends(text), 0
    while known < len(text):
        start = chance.choice([known, known, known, 0, chance.choice([0, *ends])])
        end = chance.choice([each for each in ends if each > start] or [len(text)])
        before, known = known, received.take(SEGMENT, start, text[start:end])
        assert known == (end if start == before else before)
        if chance.random() < 0.3:
            assert store.fold()
    store.fold()
    assert received.take(SEGMENT, 0, text) == len(text)
    store.fold()
    points = store.read_metrics(RUN, "loss")

    assert [(p.step, p.value) for p in points] == [(step, step / 7) for step in range(POINTS)]
    assert store.get_run(RUN).info.status == "RUNNING"  # nobody here may say that it is not
    store.close()


def test_a_server_that_died_in_a_write_is_sent_the_rest(tmp_path: Path) -> None:
    """Also from the middle of a line."""
    store = DuckDBStore(tmp_path / ".nbtrack")
    text, received = journal(is_closed=True), ReceivedJournals(store.folder)
    received.take(SEGMENT, 0, text[: line_ends(text)[50]])
    with open(store.folder / "journal" / SEGMENT, "ab") as file:
        file.write(text[line_ends(text)[50] :][:20])
    store.fold()
    known = received.take(SEGMENT, 0, text)
    received.take(SEGMENT, known, text[known:])
    store.fold()

    assert known == line_ends(text)[50] + 20
    assert len(store.read_metrics(RUN, "loss")) == POINTS
    store.close()


def test_runs_of_a_writer_that_ended_were_killed(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / ".nbtrack")
    text, received = journal(is_closed=False), ReceivedJournals(store.folder)
    received.take(SEGMENT, 0, text)
    store.fold()
    assert store.get_run(RUN).info.status == "RUNNING"
    received.end_writer(WRITER)
    received.end_writer("0" * 32)  # whom nobody knows
    store.fold()

    assert store.get_run(RUN).info.status == "KILLED"
    assert received.take(SEGMENT, 0, text) == len(text)  # its segment is gone, and known
    assert store.count_runs(RunQuery()) == 1
    store.close()


@pytest.mark.skipif(sys.platform != "linux", reason="it asks /proc which file a descriptor is of")
def test_a_segment_is_on_the_disk_before_its_length_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or after a power cut it would be taken to have come in, and be gone."""
    synced, sync = [], os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    text, received = journal(is_closed=True), ReceivedJournals(tmp_path)
    received.take(SEGMENT, 0, text)

    assert synced == ["journal", f"{SEGMENT}.new", "received", SEGMENT]


@pytest.mark.parametrize(
    "segment", ["../x.jsonl", "x.jsonl", f"{WRITER}-0.jsonl/../../x", f"{WRITER}.lock", ""]
)
def test_nothing_else_is_written(tmp_path: Path, segment: str) -> None:
    received = ReceivedJournals(tmp_path / ".nbtrack")

    with pytest.raises(InvalidValue):
        received.take(segment, 0, b"{}\n")
    assert not [*tmp_path.rglob("*.jsonl*")]
