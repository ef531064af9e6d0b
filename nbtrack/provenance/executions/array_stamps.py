"""Stamps of arrays: a number that is another one when the content is; about 20 GB/s."""

from __future__ import annotations

import datetime
import sys
import zlib
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.provenance.executions.parts import ArrayStamp, hashed
from nbtrack.provenance.executions.safe_access import is_a

SMALL_BYTES = 32_768  # read byte by byte
WHOLE_BYTES = 64 << 20  # of one; beyond that a sample is read
_WIDTH = 509  # words a row: a prime, so that rows of the data do not fall onto each other
_SPOTS = 512
MOST_OBJECTS = 5_000
_CAPSULE = type(datetime.datetime_CAPI)


def is_array(value: object) -> bool:
    ndarray = imported("numpy", "ndarray")
    return ndarray is not None and is_a(value, ndarray)


def owner_of(array: Any) -> Any:
    """The array whose memory it looks at."""
    base = sys.modules["numpy"].ndarray.base.__get__
    while is_array(beneath := base(array)):
        array = beneath
    return array


def bytes_of(array: Any) -> int:
    nbytes: int = sys.modules["numpy"].ndarray.nbytes.__get__(array)
    return nbytes


def is_safe(owner: Any) -> bool:
    """Whether its memory is sure to be there still. What is mapped from a file or shared may be
    gone, and to read it then is the end of the kernel."""
    ndarray = sys.modules["numpy"].ndarray
    if ndarray.flags.__get__(owner).owndata:
        return True
    base = ndarray.base.__get__(owner)
    if type(base) is memoryview:  # holds what it looks at, which cannot grow so long
        return type(_beneath(base)) in (bytes, bytearray)
    return type(base) is bytes or _is_of_arrow(owner, base)


def _is_of_arrow(owner: Any, base: object) -> bool:
    """Arrow made the memory for a frame: what it only lends (and may have mapped) is named
    otherwise, and cannot be written to."""
    is_named = type(base) is _CAPSULE and repr(base).startswith('<capsule object "arrow::Buffer"')
    return is_named and sys.modules["numpy"].ndarray.flags.__get__(owner).writeable is True


def _beneath(view: memoryview) -> object:
    try:
        return view.obj
    except ValueError:  # released
        return None


def plain_view(array: Any) -> Any:
    """Without the properties and methods of a subclass."""
    ndarray = sys.modules["numpy"].ndarray
    return ndarray.view(array, ndarray)


def is_whole(plain: Any, *, most: int) -> bool:
    of_objects = plain.dtype.hasobject and plain.size > MOST_OBJECTS
    return bytes_of(plain) <= max(most, SMALL_BYTES) and not of_objects


def objects_in(plain: Any) -> list[object]:
    """What an array of references refers to: some of it, if it is large."""
    if not plain.dtype.hasobject or plain.dtype.names is not None:
        return []
    flat = plain.ravel()
    return list(flat[:: 1 + flat.size // MOST_OBJECTS].tolist())


def array_stamp(plain: Any, *, most: int) -> ArrayStamp:
    """Of shape, type and content, of more than *most* bytes a sample; references are told apart by
    what they refer to."""
    facts = (plain.shape, plain.dtype.str, plain.__array_interface__["data"][0])
    return ArrayStamp(is_whole(plain, most=most), facts, _content(plain, most))


def _content(plain: Any, most: int) -> object:
    if plain.dtype.hasobject:
        return hashed(objects_in(plain))
    if plain.T.flags.c_contiguous:
        plain = plain.T
    if not plain.flags.c_contiguous:
        if plain.nbytes > most // 8:
            return zlib.crc32(plain.flat[:: 1 + plain.size // 4096].tobytes())
        plain = plain.copy()
    return _bytes_stamp(plain.reshape(-1).view("u1"), most)


def _bytes_stamp(octets: Any, most: int) -> object:
    if octets.size <= SMALL_BYTES:
        return zlib.crc32(octets)
    ends = zlib.crc32(octets[:4096]), zlib.crc32(octets[-4096:])
    if octets.size > most:
        step = octets.size // _SPOTS
        return ends, [zlib.crc32(octets[at : at + 64]) for at in range(0, octets.size, step)]
    words = octets[: octets.size // 8 * 8].view("u8")
    rows = words[: words.size // _WIDTH * _WIDTH].reshape(-1, _WIDTH)
    # Sums of columns, not of all: a shuffle is to be seen.
    return ends, zlib.crc32(rows.sum(axis=0)), zlib.crc32(words[rows.size :])
