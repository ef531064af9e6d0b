"""Warnings about runs: their kinds, how each is silenced, and how a run keeps them, in tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import InvalidValue

TAG = "nbtrack.warning."  # and the kind: the sentence
ALL = "all"
# By the word that silences it, in the order in which they are told.
KINDS = {
    "leak": "rows of the test data were in the training data",
    "stale": "what it used came from a cell that was edited, deleted or run again since",
    "data": "its data is not that of the attempt before",
    "unseeded": "it drew random numbers, and nothing seeded the generator",
    "already-ran": "the same cells ran before with the same inputs",
}
_LONGEST = 400  # characters of a sentence that is shown


class Warned(NamedTuple):
    kind: str
    sentence: str  # one, with what to do


def warnings_in(tags: Mapping[str, str]) -> list[Warned]:
    """The sentences are text that anybody may have written."""
    found = {key.removeprefix(TAG): text for key, text in tags.items() if key.startswith(TAG)}
    kinds = [*KINDS, *sorted(found.keys() - KINDS.keys())]
    return [Warned(kind, found[kind][:_LONGEST]) for kind in kinds if found.get(kind)]


def silenced_kinds(text: str) -> frozenset[str]:
    """Of `stale,leak`, or `all`. Raises InvalidValue for what is none."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in KINDS and word != ALL:
            hint = did_you_mean(word, [*KINDS, ALL])
            raise InvalidValue(f"There is no warning {word!r}; there are {', '.join(KINDS)}.{hint}")
    return frozenset(KINDS) if ALL in words else frozenset(words)
