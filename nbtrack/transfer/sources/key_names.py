"""Keys that ours cannot have, such as `loss[0]` or `a//b`, and what they are called here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from nbtrack.base.values import KEY_CHARACTERS, MOST_KEY_CHARACTERS, check_key
from nbtrack.errors import InvalidValue
from nbtrack.transfer.imports.digests import texts_digest

_OTHERS = re.compile(f"[^{KEY_CHARACTERS}]")
_MOST_SHOWN = 20


class KeyNames:
    """Of the metrics, or the params, or the tags of one run: two of them stay two. What is called
    otherwise than there is added to *renamed*."""

    def __init__(self, renamed: dict[str, str]) -> None:
        self._renamed = renamed
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def name(self, key: str) -> str:
        if (known := self._names.get(key)) is not None:
            return known
        name = _harmless(key)
        if name in self._taken:
            name = f"{name[: MOST_KEY_CHARACTERS - 9]}-{texts_digest(key)[:8]}"
        self._names[key] = name
        self._taken.add(name)
        if name != key:
            self._renamed[key] = name
        return name

    def all(self, texts: Mapping[str, str]) -> dict[str, str]:
        return {self.name(key): text for key, text in texts.items()}


def renamed_notes(renamed: Mapping[str, str]) -> Iterator[str]:
    for key, name in list(renamed.items())[:_MOST_SHOWN]:
        yield f"{key!r:.120} is called {name!r:.120} here, where keys have fewer characters"
    if (more := len(renamed) - _MOST_SHOWN) > 0:
        yield f"and {more:,} other keys are called otherwise here"


def _harmless(key: str) -> str:
    if _is_fine(key):
        return key
    parts = [_OTHERS.sub("_", part) for part in key.split("/")]
    parts = [part.replace(".", "_") if not part.strip(".") else part for part in parts if part]
    name = "/".join(parts)[:MOST_KEY_CHARACTERS].strip("/")
    return name if _is_fine(name) else f"key {texts_digest(key)[:12]}"


def _is_fine(key: str) -> bool:
    try:
        return bool(check_key(key))
    except InvalidValue:
        return False
