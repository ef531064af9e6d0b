"""The file `run-….wandb` that W&B writes on this machine: records in blocks, as LevelDB's log has
them, each a message; and the few of them that nbtrack reads."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.transfer.sources.damaged_records import CutRecord, DamagedRecord
from nbtrack.transfer.sources.protobuf import bytes_in, fields_of, float_in, signed, text_in

_MAGIC = b":W&B\xe1\xbe"
_START = 7  # the magic and a byte for the version
_BLOCK = 32_768
_HEAD = struct.Struct("<IHB")  # checksum, length, and which part of a record it is
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
Key = tuple[str, ...]  # of a value within others
_SCALARS = {3: "none", 4: "boolean", 5: "integer", 6: "number", 7: "text", 8: "json", 16: "json"}


@dataclass(slots=True)
class Entry:
    """A record, as far as *kind* is one of run, history, summary, config, stats, exit; else ""."""

    kind: str = ""
    values: dict[Key, Any] = field(default_factory=dict)  # what is logged, or said of the run
    facts: dict[str, Any] = field(default_factory=dict)
    step: int | None = None
    time_ms: int | None = None


def entries_in(file: Path) -> Iterator[Entry]:
    """Raises CutRecord or DamagedRecord after what can be read, OSError."""
    for record in _records_in(file):
        try:
            yield _entry(record)
        except ValueError as exc:
            raise DamagedRecord(f"a record is none of W&B's: {exc}") from None


def _records_in(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as stream:
        if stream.read(_START)[: len(_MAGIC)] != _MAGIC:
            raise DamagedRecord("it does not begin as a file of W&B does")
        parts: list[bytes] = []
        at = _START
        while True:
            if (left := _BLOCK - at % _BLOCK) < _HEAD.size:
                stream.read(left)
                at += left
            part, data = _part(stream.read(_HEAD.size), stream.read, at)
            if part == 0:
                break
            at += _HEAD.size + len(data)
            if part in (_FULL, _FIRST):
                parts = []
            parts.append(data)
            if part in (_FULL, _LAST):
                yield b"".join(parts)
                parts = []
        if parts:
            raise CutRecord(f"its record at byte {at:,} is cut")


def _part(head: bytes, read: Any, at: int) -> tuple[int, bytes]:
    """(0, …) at the end of the file."""
    if not head:
        return 0, b""
    if len(head) < _HEAD.size:
        raise CutRecord(f"its record at byte {at:,} is cut")
    check, length, part = _HEAD.unpack(head)
    data = read(length)
    if len(data) < length:
        raise CutRecord(f"its record at byte {at:,} is cut")
    if part not in (_FULL, _FIRST, _MIDDLE, _LAST) or zlib.crc32(bytes([part]) + data) != check:
        raise DamagedRecord(f"its record at byte {at:,} is damaged")
    return part, data


def _entry(record: bytes) -> Entry:
    for number, value in fields_of(record):
        if number in _READERS:
            kind, read = _READERS[number]
            entry = Entry(kind=kind)
            read(bytes_in(value), entry)
            return entry
    return Entry()


def _history(message: bytes, entry: Entry) -> None:
    for number, value in fields_of(message):
        if number == 1:
            _add_item(bytes_in(value), entry.values)
        elif number == 2:
            entry.step = next((signed(v) for n, v in fields_of(bytes_in(value)) if n == 1), 0)


def _updates(message: bytes, entry: Entry) -> None:
    for number, value in fields_of(message):
        if number == 1:
            _add_item(bytes_in(value), entry.values)


def _add_item(message: bytes, values: dict[Key, Any]) -> None:
    """Of history, a summary, a config: its key, or the keys that lead to it, and what it is."""
    key: list[str] = []
    found: Any = None
    for number, value in fields_of(message):
        if number in (1, 2):
            key.append(text_in(value))
        elif number in _SCALARS:
            found = _scalar(_SCALARS[number], value)
    values[tuple(key)] = found


def _scalar(kind: str, value: int | bytes) -> Any:
    if kind == "none":
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "integer":
        return signed(value)
    if kind == "number":
        return float_in(value)
    return text_in(value) if kind == "text" else json.loads(text_in(value))


def _stats(message: bytes, entry: Entry) -> None:
    for number, value in fields_of(message):
        if number == 2:
            entry.time_ms = _time(bytes_in(value))
        elif number == 3:
            item = dict(fields_of(bytes_in(value)))
            entry.values[(text_in(item.get(1, b"")),)] = json.loads(text_in(item.get(16, b"null")))


_TEXTS_OF_RUN = {
    1: "id", 2: "entity", 3: "project", 6: "group", 7: "job_type", 8: "name", 9: "notes",
    12: "sweep_id", 13: "host",
}  # fmt: skip


def _run(message: bytes, entry: Entry) -> None:
    for number, value in fields_of(message):
        if number in _TEXTS_OF_RUN:
            entry.facts[_TEXTS_OF_RUN[number]] = text_in(value)
        elif number == 4:
            _updates(bytes_in(value), entry)
        elif number == 10:
            entry.facts.setdefault("tags", []).append(text_in(value))
        elif number == 17:
            entry.time_ms = _time(bytes_in(value))
        elif number == 21:
            git = dict(fields_of(bytes_in(value)))
            entry.facts["commit"] = text_in(git.get(2, b""))


def _exit(message: bytes, entry: Entry) -> None:
    facts: Mapping[int, int | bytes] = dict(fields_of(message))
    entry.facts = {"code": signed(facts.get(1, 0)), "seconds": signed(facts.get(2, 0))}


def _time(message: bytes) -> int:
    """Milliseconds; a Timestamp has seconds and nanoseconds."""
    parts = dict(fields_of(message))
    return signed(parts.get(1, 0)) * 1000 + signed(parts.get(2, 0)) // 1_000_000


_READERS = {
    2: ("history", _history), 3: ("summary", _updates), 5: ("config", _updates),
    7: ("stats", _stats), 17: ("run", _run), 18: ("exit", _exit),
}  # fmt: skip
