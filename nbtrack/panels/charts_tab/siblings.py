"""Which curves belong on one chart: loss, train_loss and val_loss are one thing, measured on
different data, and what matters is how far they are apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OF_DATA = re.compile(
    r"(train|training|val|valid|validation|test|eval|dev)[_/.\- ]+(?=.)|"
    r"(?<=.)[_/.\- ]+(train|training|val|valid|validation|test|eval|dev)$",
    re.IGNORECASE,
)


def siblings_of(keys: Sequence[str]) -> dict[str, list[str]]:
    """By the key that has the chart, the others that are on it: in the order of *keys*."""
    families: dict[str, list[str]] = {}
    for key in keys:
        families.setdefault(_without_data(key), []).append(key)
    return {_head(name, family): _others(name, family) for name, family in families.items()}


def _without_data(key: str) -> str:
    return _OF_DATA.sub("", key, count=1).casefold()


def _head(name: str, family: Sequence[str]) -> str:
    """The one that is named after no data, else the first."""
    return next((key for key in family if key.casefold() == name), family[0])


def _others(name: str, family: Sequence[str]) -> list[str]:
    head = _head(name, family)
    return [key for key in family if key != head]
