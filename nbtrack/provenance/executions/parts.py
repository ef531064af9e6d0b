"""What the stamp of an object is made from."""

from __future__ import annotations

import types
from collections.abc import Iterable
from typing import NamedTuple

ATOMS: frozenset[type] = frozenset(
    {int, float, complex, bool, str, bytes, type(None), type(...), range, types.CodeType}
)

# By id, for the hash of a type may be code of the user's metaclass.
ATOM_IDS = frozenset(map(id, ATOMS))


class Parts(NamedTuple):
    """*stamp* is None of what does not change. *is_whole*: nothing that may change was left out;
    *is_opaque*: it may change, and nobody can look into it; *is_sealed*: so it is with an object of
    an extension that has a name, for as a part of others it changes with what is seen of them;
    *is_thin*: of many alike, which change with the whole, a few were taken."""

    stamp: object = None
    children: Iterable[object] = ()
    is_whole: bool = True
    is_opaque: bool = False
    is_thin: bool = False
    is_sealed: bool = False


def hashed(parts: Iterable[object]) -> int:
    """Atoms by value, all else by identity: the hash of an object may be the user's code."""
    return hash(tuple([part if id(type(part)) in ATOM_IDS else id(part) for part in parts]))


class ArrayStamp(NamedTuple):
    is_whole: bool  # all of it was read
    facts: object
    content: object


def differ(one: object, other: object) -> bool:
    """Whether an object was changed, by two of its stamps: a sample tells nothing of a whole."""
    if type(one) is ArrayStamp and type(other) is ArrayStamp and one.is_whole != other.is_whole:
        return one.facts != other.facts
    return one != other
