"""Reading everybody's journals: which segments there are, what is new in them, who is alive."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from nbtrack.journal import boot_id
from nbtrack.lines import CLOSE_LINE
from nbtrack.locks import is_held


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
    try:
        with open(folder / segment, "rb") as file:
            file.seek(start)
            text = file.read(limit)
            if b"\n" not in text:
                text += file.readline()
    except FileNotFoundError:
        text = b""
    return Tail(segment=segment, start=start, text=text[: text.rfind(b"\n") + 1])


def read_torn_end(folder: Path, segment: str, *, start: int) -> bytes:
    """The bytes behind the last whole line: what a killed process could not finish."""
    try:
        with open(folder / segment, "rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return b""


def is_closed(folder: Path, segment: str) -> bool:
    """Whether the segment's last line says that its writer is done with it."""
    mark = CLOSE_LINE.encode()
    try:
        with open(folder / segment, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - len(mark)))
            return file.read() == mark
    except FileNotFoundError:
        return False


def writer_of(segment: str) -> str:
    return segment.partition("-")[0]


def known_writers(folder: Path) -> list[str]:
    """Writers with a lock file: those alive, and the dead whose runs nobody has ended yet."""
    try:
        return [n.removesuffix(".lock") for n in os.listdir(folder) if n.endswith(".lock")]
    except FileNotFoundError:
        return []


def dead_writers(folder: Path, *, own: str) -> list[str]:
    """Writers of which it is certain, from here, that their process has ended, for good."""
    others = [writer for writer in known_writers(folder) if writer != own]
    return [w for w in others if not is_held(_lock(folder, w)) and _is_ours_to_judge(folder, w)]


def remove_lock(folder: Path, writer: str) -> None:
    _lock(folder, writer).unlink(missing_ok=True)


def owner(folder: Path, writer: str) -> dict[str, object]:
    """What the writer said of itself when it began; empty if that cannot be read."""
    try:
        facts = json.loads(_lock(folder, writer).read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _is_ours_to_judge(folder: Path, writer: str) -> bool:
    # A lock taken on another machine may not be visible here: its process may be alive.
    facts = owner(folder, writer)
    return facts.get("boot_id") == boot_id() or facts.get("host") == socket.gethostname()


def _lock(folder: Path, writer: str) -> Path:
    return folder / f"{writer}.lock"
