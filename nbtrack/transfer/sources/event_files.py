"""The event files of TensorBoard: records with checksums, and what nbtrack reads in one."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nbtrack.transfer.sources.crc32c import crc32c
from nbtrack.transfer.sources.damaged_records import CutRecord, DamagedRecord
from nbtrack.transfer.sources.protobuf import bytes_in, fields_of, float_in, signed, text_in

_HEAD, _CHECK = struct.Struct("<QI"), struct.Struct("<I")
_MASK = 0xA282EAD8
_LONGEST = 1 << 30  # of a record; a larger length is a damaged one
_FLOATS = {1: "<f4", 2: "<f8", 3: "<i4", 4: "u1", 5: "<i2", 6: "i1", 9: "<i8", 10: "?", 19: "<f2"}


@dataclass(slots=True)
class Tensor:
    """*numbers* or *texts*, as its type is; of more than one dimension, in a row."""

    numbers: list[float] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Value:
    """One of an event: *number*, *image* and *audio* as the first TensorBoard had them, else a
    *tensor*, of which *plugin* says what it is."""

    tag: str = ""
    plugin: str = ""
    content: bytes = b""  # of the plugin
    number: float | None = None
    image: bytes | None = None
    audio: bytes | None = None
    tensor: Tensor | None = None


@dataclass(slots=True)
class Event:
    time: float = 0.0  # seconds since 1970
    step: int = 0
    values: list[Value] = field(default_factory=list)
    has_graph: bool = False


def events_in(file: Path) -> Iterator[Event]:
    """Raises CutRecord or DamagedRecord after what can be read, OSError."""
    for record in _records_in(file):
        try:
            yield _event(record)
        except ValueError as exc:
            raise DamagedRecord(f"a record is no event: {exc}") from None


def _records_in(file: Path) -> Iterator[bytes]:
    with open(file, "rb") as stream:
        at = 0
        while head := stream.read(_HEAD.size):
            if len(head) < _HEAD.size:
                raise CutRecord(f"its record at byte {at:,} is cut")
            length, check = _HEAD.unpack(head)
            if _masked(head[:8]) != check or length > _LONGEST:
                raise DamagedRecord(f"the length of its record at byte {at:,} is damaged")
            data, end = stream.read(length), stream.read(_CHECK.size)
            if len(data) < length or len(end) < _CHECK.size:
                raise CutRecord(f"its record at byte {at:,} is cut")
            if _masked(data) != _CHECK.unpack(end)[0]:
                raise DamagedRecord(f"its record at byte {at:,} is damaged")
            yield data
            at += _HEAD.size + length + _CHECK.size


def _masked(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def _event(record: bytes) -> Event:
    event = Event()
    for number, value in fields_of(record):
        if number == 1:
            event.time = float_in(value)
        elif number == 2:
            event.step = signed(value)
        elif number == 5:
            event.values += [_value(bytes_in(v)) for n, v in fields_of(bytes_in(value)) if n == 1]
        elif number in (4, 9):
            event.has_graph = True
    return event


def _value(message: bytes) -> Value:
    found = Value()
    for number, value in fields_of(message):
        if number == 1:
            found.tag = text_in(value)
        elif number == 2:
            found.number = float_in(value)
        elif number == 4:
            found.image = _field(bytes_in(value), 4)
        elif number == 6:
            found.audio = _field(bytes_in(value), 4)
        elif number == 8:
            found.tensor = _tensor(bytes_in(value))
        elif number == 9:
            plugin = _field(bytes_in(value), 1)
            found.plugin, found.content = (
                _field(plugin, 1).decode("utf-8", "replace"),
                _field(plugin, 2),
            )
    return found


def _field(message: bytes, wanted: int) -> bytes:
    return next((bytes_in(value) for number, value in fields_of(message) if number == wanted), b"")


def _tensor(message: bytes) -> Tensor:
    found, kind, content = Tensor(), 0, b""
    packed: dict[int, list[int | bytes]] = {}
    for number, value in fields_of(message):
        if number == 1:
            kind = signed(value)
        elif number == 4:
            content = bytes_in(value)
        elif number == 8:
            found.texts.append(bytes_in(value))
        else:
            packed.setdefault(number, []).append(value)
    if content:
        found.numbers = _numbers_in(content, kind)
    else:
        found.numbers = _unpacked(packed)
    return found


def _numbers_in(content: bytes, kind: int) -> list[float]:
    import numpy as np

    if kind not in _FLOATS:
        return []
    numbers: list[float] = np.frombuffer(content, dtype=_FLOATS[kind]).astype(float).tolist()
    return numbers


def _unpacked(packed: dict[int, list[int | bytes]]) -> list[float]:
    """Of floats (5), doubles (6), and whole numbers (7, 10), one in a field or many."""
    import numpy as np

    found: list[float] = []
    for number, kind in ((5, "<f4"), (6, "<f8")):
        for value in packed.get(number, ()):
            found += np.frombuffer(bytes_in(value), dtype=kind).astype(float).tolist()
    for number in (7, 10):
        for value in packed.get(number, ()):
            found += [float(signed(value))] if isinstance(value, int) else _whole_numbers(value)
    return found


def _whole_numbers(packed: bytes) -> list[float]:
    numbers, value, shift = [], 0, 0
    for byte in packed:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            numbers.append(float(signed(value)))
            value = shift = 0
    return numbers
