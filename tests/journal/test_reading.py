"""Reading everybody's journals."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from nbtrack.journal import reading
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.writing import Journal, machine_id, owner_facts


def tail(folder: Path, *, start: int = 0, limit: int = 1 << 20) -> reading.Tail:
    return reading.read_tail(folder, "w-0.jsonl", start=start, limit=limit)


@pytest.mark.parametrize(
    ("content", "start", "limit", "text"),
    [
        (b"one\ntwo\n", 0, 100, b"one\ntwo\n"),
        (b"one\ntwo\n", 4, 100, b"two\n"),
        (b"one\ntwo\nthr", 0, 100, b"one\ntwo\n"),
        (b"one\ntwo\n", 0, 5, b"one\n"),
        (b"one\ntwo\n", 0, 1, b"one\n"),
        (b"one", 0, 100, b""),
        (b"one", 0, 1, b""),
        (b"one\n", 4, 100, b""),
        (b"", 0, 100, b""),
    ],
)
def test_a_tail_is_whole_lines(
    tmp_path: Path, content: bytes, start: int, limit: int, text: bytes
) -> None:
    """As many as fit into the limit, at least one if there is one; a torn end is left."""
    (tmp_path / "w-0.jsonl").write_bytes(content)
    found = tail(tmp_path, start=start, limit=limit)
    assert (found.text, found.end) == (text, start + len(text))


def test_a_huge_line_is_read_at_once_however_small_the_limit(tmp_path: Path) -> None:
    """What fits into one hold of the file may leave a few bytes; by bytes it would take hours."""
    line = b"x" * (12 << 20) + b"\n"
    (tmp_path / "w-0.jsonl").write_bytes(line)
    assert tail(tmp_path, limit=1).text == line


def test_a_folder_or_segment_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    """Whatever was folded may be deleted between listing and reading."""
    assert tail(tmp_path).text == b""
    assert reading.read_torn_end(tmp_path, "w-0.jsonl", start=0) == b""
    assert not reading.is_closed(tmp_path, "w-0.jsonl")
    assert reading.segment_sizes(tmp_path / "gone") == {}
    assert reading.known_writers(tmp_path / "gone") == []


def test_only_segments_are_listed(tmp_path: Path) -> None:
    """Locks and other people's files are none."""
    for name in ("a-0.jsonl", "a.lock", "b.lock-new", "notes.txt"):
        (tmp_path / name).write_text("12345")
    assert reading.segment_sizes(tmp_path) == {"a-0.jsonl": 5}
    assert sorted(reading.known_writers(tmp_path)) == ["a"]


@pytest.mark.parametrize(
    ("content", "is_closed"),
    [
        ("one\n" + CLOSE_LINE, True),
        (CLOSE_LINE, True),
        ("one\n", False),
        ("", False),
        (CLOSE_LINE + "one\n", False),
        (CLOSE_LINE[:-1], False),
    ],
)
def test_a_segment_is_closed_by_its_last_line(
    tmp_path: Path, content: str, is_closed: bool
) -> None:
    """A close mark anywhere else means nothing."""
    (tmp_path / "w-0.jsonl").write_text(content)
    assert reading.is_closed(tmp_path, "w-0.jsonl") == is_closed


def test_a_living_writer_is_not_dead(tmp_path: Path) -> None:
    """Neither our own nor another one; when its journal is closed, it is."""
    journal = Journal(tmp_path)
    journal.append("one\n")
    assert reading.dead_writers(tmp_path, own="other") == []
    journal_id = journal.writer
    journal.close()
    assert reading.dead_writers(tmp_path, own="other") == [journal_id]
    assert reading.dead_writers(tmp_path, own=journal_id) == []


@pytest.mark.parametrize(
    ("facts", "is_dead"),
    [
        (json.dumps(owner_facts()), True),
        (json.dumps({**owner_facts(), "host": "its container"}), True),
        (json.dumps({**owner_facts(), "boot_id": "before"}), bool(machine_id())),
        (json.dumps({**owner_facts(), "boot_id": "before", "machine_id": ""}), False),
        (json.dumps({**owner_facts(), "boot_id": "before", "host": "elsewhere"}), False),
        (json.dumps({**owner_facts(), "boot_id": "before", "machine_id": "other"}), False),
        (json.dumps({**owner_facts(), "boot_id": ""}), False),
        (json.dumps(owner_facts(is_locked=False)), False),
        (json.dumps({"host": "elsewhere", "boot_id": "other"}), False),
        ("", False),
        ("no json", False),
        ("[1]", False),
    ],
    ids=[
        "here",
        "a container here",
        "before a restart",
        "a container before a restart",
        "an equal image elsewhere",
        "an equal host elsewhere",
        "another system",
        "without locks",
        "another machine",
        "empty",
        "garbage",
        "list",
    ],
)
def test_only_writers_of_this_machine_are_judged(tmp_path: Path, facts: str, is_dead: bool) -> None:
    """A lock taken on another machine may not be visible here, though its process lives."""
    (tmp_path / "w.lock").write_text(facts)
    assert reading.dead_writers(tmp_path, own="") == (["w"] if is_dead else [])


@pytest.mark.parametrize(("host", "is_dead"), [(socket.gethostname(), True), ("other", False)])
def test_where_no_boot_has_an_id_the_host_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, is_dead: bool
) -> None:
    """Two Macs that share a folder do not see each other's locks."""
    monkeypatch.setattr(reading, "boot_id", lambda: "")
    facts = {**owner_facts(), "boot_id": "", "machine_id": "", "host": host}
    (tmp_path / "w.lock").write_text(json.dumps(facts))
    assert reading.dead_writers(tmp_path, own="") == (["w"] if is_dead else [])


def test_two_containers_of_one_name_prove_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On two machines that share a folder they are both alive, and have no machine id."""
    monkeypatch.setattr(reading, "machine_id", lambda: "")
    facts = {**owner_facts(), "boot_id": "of another kernel", "machine_id": ""}
    (tmp_path / "w.lock").write_text(json.dumps(facts))
    assert reading.dead_writers(tmp_path, own="") == []


def test_a_writer_is_found_from_its_segment() -> None:
    """The name up to the number."""
    assert reading.writer_of("0af3-12.jsonl") == "0af3"
