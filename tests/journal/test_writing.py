"""The log that one process writes."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nbtrack.base.locks import is_held
from nbtrack.journal import lines
from nbtrack.journal import writing as journal_module
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.reading import dead_writers, known_writers
from nbtrack.journal.writing import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal")
    yield opened
    opened.close()


def written(folder: Path) -> str:
    """All segments, in the order in which they were begun."""
    found = sorted(folder.glob("*.jsonl"), key=lambda p: int(p.stem.rpartition("-")[2]))
    return "".join(path.read_text() for path in found)


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Writes beyond *size* bytes stop short, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_line_is_in_the_file_when_append_returns(journal: Journal) -> None:
    """No buffer of ours, no flush to wait for."""
    journal.append("one\n")
    journal.append("two\nthree\n")
    assert written(journal.folder) == "one\ntwo\nthree\n"


def test_nothing_is_made_before_the_first_line(journal: Journal) -> None:
    """A process that logs nothing leaves no trace."""
    assert not journal.folder.exists()
    assert not journal.has_written


def test_the_lock_is_held_as_long_as_the_journal_is_open(journal: Journal) -> None:
    """That is how others know that this process lives."""
    journal.append("one\n")
    lock = journal.folder / f"{journal.writer}.lock"
    assert is_held(lock)
    journal.close()
    assert not is_held(lock)


def test_closing_marks_the_end_and_a_later_line_begins_anew(journal: Journal) -> None:
    """The closed segment may be deleted once folded, so it must never grow again."""
    journal.append("one\n")
    first = journal.writer
    journal.close()
    journal.append("two\n")

    assert journal.writer != first
    assert (journal.folder / f"{first}-0.jsonl").read_text() == "one\n" + CLOSE_LINE


def test_a_full_segment_is_closed_and_the_next_one_begun(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line is in one of them, and only the last one is open."""
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 100)
    for n in range(50):
        journal.append(f"line {n}\n")

    segments = sorted(journal.folder.glob("*.jsonl"), key=lambda p: int(p.stem.split("-")[1]))
    assert len(segments) > 3
    assert all(path.read_text().endswith(CLOSE_LINE) for path in segments[:-1])
    text = written(journal.folder).replace(CLOSE_LINE, "")
    assert text == "".join(f"line {n}\n" for n in range(50))


