"""Keys for what users name freely: steps of a pipeline, scorers, columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import count

from nbtrack.base.values import MOST_KEY_CHARACTERS, check_key
from nbtrack.capture.words import valid_key
from nbtrack.errors import InvalidValue


def storable_keys(names: Iterable[str]) -> dict[str, str]:
    """The key of each name, no two alike: the name itself, if it can be one."""
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        key = free_key(storable_key(name), taken)
        taken.add(key)
        keys[name] = key
    return keys


def storable_key(name: str) -> str:
    """*name*, or the nearest to it that can be a key of a metric, param or tag."""
    try:
        return check_key(name)
    except InvalidValue:
        key = valid_key(str(name).replace("/", "_").replace("..", "__"))
        return key if key.strip(".") else "unnamed"


def free_key(key: str, taken: Collection[str]) -> str:
    """*key*, or `key-2` and so on."""
    if key not in taken:
        return key
    short = key[: MOST_KEY_CHARACTERS - 8]
    return next(each for n in count(2) if (each := f"{short}-{n}") not in taken)
