"""Journals of other machines, taken in as they are: a piece of a segment with its start, appended
to the segment of the same name here, which is folded like any other.

How long that file is, is how much was taken, whoever died. When its last line is in, the length is
written down first, because a segment that is folded to its end is deleted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from nbtrack.base.locks import held, make_shared_folder, to_disk
from nbtrack.errors import InvalidValue, StoreBusy
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.reading import segment_sizes, writer_of
from nbtrack.journal.writing import owner_facts
from nbtrack.remote.protocol import MOST_BYTES

WAIT_SECONDS = 10.0
_SEGMENT = re.compile(r"[0-9a-f]{32}-\d{1,9}\.jsonl")
_WRITER = re.compile(r"[0-9a-f]{32}")


class Journals(Protocol):
    """What takes lines of other machines in; see `ReceivedJournals`."""

    def take(self, segment: str, start: int, text: bytes) -> int: ...

    def end_writer(self, writer: str) -> None: ...


class ReceivedJournals:
    """Of the project in *folder*. Several servers of one project may take in at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._journal, self._ended = folder / "journal", folder / "received"

    def take(self, segment: str, start: int, text: bytes) -> int:
        """How much of the segment is here now, in bytes: if that is not where *text* ends, nothing
        of it was taken, and the rest is to be sent from there. Raises InvalidValue, StoreBusy.

        It is on the disk, whatever happens to this machine: the sender may forget it.
        """
        _check(_SEGMENT, segment)
        if len(text) > 2 * MOST_BYTES:
            raise InvalidValue("Send less at once.")
        with self._turn():
            if (known := self._length(segment)) != start:
                return known
            self._append(segment, text, end=start + len(text))
        return start + len(text)

    def end_writer(self, writer: str) -> None:
        """Its process has ended, and all that it wrote is here: what it left running was killed."""
        _check(_WRITER, writer)
        with self._turn():
            for name, size in segment_sizes(self._journal).items():
                if writer_of(name) == writer:
                    self._note_end(name, size)
            lock = self._lock_file(writer)
            if lock.exists():  # nobody holds it, and now it says that it was ours: so he is dead
                lock.write_text(json.dumps(owner_facts()))

    def _append(self, segment: str, text: bytes, *, end: int) -> None:
        make_shared_folder(self._journal)
        lock = self._lock_file(writer_of(segment))
        if not lock.exists():  # nobody here may judge whether that process lives
            lock.write_text(json.dumps({**owner_facts(is_locked=False), "command": "a client"}))
        descriptor = os.open(self._journal / segment, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            if end == len(text):  # its first: it is there for as long as its length is noted
                to_disk(self._journal)
            if self._closes(segment, text):
                self._note_end(segment, end)
            while text:
                text = text[os.write(descriptor, text) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _closes(self, segment: str, text: bytes) -> bool:
        """Whether its last line is in with *text*, which may begin within that."""
        mark = CLOSE_LINE.encode()
        with open(self._journal / segment, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - len(mark)))
            return (file.read() + text).endswith(mark)

    def _length(self, segment: str) -> int:
        with suppress(FileNotFoundError):
            return (self._journal / segment).stat().st_size
        with suppress(FileNotFoundError, ValueError):
            return int((self._ended / segment).read_text())
        return 0

    def _note_end(self, segment: str, length: int) -> None:
        make_shared_folder(self._ended)
        temporary = self._ended / f"{segment}.new"
        temporary.write_text(str(length))
        to_disk(temporary)
        temporary.replace(self._ended / segment)
        to_disk(self._ended)

    def _lock_file(self, writer: str) -> Path:
        return self._journal / f"{writer}.lock"

    @contextmanager
    def _turn(self) -> Iterator[None]:
        make_shared_folder(self._folder)
        with held(self._folder / "received.lock", wait_seconds=WAIT_SECONDS) as is_ours:
            if not is_ours:
                raise StoreBusy("Another request is being taken in, and takes long. Try again.")
            yield


def _check(form: re.Pattern[str], name: str) -> None:
    if not form.fullmatch(name):
        raise InvalidValue(f"{name!r:.80} is no name of a journal.")
