"""What a request asks for: the fields of its JSON body, its query and its path, by name.

Values are as protobuf writes JSON: whole numbers of 64 bits may be texts, NaN and the infinities
are. See https://protobuf.dev/programming-guides/json/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, TypeVar

from nbtrack.errors import InvalidValue, MlflowException

T = TypeVar("T")
MOST_SHOWN = 80  # characters of a value
_TRUE, _FALSE = (True, "true", "True", 1), (False, "false", "False", 0, None)


class Asked:
    """Raises InvalidValue, in MLflow's words, for a field that is missing, or of another type than
    the protocol's. *within* is where these fields are in the request: `metrics[0].`"""

    def __init__(self, fields: Mapping[str, Any], *, within: str = "") -> None:
        self._fields, self._within = fields, within

    def has(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def text(self, *names: str) -> str | None:
        """Of the first one that is there: some fields had another name once."""
        name = next(filter(self.has, names), names[0])
        found = self._fields.get(name)
        if found is None or isinstance(found, str):
            return found
        raise self._refusal(name, "a text")

    def needed(self, *names: str) -> str:
        """A text that has something in it."""
        return self.text(*names) or self._missing(names[0])

    def whole(self, name: str) -> int | None:
        return self._converted(name, int, "a whole number") if self.has(name) else None

    def needed_whole(self, name: str) -> int:
        found = self.whole(name)
        return self._missing(name) if found is None else found

    def number(self, name: str) -> float:
        return self._converted(name, float, "a number") if self.has(name) else self._missing(name)

    def most(self, *, usual: int, limit: int) -> int:
        """How many results are wanted: *usual*, where the request does not say."""
        found = self.whole("max_results")
        if found is not None and not 1 <= found <= limit:
            raise InvalidValue(
                f"Invalid value {found} for parameter 'max_results' supplied: "
                f"max_results must be between 1 and {limit}."
            )
        return usual if found is None else found

    def flag(self, name: str) -> bool:
        found = self._fields.get(name)
        if found in _TRUE:
            return True
        if found in _FALSE:
            return False
        raise self._refusal(name, "true or false")

    def texts(self, name: str) -> list[str]:
        """One alone is as a list of it: a query has no other way to write it."""
        found = self._fields.get(name)
        listed = found if isinstance(found, list) else [] if found is None else [found]
        return [str(each) for each in listed]

    def needed_texts(self, name: str, *, limit: int) -> list[str]:
        found = self.texts(name) or self._missing(name)
        if len(found) > limit:
            raise InvalidValue(
                f"The request names {len(found)} {name}, and must name at most {limit}."
            )
        return found

    def records(self, name: str) -> list[Asked]:
        found = self._fields.get(name) or []
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            raise self._refusal(name, "a list of objects")
        places = (f"{self._within}{name}[{number}]." for number in range(len(found)))
        return [Asked(each, within=place) for each, place in zip(found, places)]

    def record(self, name: str) -> Asked:
        found = self._fields.get(name)
        if not isinstance(found, Mapping):
            raise self._refusal(name, "an object")
        return Asked(found, within=f"{self._within}{name}.")

    def pairs(self, name: str) -> dict[str, str]:
        """A list of {"key": …, "value": …}."""
        return {each.needed("key"): each.text("value") or "" for each in self.records(name)}

    def _converted(self, name: str, convert: Callable[[Any], T], wanted: str) -> T:
        try:
            return convert(self._fields[name])
        except (TypeError, ValueError, OverflowError):
            raise self._refusal(name, wanted) from None

    def _missing(self, name: str) -> NoReturn:
        place = f"{self._within}{name}"
        raise InvalidValue(f"Missing value for required parameter '{place}'.")

    def _refusal(self, name: str, wanted: str) -> InvalidValue:
        shown = json.dumps(self._fields.get(name))[:MOST_SHOWN]
        place = f"{self._within}{name}"
        return InvalidValue(
            f"Invalid value {shown} for parameter '{place}' supplied: give {wanted}."
        )


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
