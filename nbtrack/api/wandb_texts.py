"""`run.config` and `run.summary` of W&B: mappings whose items are also attributes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any


class Texts(MutableMapping[str, Any]):
    """Each change is handed to *changed*, with what is new."""

    def __init__(self, changed: Callable[[Mapping[str, Any]], None]) -> None:
        self.__dict__["_values"] = {}
        self.__dict__["_changed"] = changed

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        """What was recorded stays."""
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"there is no {name!r} in it: {', '.join(self._values)}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def update(self, *given: Any, allow_val_change: bool | None = None, **more: Any) -> None:
        """Of a mapping, a Namespace of argparse, or what has attributes."""
        _ = allow_val_change  # the latest stands, and the earlier ones are kept
        new: dict[str, Any] = {}
        for each in (*given, more):
            new |= as_mapping(each)
        self._values.update(new)
        self._changed(new)

    def note(self, key: str, value: Any) -> None:
        """It is recorded already."""
        self._values[key] = value

    def setdefaults(self, given: Any) -> None:
        self.update({k: v for k, v in as_mapping(given).items() if k not in self._values})

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)

    def __repr__(self) -> str:
        return repr(self._values)


def as_mapping(given: Any) -> dict[str, Any]:
    """Raises TypeError for what has no names."""
    if given is None:
        return {}
    if isinstance(given, argparse.Namespace):
        return dict(vars(given))
    if isinstance(given, Mapping):
        return {str(key): value for key, value in given.items()}
    return {str(key): value for key, value in dict(given).items()}
