"""The value of a param as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from nbtrack.base.plain_values import PLAIN
from nbtrack.base.values import as_text

MOST_TEXT = 6000  # characters of a value, as in MLflow
_MOST_ITEMS = 200
_CONTAINERS = (list, tuple, range, dict, set, frozenset)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+(?=>)")


def param_text(value: Any) -> str:
    """As MLflow stores it; without addresses of objects, which differ in every process."""
    if type(value) in PLAIN:
        return _clipped(str(value))
    if isinstance(value, _CONTAINERS) and len(value) > _MOST_ITEMS:
        return _clipped(_beginning(value))
    return _clipped(_ADDRESS.sub("", as_text(value)))


def _beginning(value: Any) -> str:
    """Its type, size and first items: the whole of a long list says less."""
    items = islice(value.items() if isinstance(value, Mapping) else value, 20)
    shown = ", ".join(as_text(item) for item in items)
    return f"{type(value).__name__} of {len(value):,}: {shown}, …"


def _clipped(text: str) -> str:
    if len(text) <= MOST_TEXT:
        return text
    return f"{text[:MOST_TEXT]}… ({len(text):,} characters)"
