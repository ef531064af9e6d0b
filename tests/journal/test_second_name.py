"""Segments that stay in another folder, too, where what is there is sent to a server."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from nbtrack.journal import writing
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.writing import Journal

_link = os.link


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal", also_in=tmp_path / "outbox")


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)


def in_both(journal: Journal) -> str:
    """What the segments hold, in order; it is the same in both folders."""
    here, there = (_texts(journal.folder.parent / name) for name in ("journal", "outbox"))
    assert here == there
    return "".join(here[name] for name in sorted(here, key=lambda name: (len(name), name)))


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.jsonl")}


def test_without_links_every_line_is_in_both_folders(journal: Journal, no_links: None) -> None:
    journal.append("one\n")
    journal.append("two\n")
    assert in_both(journal) == "one\ntwo\n"
    assert not journal.was_removed()

    journal.close()
    assert in_both(journal) == "one\ntwo\n" + CLOSE_LINE
    assert not journal.lost_records


def test_without_links_a_full_segment_is_followed_by_another(
    journal: Journal, no_links: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 8)
    for number in range(4):
        journal.append(f"line {number}\n")
    assert len(_texts(journal.folder)) == 3
    assert in_both(journal).replace(CLOSE_LINE, "") == "line 0\nline 1\nline 2\nline 3\n"


def test_without_links_the_outbox_comes_first_and_the_rest_follows(
    journal: Journal, no_links: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.append("one\n")
    write, (there,) = os.write, (journal.folder.parent / "outbox").glob("*.jsonl")

    def refuse(descriptor: int, data: bytes) -> int:
        if os.path.samestat(os.fstat(descriptor), there.stat()):
            return write(descriptor, data)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "write", refuse)
        journal.append("two\n")
    assert there.read_text() == "one\ntwo\n"

    journal.append("three\n")
    assert in_both(journal) == "one\ntwo\nthree\n"


def test_without_links_a_forked_child_writes_files_of_its_own(
    journal: Journal, no_links: None
) -> None:
    journal.append("parent\n")
    if (child := os.fork()) == 0:
        try:
            journal.append("child\n")
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    journal.append("parent again\n")
    texts = _texts(journal.folder)
    assert sorted(texts.values()) == ["child\n", "parent\nparent again\n"]
    assert in_both(journal)


def test_an_interrupt_after_the_link_costs_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: str, target: str) -> None:
        _link(source, target)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.append("one\n")
    journal.append("two\n")
    assert in_both(journal) == "one\ntwo\n"


def test_what_cannot_be_begun_leaves_no_descriptor_and_is_begun_later(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(os, "link", refuse)
        journal.append("one\n")
        before = len(os.listdir("/proc/self/fd"))
        assert not any(journal.retry() for _ in range(5))
        assert len(os.listdir("/proc/self/fd")) == before

    assert journal.retry()
    assert in_both(journal) == "one\n"
