"""What a request asks for: the fields of its JSON body, its query and its path, by name.

Values are as protobuf writes JSON: whole numbers of 64 bits may be texts, NaN and the infinities
are. See https://protobuf.dev/programming-guides/json/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.errors import InvalidValue, MlflowException

_TRUE, _FALSE = (True, "true", "True", 1), (False, "false", "False", 0, None)


class Asked:
    """Raises InvalidValue for a field that is missing, or of another type than the protocol's."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, *names: str) -> str | None:
        """Of the first one that is there: some fields had another name once."""
        found = next((self._fields[name] for name in names if self.has(name)), None)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int | float) and not isinstance(found, bool):
            return str(found)  # ids are written as numbers, too
        raise InvalidValue(f"{names[0]} is {found!r:.80}; give a text.")

    def needed(self, *names: str) -> str:
        """A text that has something in it."""
        found = self.text(*names)
        if not found:
            raise InvalidValue(f"Missing value for required parameter '{names[0]}'.")
        return found

    def whole(self, name: str) -> int | None:
        found = self._fields.get(name)
        try:
            return None if found is None else int(found)
        except (TypeError, ValueError, OverflowError):
            raise InvalidValue(f"{name} is {found!r:.80}; give a whole number.") from None

    def number(self, name: str) -> float:
        found = self._fields.get(name)
        if found is None:
            raise InvalidValue(f"Missing value for required parameter '{name}'.")
        try:
            return float(found)
        except (TypeError, ValueError, OverflowError):
            raise InvalidValue(f"{name} is {found!r:.80}; give a number.") from None

    def flag(self, name: str) -> bool:
        found = self._fields.get(name)
        if found in _TRUE:
            return True
        if found in _FALSE:
            return False
        raise InvalidValue(f"{name} is {found!r:.80}; give true or false.")

    def texts(self, name: str) -> list[str]:
        return [str(each) for each in self._listed(name)]

    def records(self, name: str) -> list[Asked]:
        found = self._listed(name)
        if not all(isinstance(each, Mapping) for each in found):
            raise InvalidValue(f"{name} is {found!r:.80}; give a list of objects.")
        return [Asked(each) for each in found]

    def record(self, name: str) -> Asked:
        found = self._fields.get(name)
        if not isinstance(found, Mapping):
            raise InvalidValue(f"{name} is {found!r:.80}; give an object.")
        return Asked(found)

    def pairs(self, name: str) -> dict[str, str]:
        """A list of {"key": …, "value": …}."""
        return {each.needed("key"): each.text("value") or "" for each in self.records(name)}

    def _listed(self, name: str) -> list[Any]:
        found = self._fields.get(name)
        if found is None:
            return []
        return list(found) if isinstance(found, list | tuple) else [found]


def of_query(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What is written several times is a list."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found[name] = [*_as_list(found[name]), value] if name in found else value
    return found


def of_body(body: bytes) -> dict[str, Any]:
    """Raises MlflowException unless it is a JSON object, or empty."""
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise MlflowException("The body is no JSON object.", error_code="BAD_REQUEST")
    return found


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
