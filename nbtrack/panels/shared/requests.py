"""What goes between a panel and its page.

browser -> kernel   {id, do, with}             a question, with its arguments
kernel -> browser   {id, do, result | error}   its answer
                    {push, result}             news that nobody asked for
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from nbtrack.errors import InvalidValue

T = TypeVar("T")


class Request(NamedTuple):
    id: int
    do: str
    arguments: Mapping[str, Any]


def read_request(message: object) -> Request | None:
    """None for what is no request: other extensions may send messages to any widget."""
    if not isinstance(message, Mapping):
        return None
    number, name, arguments = message.get("id"), message.get("do"), message.get("with", {})
    if isinstance(number, int) and isinstance(name, str) and isinstance(arguments, Mapping):
        return Request(number, name, arguments)
    return None


def speakable(value: Any) -> Any:
    """*value* as JSON can say it: NaN and the infinities become words, halves of characters "?"."""
    if isinstance(value, str):  # first: nearly all there is
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _word(value)
    if isinstance(value, Mapping):
        return {str(key): speakable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [speakable(each) for each in value]
    return value


def text_of(arguments: Mapping[str, Any], name: str, default: str = "") -> str:
    """Raises InvalidValue for anything but text."""
    return _checked(arguments.get(name, default), name, str)


def texts_of(arguments: Mapping[str, Any], name: str) -> list[str]:
    return [_checked(each, name, str) for each in _checked(arguments.get(name, []), name, list)]


def number_of(arguments: Mapping[str, Any], name: str, default: int = 0) -> int:
    return _checked(arguments.get(name, default), name, int)


def _checked(value: Any, name: str, kind: type[T]) -> T:
    if not isinstance(value, kind):
        raise InvalidValue(f"{name} is {value!r}; the panel sends a {kind.__name__} there.")
    return value


def _word(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
