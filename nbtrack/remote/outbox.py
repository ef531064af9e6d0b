"""What this machine has logged and the server may not have: whole segments of journals, of all
processes, and beside each how much of it was sent.

    <writer>-<n>.jsonl        another name of a segment of the journal; it stays when that is folded
    <writer>-<n>.jsonl.sent   {"lines": bytes that were taken, "files": bytes whose files were}
    refused/                  see `refused_lines`
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from nbtrack.journal import reading
from nbtrack.journal.reading import segment_sizes, writer_of
from nbtrack.remote.protocol import MOST_BYTES
from nbtrack.remote.refused_lines import RefusedLines, count_said

_FILE_LINE = re.compile(rb'^\{"k":"(?:artifact|modelvalue)".*\n', re.MULTILINE)

_BLOCK_BYTES = 1 << 16


@dataclass(slots=True)
class Sent:
    lines: int = 0
    files: int = 0


class LoggedFile(NamedTuple):
    """*owner* is the run or model that it is of, *path* that in its folder; without *sha256* it was
    removed."""

    owner: str
    path: str
    sha256: str | None


class Outbox:
    def __init__(self, folder: Path, journal: Path) -> None:
        self.folder, self._journal = folder, journal

    def waiting_lines(self) -> int:
        """That nobody has taken."""
        return sum(
            count_said(text)
            for name in self.segments()
            for _, text in self.pieces(name, self.sent(name).lines)
        )

    def refused_lines(self) -> int:
        """That a server does not take of who we are."""
        return RefusedLines(self.folder).count()

    def waiting_files(self) -> int:
        """That lines tell of which were taken."""
        return sum(
            sum(1 for _ in files_in(text))
            for name in self.segments()
            for text in self.lines(name, self.sent(name).files, self.sent(name).lines)
        )

    def segments(self) -> dict[str, int]:
        """Sizes by name, in the order in which each process wrote them."""
        found = segment_sizes(self.folder)
        return {name: found[name] for name in sorted(found, key=_place)}

    def sent(self, segment: str) -> Sent:
        try:
            told = json.loads(self._note(segment).read_text())
            return Sent(lines=int(told["lines"]), files=int(told["files"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Sent()

    def note_sent(self, segment: str, sent: Sent) -> None:
        """Too little is harmless: the server knows what it took."""
        temporary = self.folder / f"{segment}.sent-new"
        temporary.write_text(json.dumps({"lines": sent.lines, "files": sent.files}))
        temporary.replace(self._note(segment))

    def note_trying(self, segment: str) -> bool:
        """Whether it was noted before, by somebody who did not come to an end."""
        try:
            self._trying(segment).touch(exist_ok=False)
        except FileExistsError:
            return True
        return False

    def forget_trying(self, segment: str) -> None:
        self._trying(segment).unlink(missing_ok=True)

    def whole(self, segment: str) -> int:
        """How long it is up to its last whole line: what a killed process could not finish is
        nobody's."""
        with suppress(FileNotFoundError), open(self.folder / segment, "rb") as file:
            end = file.seek(0, os.SEEK_END)
            while end:
                start = max(0, end - _BLOCK_BYTES)
                file.seek(start)
                if (place := file.read(end - start).rfind(b"\n")) >= 0:
                    return start + place + 1
                end = start
        return 0

    def pieces(self, segment: str, start: int) -> Iterator[tuple[int, bytes]]:
        """From *start* to the end of the last whole line, with the places where they begin: whole
        lines, but of one that is too long for a request."""
        whole = self.whole(segment)
        with suppress(FileNotFoundError), open(self.folder / segment, "rb") as file:
            while start < whole and (text := _piece(file, start, min(MOST_BYTES, whole - start))):
                yield start, text
                start += len(text)

    def lines(
        self, segment: str, start: int, end: int, *, most: int = MOST_BYTES
    ) -> Iterator[bytes]:
        """Whole ones from *start* to *end*, *most* bytes at once."""
        while start < end:
            limit = min(most, end - start)
            tail = reading.read_tail(self.folder, segment, start=start, limit=limit)
            if not tail.text or tail.end > end:
                return
            yield tail.text
            start = tail.end

    def forget(self, segment: str) -> None:
        for file in (self.folder / segment, self._note(segment), self._trying(segment)):
            file.unlink(missing_ok=True)

    def line_at(self, segment: str, start: int) -> bytes:
        """All of it, however long."""
        with open(self.folder / segment, "rb") as file:
            file.seek(start)
            return file.readline()

    def is_closed(self, segment: str) -> bool:
        return reading.is_closed(self.folder, segment)

    def ended_writers(self, *, own: str) -> set[str]:
        """Those whose process has ended, and whose runs have been ended here."""
        found = {writer_of(name) for name in self.segments()}  # first: each has its lock before
        return found - {*reading.known_writers(self._journal), own}

    def count_of(self, writer: str) -> int:
        """Of its segments."""
        return sum(writer_of(name) == writer for name in self.segments())

    def has_others(self, own: str) -> bool:
        """Processes that may not be able to send by themselves, such as forks."""
        return any(writer_of(name) != own for name in self.segments())

    def _note(self, segment: str) -> Path:
        return self.folder / f"{segment}.sent"

    def _trying(self, segment: str) -> Path:
        return self.folder / f"{segment}.trying"


def _piece(file: IO[bytes], start: int, limit: int) -> bytes:
    """A server takes twice the usual of one line."""
    file.seek(start)
    text = file.read(limit)
    end = text.rfind(b"\n") + 1
    return text[:end] if end else text + file.readline(MOST_BYTES)


def files_in(text: bytes) -> Iterator[LoggedFile]:
    """That lines tell of."""
    for line in _FILE_LINE.findall(text):
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            told = json.loads(line)
            if told["k"] == "artifact":
                yield LoggedFile(told["r"], told["n"], told.get("v"))
            elif told.get("x", {}).get("of") == "file":
                yield LoggedFile(told["n"], told["x"]["key"], told.get("v"))


def _place(segment: str) -> tuple[str, int]:
    writer, _, number = segment.removesuffix(".jsonl").partition("-")
    return writer, int(number) if number.isdecimal() else 0
