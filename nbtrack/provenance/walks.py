"""A walk over what values are made of: stamps, what functions read, who changed a part of them."""

from __future__ import annotations

import types
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nbtrack.provenance.safe_access import module_of
from nbtrack.provenance.stamps import ATOMS, is_user_class, parts_of

MOST_OBJECTS = 1_500  # of one walk


class Change(NamedTuple):
    number: int
    reference: weakref.ref[Any] | None  # None: objects of this type cannot be referred to so

    def is_of(self, value: object, *, since: int) -> bool:
        """An id may be another object's by now. Without a reference a change counts if it is
        newer than what holds the object: who put it there had looked at it."""
        if self.reference is not None:
            return self.reference() is value
        return self.number > since


def reference_to(value: object) -> weakref.ref[Any] | None:
    try:
        return weakref.ref(value)
    except TypeError:
        return None


@dataclass(slots=True)
class Walk:
    """Over the values of one cell's names."""

    namespace: Mapping[str, Any]
    changes: Mapping[int, Change]
    most: int = MOST_OBJECTS
    stamps: dict[int, object] = field(default_factory=dict)
    roots: dict[int, str] = field(default_factory=dict)  # by which name it came to an object
    names: set[str] = field(default_factory=set)  # that functions on the way read
    libraries: set[str] = field(default_factory=set)
    needs: set[int] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)  # names of which not all was seen
    references: dict[int, weakref.ref[Any] | None] = field(default_factory=dict)

    def add(self, name: str, value: object, *, since: int) -> None:
        """*since*: the execution that bound *name*."""
        due: deque[tuple[object, int]] = deque([(value, since)])
        while due:
            each, floor = due.popleft()
            if type(each) in ATOMS or id(each) in self.roots:
                continue
            if len(self.roots) >= self.most:
                self.partly.add(name)
                return
            due.extend(self._look_at(name, each, floor))

    def _look_at(self, name: str, value: object, floor: int) -> Iterator[tuple[object, int]]:
        identity = id(value)
        self.roots[identity] = name
        floor = self._count_changes(value, floor)
        parts = parts_of(value)
        self._note(value)
        if parts.stamp is not None:
            self.stamps[identity] = parts.stamp
            self.references[identity] = reference_to(value)
        if not parts.is_whole:
            self.partly.add(name)
        kind = type(value)
        if is_user_class(kind):
            yield kind, floor
        for part in parts.children:
            yield part, floor

    def _count_changes(self, value: object, floor: int) -> int:
        for each in (value, type(value)):
            change = self.changes.get(id(each))
            if change is not None and change.is_of(each, since=floor):
                self.needs.add(change.number)
                if each is value:
                    floor = max(floor, change.number)
        return floor

    def _note(self, value: object) -> None:
        kind = type(value)
        if kind is types.FunctionType:
            self._note_function(value)
        elif kind is types.GeneratorType:
            self.names.update(names_of(value.gi_code))  # type: ignore[attr-defined] # by its type
        elif kind is types.ModuleType:
            self.libraries.add(_top(vars(value).get("__name__")))
        else:
            self.libraries.add(_top(module_of(kind)))

    def _note_function(self, function: Any) -> None:
        if function.__globals__ is self.namespace:
            self.names.update(names_of(function.__code__))
        else:
            self.libraries.add(_top(function.__globals__.get("__name__")))


def names_of(code: types.CodeType) -> set[str]:
    """What it may read or bind of the module's names, down through nested functions."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            found |= names_of(constant)
    return found


def _top(module: object) -> str:
    return module.partition(".")[0] if type(module) is str else ""
