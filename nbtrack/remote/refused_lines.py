"""Lines that a server refuses of one who may send the others: kept here, and of the same length as
nothing, they are sent, so that what comes behind them is taken.

    <outbox>/refused/<writer>-<n>.jsonl    of one request, whole lines

The name is made from where they were, so that whoever is killed keeps them once. Later they become
a segment of their own, and are tried again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from nbtrack.base.locks import make_shared_folder
from nbtrack.journal.reading import segment_sizes

AGAIN_SECONDS = 60.0  # then lines about the same are sent again: a role may have been granted
_LINE_BYTES = 1 << 16  # of one that says nothing
Owner = str  # the id of a run, model, experiment or kernel that a line is about


class Parted(NamedTuple):
    """*sent* is as long as both; in place of the *refused* lines it has some that say nothing."""

    sent: bytes
    refused: bytes


class RefusedLines:
    """Of one outbox, while its lines are sent by this process."""

    def __init__(self, outbox: Path) -> None:
        self._outbox, self._folder = outbox, outbox / "refused"
        self._until: dict[Owner, float] = {}  # by the monotonic clock

    def note(self, line: bytes) -> None:
        """It was refused alone, and so is all that is about the same."""
        self._until[owner_of(line)] = time.monotonic() + AGAIN_SECONDS

    def parted(self, text: bytes) -> Parted:
        now = time.monotonic()
        if not any(until > now for until in self._until.values()):
            return Parted(text, b"")
        sent, refused = [], []
        for line in text.splitlines(keepends=True):
            is_refused = self._until.get(owner_of(line), 0.0) > now
            sent.append(nothing(len(line)) if is_refused else line)
            refused += [line] if is_refused else []
        return Parted(b"".join(sent), b"".join(refused))

    def keep(self, segment: str, start: int, lines: bytes) -> None:
        """Those of a request that begins at *start*; in place of what was kept of it before."""
        file = self._folder / _name(segment, start)
        if not lines:
            file.unlink(missing_ok=True)
            return
        make_shared_folder(self._folder)
        temporary = file.with_suffix(".new")
        with open(temporary, "wb") as opened:
            opened.write(lines if lines.endswith(b"\n") else lines + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)

    def try_again(self) -> None:
        """All that is kept waits in the outbox, as if it had just been logged."""
        self._until.clear()
        for name in segment_sizes(self._folder):
            (self._folder / name).rename(self._outbox / name)

    def __bool__(self) -> bool:
        return bool(segment_sizes(self._folder))

    def count(self) -> int:
        return sum(
            (self._folder / name).read_bytes().count(b"\n") for name in segment_sizes(self._folder)
        )

    def owners(self) -> set[Owner]:
        """What is kept is about these."""
        return {
            owner_of(line)
            for name in segment_sizes(self._folder)
            for line in (self._folder / name).read_bytes().splitlines()
        }


def nothing(size: int) -> bytes:
    """Lines that say nothing, so many bytes."""
    whole, rest = divmod(size, _LINE_BYTES)
    line = b" " * (_LINE_BYTES - 1) + b"\n"
    return line * whole + (b" " * (rest - 1) + b"\n" if rest else b"")


def owner_of(line: bytes) -> Owner:
    """A record of a cell is of the run that it was in, if it was in one."""
    with suppress(ValueError, AttributeError):
        told = json.loads(line)
        return str(told.get("r") or (told.get("x") or {}).get("run_id") or told.get("n") or "")
    return hashlib.sha256(line).hexdigest()  # of nothing else


def _name(segment: str, start: int) -> str:
    """In the order in which they were logged: a run's first line comes before the others."""
    writer, _, number = segment.removesuffix(".jsonl").partition("-")
    return f"{hashlib.sha256(writer.encode()).hexdigest()[:24]}{int(number):08x}-{start}.jsonl"
