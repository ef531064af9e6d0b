"""Reading messages of Protocol Buffers without their schema: the wire format says how long each
field is, and whoever reads knows the few numbers that he needs."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_DOUBLE, _FLOAT = struct.Struct("<d"), struct.Struct("<f")


def fields_of(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number of each field, and an int or the bytes of all else: texts, messages, floats.
    Raises ValueError for what is no message."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a field of kind {kind} is in no message")
        if at + length > end:
            raise ValueError("a message is cut")
        yield number, message[at : at + length]
        at += length


def _varint(message: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a message is cut")
        byte = message[at]
        at += 1
        found |= (byte & 0x7F) << shift
        if byte < 0x80:
            return found, at
        shift += 7


def bytes_in(value: int | bytes) -> bytes:
    """Raises ValueError for a number."""
    if isinstance(value, int):
        raise ValueError(f"the number {value} is where a message was to be")
    return value


def text_in(value: int | bytes) -> str:
    return bytes_in(value).decode("utf-8", "replace")


def signed(value: int | bytes) -> int:
    """An int64, whose sign is in its 64th bit."""
    if not isinstance(value, int):
        raise ValueError("a message is where a number was to be")
    return value - (1 << 64) if value >= 1 << 63 else value


def float_in(value: int | bytes) -> float:
    """A double or a float, by its length."""
    data = bytes_in(value)
    if len(data) not in (4, 8):
        raise ValueError(f"a float of {len(data)} bytes")
    found: float = (_DOUBLE if len(data) == 8 else _FLOAT).unpack(data)[0]
    return found
