"""Reading everybody's journals: which segments there are, what is new in them, who is alive."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbtrack.base.guard import warn_once
from nbtrack.base.locks import is_held
from nbtrack.journal.lines import CLOSE_LINE
from nbtrack.journal.writing import boot_id, machine_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Whole lines of one segment from *start*; *end* is where the next read begins."""

    segment: str
    start: int
    text: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def segment_sizes(folder: Path) -> dict[str, int]:
    """Sizes in bytes by file name; a folder that is not there has none."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if entry.name.endswith(".jsonl")]
    except FileNotFoundError:
        return {}
    sizes = {}
    for entry in found:
        try:
            sizes[entry.name] = entry.stat().st_size
        except FileNotFoundError:  # folded and deleted since we listed it
            continue
    return sizes


def read_tail(folder: Path, segment: str, *, start: int, limit: int) -> Tail:
    """At most *limit* bytes of whole lines, but at least one line if there is one."""
    text = b""
    with _readable(folder / segment), open(folder / segment, "rb") as file:
        file.seek(start)
        text = file.read(limit)
        if b"\n" not in text:
            text += file.readline()
    return Tail(segment=segment, start=start, text=text[: text.rfind(b"\n") + 1])


def read_torn_end(folder: Path, segment: str, *, start: int) -> bytes:
    """The bytes behind the last whole line: what a killed process could not finish."""
    with _readable(folder / segment), open(folder / segment, "rb") as file:
        file.seek(start)
        return file.read()
    return b""


def is_closed(folder: Path, segment: str) -> bool:
    """Whether the segment's last line says that its writer is done with it."""
    mark = CLOSE_LINE.encode()
    with _readable(folder / segment), open(folder / segment, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - len(mark)))
        return file.read() == mark
    return False


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """A segment that is gone was folded; one that is not ours to read is left to others."""
    try:
        yield
    except FileNotFoundError:
        pass
    except PermissionError:
        warn_once(
            f"nbtrack: {path} may not be read by you, so what its process logged is not shown. "
            f"Its owner can share it: chmod a+r {path.parent}/*"
        )


def writer_of(segment: str) -> str:
    return segment.partition("-")[0]


def known_writers(folder: Path) -> list[str]:
    """Writers with a lock file: those alive, and the dead whose runs nobody has ended yet."""
    try:
        return [n.removesuffix(".lock") for n in os.listdir(folder) if n.endswith(".lock")]
    except FileNotFoundError:
        return []


def dead_writers(folder: Path, *, own: str) -> list[str]:
    """Writers of which it is certain, from here, that their process has ended, for good.

    A lock that somebody holds: alive. One that nobody holds proves the end of its process where
    it would be seen from here, were it held:
    - the same boot id: one kernel has both processes, in whatever containers, and all its locks;
    - another boot id, but the same machine id and host: the machine was started anew since.
      Containers have no machine id, because equal host names and cloned images are common there;
    - no boot id on either side (macOS): the same host.
    Everything else (another machine, a container after a restart of its machine, a file system
    without locks) is unknown, and stays as it is: to take a living writer for a dead one would
    delete what it logs.
    """
    others = [writer for writer in known_writers(folder) if writer != own]
    return [
        writer
        for writer in others
        if is_held(_lock(folder, writer)) is False and _is_ours_to_judge(owner(folder, writer))
    ]


def remove_lock(folder: Path, writer: str) -> None:
    _lock(folder, writer).unlink(missing_ok=True)


def owner(folder: Path, writer: str) -> dict[str, object]:
    """What the writer said of itself when it began; empty if that cannot be read."""
    try:
        facts = json.loads(_lock(folder, writer).read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _is_ours_to_judge(facts: Mapping[str, object]) -> bool:
    if not facts.get("is_locked", False):
        return False
    here, there = boot_id(), facts.get("boot_id")
    if here and here == there:
        return True
    if here and there:
        here, there = machine_id(), facts.get("machine_id")
        if not here:
            return False
    return here == there and facts.get("host") == socket.gethostname()


def _lock(folder: Path, writer: str) -> Path:
    return folder / f"{writer}.lock"
