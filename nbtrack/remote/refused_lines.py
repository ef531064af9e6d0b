"""Lines that a server refuses of one who may send the others: kept here, and of the same length as
nothing, they are sent, so that what comes behind them is taken.

    <outbox>/refused/<writer>-<n>.jsonl    what stands at those places of a segment, from byte n
                                           on; nothing in place of what was sent

What was kept once stays out of its segment, however often that is sent and whatever answer was
lost. Once the server has nothing in its place, it becomes a segment of its own, and is tried again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from nbtrack.base.locks import make_shared_folder, to_disk
from nbtrack.journal.reading import segment_sizes

AGAIN_SECONDS = 60.0  # then lines about the same are sent again: a role may have been granted
_LINE_BYTES = 1 << 16  # of one that says nothing
Owner = str  # the id of a run, model, experiment or kernel that a line is about


class Placed(NamedTuple):
    """A line, and where in its segment it begins."""

    start: int
    line: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.line)


class _Kept(NamedTuple):
    """A file with refused lines, here or on its way back to the server; *size* in bytes."""

    file: Path
    size: int


class Parted(NamedTuple):
    """*sent* is as long as the text; in place of the *refused* lines, and of those that are kept
    already, it has some that say nothing."""

    sent: bytes
    refused: Sequence[Placed]


class RefusedLines:
    """Of one outbox, while its lines are sent by this process."""

    def __init__(self, outbox: Path) -> None:
        self._outbox, self._folder = outbox, outbox / "refused"
        self._until: dict[Owner, float] = {}  # by the monotonic clock
        self._old: set[str] | None = None  # kept by processes before this one
        self._known: list[_Kept] | None = None  # as of this turn to send

    def note(self, line: bytes) -> None:
        """It was refused alone, and so is all that is about the same."""
        self._until[owner_of(line)] = time.monotonic() + AGAIN_SECONDS

    def parted(self, segment: str, start: int, text: bytes) -> Parted:
        now, kept = time.monotonic(), self._kept(segment, start, start + len(text))
        if not kept and not any(until > now for until in self._until.values()):
            return Parted(text, ())
        sent, refused = [], []
        for each in _placed(start, text):
            is_kept = _is_in(kept, each)
            is_refused = not is_kept and self._until.get(owner_of(each.line), 0.0) > now
            sent.append(nothing(len(each.line)) if is_kept or is_refused else each.line)
            refused += [each] if is_refused else []
        return Parted(b"".join(sent), refused)

    def keep(self, segment: str, lines: Iterable[Placed]) -> None:
        """Before the server has nothing in their place; each once."""
        new = sorted(lines)
        if new:
            kept = self._kept(segment, new[0].start, new[-1].end)
            new = [each for each in new if not _is_in(kept, each)]
        if new:
            self._write(_name(segment, new[0].start), new)

    def try_again(self, waiting: Mapping[str, tuple[int, int]]) -> None:
        """What earlier processes kept waits in the outbox, as if it had just been logged, once the
        server has nothing in its place: it has not what is *waiting*, by segment, from where to
        where. Each turn to send begins with it."""
        self._known = None
        if self._old is None:
            self._old = set(segment_sizes(self._folder))
        if not self._old:
            return
        for group in [*self._groups()]:
            if self._old.issuperset(group) and not self._is_waiting(group, waiting):
                self._move(group)
                self._old.difference_update(group)

    def _is_waiting(self, group: Sequence[str], waiting: Mapping[str, tuple[int, int]]) -> bool:
        prefix, first, last = _writer(group[0]), _start(group[0]), self._end(group)
        places = (
            (_base(segment) + start, _base(segment) + end)
            for segment, (start, end) in waiting.items()
            if _prefix(segment) == prefix
        )
        return any(start < last and end > first for start, end in places)

    def _move(self, group: Sequence[str]) -> None:
        """Into one, in order; whoever is killed does the same again."""
        first, *others = group
        if others:
            self._write(first, sorted({each for name in group for each in self._lines(name)}))
        for name in others:
            (self._folder / name).unlink()
        (self._folder / first).rename(self._outbox / first)
        self._known = None

    def _groups(self) -> Iterator[list[str]]:
        """Of each segment, in order; together those whose places are mixed."""
        group: list[str] = []
        for name in sorted(segment_sizes(self._folder), key=_key):
            is_mixed = group and _writer(group[0]) == _writer(name)
            if group and not (is_mixed and _start(name) < self._end(group)):
                yield group
                group = []
            group.append(name)
        if group:
            yield group

    def _end(self, group: Sequence[str]) -> int:
        return max(_start(name) + (self._folder / name).stat().st_size for name in group)

    def _kept(self, segment: str, start: int, end: int) -> list[tuple[int, int]]:
        """Places between *start* and *end* of *segment* whose lines are kept, in order."""
        base, found = _base(segment), set[tuple[int, int]]()
        for file, size in self._files():
            first = _start(file.name) - base if _is_of(file.name, segment) else end
            if first < end and first + size > start:
                with suppress(FileNotFoundError):  # it is there, and forgotten here
                    lines = _said(first, file.read_bytes())
                    found |= {(each.start, each.end) for each in lines}
        return sorted(found)

    def _files(self) -> list[_Kept]:
        """Looked for once in a turn, in which nobody else keeps any: there are many pieces."""
        if self._known is None:
            self._known = [
                _Kept(folder / name, size)
                for folder in (self._folder, self._outbox)
                for name, size in segment_sizes(folder).items()
                if name.startswith(_KEPT)
            ]
        return self._known

    def _lines(self, name: str) -> Iterator[Placed]:
        return _said(_start(name), (self._folder / name).read_bytes())

    def _write(self, name: str, lines: Sequence[Placed]) -> None:
        make_shared_folder(self._folder)
        file = self._folder / name
        temporary = file.with_suffix(".new")
        with open(temporary, "wb") as opened:
            end = lines[0].start
            for each in lines:
                opened.write(nothing(each.start - end) + each.line)
                end = each.end
            opened.flush()
            os.fsync(opened.fileno())
        temporary.replace(file)
        self._known = None
        to_disk(self._folder)

    def __bool__(self) -> bool:
        return bool(segment_sizes(self._folder))

    def count(self) -> int:
        return sum(1 for name in segment_sizes(self._folder) for _ in self._lines(name))

    def owners(self) -> set[Owner]:
        """What is kept is about these."""
        return {
            owner_of(each.line)
            for name in segment_sizes(self._folder)
            for each in self._lines(name)
        }


def nothing(size: int) -> bytes:
    """Lines that say nothing, so many bytes."""
    whole, rest = divmod(size, _LINE_BYTES)
    line = b" " * (_LINE_BYTES - 1) + b"\n"
    return line * whole + (b" " * (rest - 1) + b"\n" if rest else b"")


def owner_of(line: bytes) -> Owner:
    """A record of a cell is of the run that it was in, if it was in one."""
    with suppress(ValueError, AttributeError, RecursionError):
        told = json.loads(line)
        return str(told.get("r") or (told.get("x") or {}).get("run_id") or told.get("n") or "")
    return hashlib.sha256(line).hexdigest()  # of nothing else


def count_said(text: bytes) -> int:
    """Lines in *text* that say something."""
    return sum(1 for _ in _said(0, text))


def _placed(start: int, text: bytes) -> Iterator[Placed]:
    for line in text.splitlines(keepends=True):
        yield Placed(start, line)
        start += len(line)


def _said(start: int, text: bytes) -> Iterator[Placed]:
    return (each for each in _placed(start, text) if not each.line.startswith((b" ", b"\n")))


def _is_in(kept: Sequence[tuple[int, int]], each: Placed) -> bool:
    """Also a part of a long line."""
    place = bisect_right(kept, each.start, key=lambda found: found[1])
    return place < len(kept) and kept[place][0] < each.end


# Names are as those of other segments, and come before them: a run's first line is to be there
# before the others. _KEPT, 16 digits of the writer, 6 of the segment's number; 4 that count down
# each time that the same is refused again, so that what was kept earlier comes first; and where it
# stood in the segment to which it was logged.
_KEPT, _FIRST_TIME = "000000", 0xFFFF


def _name(segment: str, start: int) -> str:
    return f"{_prefix(segment)}-{_base(segment) + start}.jsonl"


def _prefix(segment: str) -> str:
    """Of the names of what is kept of it."""
    writer, _, number = segment.removesuffix(".jsonl").partition("-")
    if writer.startswith(_KEPT):  # it was kept before
        return f"{writer[:-4]}{int(writer[-4:], 16) - 1:04x}"
    digest = hashlib.sha256(writer.encode()).hexdigest()[:16]
    return f"{_KEPT}{digest}{int(number):06x}{_FIRST_TIME:04x}"


def _is_of(name: str, segment: str) -> bool:
    """Whether it was kept of *segment*, for the first time or again."""
    prefix, writer = _prefix(segment), _writer(name)
    return writer[:-4] == prefix[:-4] and writer <= prefix


def _base(segment: str) -> int:
    return _start(segment) if segment.startswith(_KEPT) else 0


def _writer(name: str) -> str:
    return name.partition("-")[0]


def _start(name: str) -> int:
    return int(name.removesuffix(".jsonl").partition("-")[2])


def _key(name: str) -> tuple[str, int]:
    return _writer(name), _start(name)
