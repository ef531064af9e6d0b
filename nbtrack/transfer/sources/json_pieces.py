"""The objects of a file of JSON, one at a time: all of them may be too much to hold."""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8, getincrementaldecoder
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

_PIECE = 1 << 18  # bytes
_TAIL = len("e-1")  # how many signs behind a number tell whether it goes on
_BLANKS = re.compile(r"[ \t\r\n]*")


class Span(NamedTuple):
    """Where in its file something is, in bytes."""

    start: int
    length: int


Placed = tuple[Span, Any]


def objects_in(file: Path, *, listed_in: str, piece: int = _PIECE) -> Iterator[tuple[Span, Any]]:
    """Each of the array that *file* is, or that its object has under *listed_in*; of an object
    without that, the object. *piece* is how many bytes are read at once. Raises ValueError, which
    may be after some, and RecursionError."""
    with open(file, "rb") as opened:
        text = _Text(opened, piece)
        found = _listed(text, listed_in) if text.next_sign() == "{" else _elements(text)
        yield from ((span, each) for span, each in found if isinstance(each, dict))
        if text.next_sign():
            raise ValueError(f"there is more behind its end, at byte {text.at}")


def object_at(file: Path, span: Span) -> Mapping[str, Any]:
    """Raises ValueError, if it is another one by now, and RecursionError."""
    with open(file, "rb") as opened:
        opened.seek(span.start)
        found = json.loads(opened.read(span.length).decode("utf-8-sig"))
    if not isinstance(found, dict):
        raise ValueError(f"there is no object at byte {span.start}")
    return found


def _listed(text: _Text, name: str) -> Iterator[Placed]:
    start, others, is_listed = text.at, {}, False
    for key in _keys(text):
        if key == name and (is_listed or key in others):  # of which JSON takes the last
            raise ValueError(f"there is a second {name!r} at byte {text.at}")
        if key == name and text.next_sign() == "[":
            is_listed = True
            yield from _elements(text)
        else:
            others[key] = text.value()[1]
    if not is_listed and name not in others:
        yield Span(start, text.at - start), others


def _keys(text: _Text) -> Iterator[str]:
    """Of an object; the value of each is to be read before the next."""
    text.expect("{")
    while not text.passes("}"):
        text.expect_sign('"')
        key = text.value()[1]
        text.expect(":")
        yield key
        if text.next_sign() != "}":
            text.expect(",")
            text.expect_sign('"')


def _elements(text: _Text) -> Iterator[Placed]:
    if text.next_sign() != "[":
        yield text.value()
        return
    text.expect("[")
    while not text.passes("]"):
        yield text.value()
        if text.next_sign() != "]":
            text.expect(",")
            text.refuse_sign("]")


class _Text:
    """What is left to read of a file, a piece of which is held."""

    def __init__(self, file: BinaryIO, piece: int) -> None:
        self.at = len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0
        file.seek(self.at)
        self._file, self._piece = file, piece
        self._characters = getincrementaldecoder("utf-8")()
        self._decoder = json.JSONDecoder()
        self._held, self._next = "", 0

    def next_sign(self) -> str:
        """The next one that is no blank; "" at the end."""
        while True:
            blanks = _BLANKS.match(self._held, self._next)
            self._go_to(blanks.end() if blanks else self._next)
            if self._next < len(self._held):
                return self._held[self._next]
            if not self._read_more():
                return ""

    def passes(self, sign: str) -> bool:
        """Whether *sign* is the next one; if so, what is behind it is next."""
        if self.next_sign() != sign:
            return False
        self._go_to(self._next + 1)
        return True

    def expect(self, sign: str) -> None:
        self.expect_sign(sign)
        self.passes(sign)

    def expect_sign(self, sign: str) -> None:
        if self.next_sign() != sign:
            raise ValueError(f"there is no {sign} at byte {self.at}")

    def refuse_sign(self, sign: str) -> None:
        if self.next_sign() == sign:
            raise ValueError(f"there is a {sign} behind a comma at byte {self.at}")

    def value(self) -> Placed:
        self.next_sign()
        before, failed = self.at, None
        while True:
            try:
                found, end = self._decoder.raw_decode(self._held, self._next)
            except json.JSONDecodeError as exc:
                # What is wrong stays so with more text; what is cut goes on.
                fault = (exc.msg, exc.pos - self._next)
                is_wrong = fault == failed and not exc.msg.startswith("Unterminated")
                if is_wrong or not self._read_more():
                    raise ValueError(f"{exc.msg} in what begins at byte {before}") from None
                failed = fault
                continue
            length = end - self._next
            if len(self._held) - end >= _TAIL or not self._read_more():
                self._go_to(self._next + length)
                return Span(before, self.at - before), found

    def _go_to(self, place: int) -> None:
        self.at += len(self._held[self._next : place].encode())
        self._next = place

    def _read_more(self) -> bool:
        """As much again as is held, so that a long one is begun again but a few times."""
        rest = self._held[self._next :]
        piece = self._file.read(max(self._piece, len(rest)))
        self._held = rest + self._characters.decode(piece, final=not piece)
        self._next = 0
        return bool(piece)
