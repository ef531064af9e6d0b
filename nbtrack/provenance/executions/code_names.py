"""Which names of the notebook a function reads or binds when it is called, by its compiled code."""

from __future__ import annotations

import dis
from functools import lru_cache
from types import CodeType

_SKIPPED = ("CACHE", "SET_FUNCTION_ATTRIBUTE", "RESUME")


@lru_cache(maxsize=4096)
def names_of(code: CodeType) -> frozenset[str]:
    """Down through nested functions, but for those that it makes and only returns: they run when
    somebody calls them, and are looked at then."""
    found = set(code.co_names)
    nested = [each for each in code.co_consts if type(each) is CodeType]
    if nested:
        given_away = _given_away(code)
        found.update(*(names_of(each) for each in nested if id(each) not in given_away))
    return frozenset(found)


def _given_away(code: CodeType) -> set[int]:
    """Ids of the nested codes that become functions which are returned, and nothing else."""
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SKIPPED]
    found = set()
    for at, step in enumerate(steps[:-2]):
        if type(step.argval) is CodeType and steps[at + 1].opname == "MAKE_FUNCTION":
            then = steps[at + 2]
            if then.opname == "RETURN_VALUE" or _is_only_returned(then, steps):
                found.add(id(step.argval))
    return found


def _is_only_returned(stored: dis.Instruction, steps: list[dis.Instruction]) -> bool:
    if not stored.opname.startswith("STORE_"):
        return False
    uses = [
        at for at, step in enumerate(steps) if _mentions(step, stored.argval) and step != stored
    ]
    return all(
        steps[at].opname.startswith("LOAD_") and steps[at + 1].opname == "RETURN_VALUE"
        for at in uses
    )


def _mentions(step: dis.Instruction, name: object) -> bool:
    value = step.argval
    return value == name if type(value) is str else type(value) is tuple and name in value
