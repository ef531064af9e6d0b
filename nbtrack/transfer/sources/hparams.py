"""What TensorBoard's plugin for hyperparameters writes of a run: its params, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from nbtrack.transfer.sources.protobuf import bytes_in, fields_of, float_in, signed, text_in


@dataclass(slots=True)
class Session:
    params: dict[str, str] = field(default_factory=dict)
    status: int = 0  # 1 success, 2 failure, 3 running; 0: nobody says it
    start: float | None = None  # seconds since 1970
    end: float | None = None

    def add(self, other: Session) -> None:
        self.params |= other.params
        self.status = other.status or self.status
        self.start, self.end = other.start or self.start, other.end or self.end


def session_in(content: bytes) -> Session:
    """Raises ValueError for what is no content of that plugin."""
    found = Session()
    for number, value in fields_of(content):
        if number == 3:
            _read_start(bytes_in(value), found)
        elif number == 4:
            for part, each in fields_of(bytes_in(value)):
                if part == 1:
                    found.status = signed(each)
                elif part == 2:
                    found.end = float_in(each)
    return found


def _read_start(message: bytes, found: Session) -> None:
    for number, value in fields_of(message):
        if number == 1:
            entry = dict(fields_of(bytes_in(value)))
            found.params[text_in(entry.get(1, b""))] = _shown(_value(bytes_in(entry.get(2, b""))))
        elif number == 5:
            found.start = float_in(value)


def _value(message: bytes) -> object:
    """A google.protobuf.Value."""
    for number, value in fields_of(message):
        if number == 2:
            return float_in(value)
        if number == 3:
            return text_in(value)
        if number == 4:
            return bool(value)
        if number in (5, 6):
            return _values(bytes_in(value), is_list=number == 6)
    return None


def _values(message: bytes, *, is_list: bool) -> object:
    parts = [bytes_in(value) for number, value in fields_of(message) if number == 1]
    if is_list:
        return [_value(part) for part in parts]
    entries: list[Mapping[int, int | bytes]] = [dict(fields_of(part)) for part in parts]
    return {text_in(e.get(1, b"")): _value(bytes_in(e.get(2, b""))) for e in entries}


def _shown(value: object) -> str:
    """All numbers are floats there: 3 was written as 3.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return (
        value
        if isinstance(value, str)
        else json.dumps(value)
        if isinstance(value, list | dict)
        else str(value)
    )
