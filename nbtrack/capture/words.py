"""The words a name is made of, and names made fit to be keys."""

from __future__ import annotations

import re

from nbtrack.base.values import KEY_CHARACTERS, MOST_KEY_CHARACTERS

# A run of capitals ("AUC"), or at most one capital and small letters ("Score"), with digits ("f1").
_WORD = re.compile(r"[A-Z]+(?![^\W\dA-Z_])\d*|[A-Z]?[^\W\dA-Z_]+\d*|\d+")
_NOT_IN_KEYS = re.compile(f"[^{KEY_CHARACTERS}]+")


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def split_words(name: str) -> list[str]:
    """`val_rocAUC` gives val, roc, auc; `F1Score` gives f1, score."""
    return [word.lower() for word in _WORD.findall(name)]


def valid_key(text: str) -> str:
    """*text* with what a param or metric key may not hold made `_`; may come back empty."""
    clean = _NOT_IN_KEYS.sub("_", text)[:MOST_KEY_CHARACTERS].strip(" _/")
    return "/".join(part for part in clean.split("/") if part not in ("", ".", ".."))
