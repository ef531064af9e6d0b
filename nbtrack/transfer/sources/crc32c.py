"""The checksum CRC-32C, which Python's libraries do not have: of long data, many parts at once."""

from __future__ import annotations

from functools import cache
from math import isqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_ALL = 0xFFFFFFFF
_LONG = 4096  # from so many bytes on, numpy is faster


def crc32c(data: bytes) -> int:
    if len(data) >= _LONG:
        side = isqrt(len(data))
        whole = len(data) // side * side
        return _all_at_once(data[:whole], side, data[whole:])
    return _one_by_one(data, _ALL) ^ _ALL


def _one_by_one(data: bytes, before: int) -> int:
    table, crc = _table(), before
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc


def _all_at_once(data: bytes, length: int, rest: bytes) -> int:
    """Of parts of *length* bytes, side by side, each as if it were the first; then what all after
    it does to each is done: that is linear."""
    import numpy as np

    table = np.array(_table(), dtype=np.uint32)
    parts = np.frombuffer(data, dtype=np.uint8).reshape(-1, length)
    crcs = np.zeros(len(parts), dtype=np.uint32)
    for column in parts.T:
        crcs = table[(crcs ^ column) & 0xFF] ^ (crcs >> 8)
    moved = _moved_by(length, table)
    crc = _ALL
    for each in crcs.tolist():
        crc = _apply(moved, crc) ^ each
    return _one_by_one(rest, crc) ^ _ALL


def _moved_by(length: int, table: NDArray[np.uint32]) -> list[int]:
    """What *length* bytes of zeros make of each bit."""
    import numpy as np

    bits = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for _ in range(length):
        bits = table[bits & 0xFF] ^ (bits >> 8)
    found: list[int] = bits.tolist()
    return found


def _apply(moved: list[int], crc: int) -> int:
    found, bit = 0, 0
    while crc:
        if crc & 1:
            found ^= moved[bit]
        crc >>= 1
        bit += 1
    return found


@cache
def _table() -> list[int]:
    found = []
    for number in range(256):
        for _ in range(8):
            number = (number >> 1) ^ (_POLYNOMIAL if number & 1 else 0)
        found.append(number)
    return found