def test_a_torn_end_of_a_segment_tears_nothing_else(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk is full when a segment is closed, the next line is whole all the same."""
    monkeypatch.setattr(journal_module, "SEGMENT_BYTES", 100)
    journal.append("x" * 95 + "\n")
    with file_size_limit(106):  # the line fits, and half of what closes the segment
        journal.append("five\n")
        journal.append("six\n")

    first, second = sorted(journal.folder.glob("*.jsonl"))
    assert first.read_text() == "x" * 95 + "\nfive\n" + CLOSE_LINE[:5]
    assert second.read_text() == "six\n"


def test_a_short_write_is_finished_by_the_next(journal: Journal) -> None:
    """No line is lost and none is glued to another when the disk is full for a while."""
    journal.append("one\n")
    with file_size_limit(10):
        journal.append("two, which is long\n")
        journal.append("three\n")
        assert journal.waiting_records == 2
    assert journal.retry()
    journal.append("four\n")
    assert written(journal.folder) == "one\ntwo, which is long\nthree\nfour\n"
    assert journal.lost_records == 0


def test_what_memory_cannot_keep_is_counted_and_said(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A disk that is full for long costs points; they are told of at once, and counted.

    The end of a run finds room all the same.
    """
    point = lines.metric_line("r", "m", 0.5, step=1, t=1)
    end = lines.run_line("r", t=2, status="FINISHED")
    monkeypatch.setattr(journal_module, "BACKLOG_BYTES", 2 * len(point))
    with file_size_limit(0):
        journal.append(point * 3)
        for _ in range(7):
            journal.append(point)
        assert "from now on metrics are lost" in caplog.text
        journal.append(end)
    journal.close()

    assert written(journal.folder) == 2 * point + end + CLOSE_LINE
    assert journal.lost_records == 8


def test_of_a_line_of_many_points_each_counts(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run says how many points were lost, however they were written."""
    text = lines.points_lines("r", 'a "key"', lines.Points([0.5] * 150, range(150), [1] * 150))
    monkeypatch.setattr(journal_module, "BACKLOG_BYTES", len(text))
    with file_size_limit(0):
        journal.append(text)
        assert journal.waiting_records == 150
        journal.append(text)
        assert (journal.waiting_records, journal.lost_records) == (150, 150)
    journal.close()

    assert written(journal.folder) == text + CLOSE_LINE


def test_a_large_first_write_is_not_taken_for_what_waits(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for what a disk refused: this one takes everything."""
    monkeypatch.setattr(journal_module, "BACKLOG_BYTES", 20)
    monkeypatch.setattr(journal_module, "RESERVE_BYTES", 0)
    text = "".join(f"line {n}\n" for n in range(100))
    journal.append(text)
    assert written(journal.folder) == text
    assert journal.lost_records == 0


def interrupt_the_write(*, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next `os.write` is interrupted: before it, after it, or when it has written a half."""
    write = os.write

    def interrupted(descriptor: int, data: bytes) -> int:
        if how != "before":
            write(descriptor, data[: len(data) // 2] if how == "by halves" else data)
        raise KeyboardInterrupt

    monkeypatch.setattr(journal_module.os, "write", interrupted)


@pytest.mark.parametrize("how", ["before", "after", "by halves"])
@pytest.mark.parametrize("is_waiting", [True, False], ids=["waiting", "written at once"])
def test_an_interrupted_write_loses_tears_and_doubles_nothing(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, how: str, is_waiting: bool
) -> None:
    """What was not written before a Ctrl-C is written after it."""
    journal.append("one\n")
    if is_waiting:
        with file_size_limit(4):
            journal.append("two, which waits\n")
    journal._failed_at = 0.0  # a second later
    with monkeypatch.context() as patched:
        interrupt_the_write(how=how, monkeypatch=patched)
        with pytest.raises(KeyboardInterrupt):
            journal.append("three\n")
    journal.append("four\n")
    two = "two, which waits\n" if is_waiting else ""
    three = "" if is_waiting else "three\n"  # else that call did not get so far
    assert written(journal.folder) == f"one\n{two}{three}four\n"
    assert journal.waiting_records == journal.lost_records == 0


@pytest.mark.parametrize("fault", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP])
def test_without_locks_a_journal_is_written_and_never_judged(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    """Some file systems have none; nobody can know that such a writer is dead."""

    def flock(*_: object) -> None:
        raise OSError(fault, "no locks here")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", flock)
        journal.append("one\n")
        assert dead_writers(journal.folder, own="") == []
    assert written(journal.folder) == "one\n"
    journal.close()
    assert known_writers(journal.folder) == []  # nobody else would clear it up


def test_a_lock_that_could_not_be_made_is_made_later(journal: Journal) -> None:
    """The failed attempt leaves no lock of our own in our way."""
    with file_size_limit(0):
        journal.append("one\n")
    journal.retry()

    lock = journal.folder / f"{journal.writer}.lock"
    assert is_held(lock)
    journal.close()
    assert not is_held(lock)


@pytest.mark.parametrize("remove", ["unlink", "move"])
def test_a_removed_segment_is_noticed(journal: Journal, remove: str) -> None:
    """Deleted or moved away with its folder: the next line begins a new journal."""
    journal.append("one\n")
    assert not journal.was_removed()
    if remove == "move":
        journal.folder.rename(journal.folder.with_name("old"))
    else:
        next(journal.folder.glob("*.jsonl")).unlink()

    assert journal.was_removed()
    assert not journal.was_removed()
    journal.append("two\n")
    assert written(journal.folder) == "two\n"


def test_what_waited_goes_into_the_new_folder(journal: Journal) -> None:
    """Records that a full disk refused are not lost with the folder."""
    journal.append("one\n")
    with file_size_limit(4):
        journal.append("two\n")
        journal.folder.rename(journal.folder.with_name("old"))
        journal.was_removed()
    journal.append("three\n")
    journal.retry()
    assert written(journal.folder) == "two\nthree\n"


def test_a_forked_child_writes_a_journal_of_its_own(journal: Journal) -> None:
    """Another writer, another lock; the parent's segment is left alone."""
    journal.append("parent\n")
    pid = os.fork()
    if pid == 0:
        journal.append("child\n")
        os._exit(0)
    os.waitpid(pid, 0)
    journal.append("parent again\n")

    texts = {path.read_text() for path in journal.folder.glob("*.jsonl")}
    assert texts == {"parent\nparent again\n", "child\n"}
    assert len(list(journal.folder.glob("*.lock"))) == 2


def test_folding_is_asked_for_once_and_again_when_much_waits(tmp_path: Path) -> None:
    """At the first line, at a MiB, and afresh after a fold."""
    asked: list[bool] = []
    journal = Journal(tmp_path / "journal", on_waiting=asked.append)
    journal.append("one\n")
    journal.append("two\n")
    assert asked == [False]
    journal.append("x" * (1 << 20) + "\n")
    journal.append("three\n")
    assert asked == [False, True]
    journal.folded()
    journal.append("four\n")
    assert asked == [False, True, False]
    journal.close()
