"""The variable that takes what a running call returns: `accuracy = accuracy_score(y, p)`.

Read in the instructions, not in the text: the one after the call stores the result, so nothing
was done to it in between.
"""

from __future__ import annotations

import dis
import weakref
from collections.abc import Mapping
from types import CodeType, FrameType

_MOST_CODES = 256  # kept in mind
# From 3.13 on two instructions may be one, with both names: the first takes the result.
_STORES = frozenset(
    (
        *("STORE_NAME", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF"),
        *("STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST"),
    )
)
# By id, because hashing a code object takes longer than all the rest.
_known: dict[int, tuple[weakref.ref[CodeType], Mapping[int, str]]] = {}


def assigned_name(frame: FrameType) -> str | None:
    """The name to which the result of what *frame* is calling right now is given, and nothing
    else; None where it goes elsewhere, into a tuple or a sum say."""
    code = frame.f_code
    known = _known.get(id(code))
    if known is None or known[0]() is not code:
        if len(_known) >= _MOST_CODES:
            _known.clear()
        known = _known[id(code)] = weakref.ref(code), _names_by_call(code)
    return known[1].get(frame.f_lasti)


def _names_by_call(code: CodeType) -> dict[int, str]:
    found: dict[int, str] = {}
    call: dis.Instruction | None = None
    for each in dis.get_instructions(code):
        if each.opname == "EXTENDED_ARG":
            continue
        if call is not None and each.opname in _STORES:
            # What runs is the call, or one of the cells behind it that are kept for its caches.
            found.update(dict.fromkeys(range(call.offset, each.offset, 2), _first(each.argval)))
        call = each if each.opname.startswith("CALL") else None
    return found


def _first(name: str | tuple[str, ...]) -> str:
    return name if isinstance(name, str) else name[0]
