"""The name that somebody may have meant who typed one that is not there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice, pairwise

MOST_NAMES = 2000  # that are looked at
MOST_COMPARED = 50  # letter by letter: a millisecond for two long names
_MOST_CHARACTERS = 100
_SHORTEST_PART = 3


def nearest(typed: object, names: Iterable[str]) -> str | None:
    """One of the first *names* that reads like *typed*, whatever their case, or that holds it."""
    import difflib  # only a mistake needs it

    wanted, originals = _folded(typed), _by_folded(names)
    likely = sorted(originals, key=lambda folded: -_shared(folded, wanted))[:MOST_COMPARED]
    close = difflib.get_close_matches(wanted, likely, n=1)
    if not close and len(wanted) >= _SHORTEST_PART:
        close = [folded for folded in likely if wanted in folded]
    return originals[close[0]] if close else None


def did_you_mean(typed: object, names: Iterable[str]) -> str:
    """A sentence to put behind another, after a space; or nothing."""
    name = nearest(typed, names)
    return asking(None if name is None else repr(name))


def asking(meant: str | None) -> str:
    return "" if meant is None else f" Did you mean {meant}?"


def _by_folded(names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in islice(names, MOST_NAMES):
        found.setdefault(_folded(name), name)
    return found


def _folded(name: object) -> str:
    return str(name)[:_MOST_CHARACTERS].casefold()


def _shared(one: str, other: str) -> float:
    """The share of equal pairs of letters; a first guess that is cheap."""
    ones, others = set(pairwise(f" {one}")), set(pairwise(f" {other}"))
    return 2 * len(ones & others) / max(1, len(ones) + len(others))
