"""A walk over what values are made of: stamps, what functions read, who changed a part of them."""

from __future__ import annotations

import types
import weakref
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nbtrack.base.guard import tried
from nbtrack.provenance.executions.array_stamps import WHOLE_BYTES, bytes_of
from nbtrack.provenance.executions.code_names import names_of
from nbtrack.provenance.executions.file_questions import Question, asked_in
from nbtrack.provenance.executions.library_stamps import array_parts
from nbtrack.provenance.executions.parts import ATOM_IDS, Parts
from nbtrack.provenance.executions.patches import patched_in
from nbtrack.provenance.executions.safe_access import module_of
from nbtrack.provenance.executions.stamps import Kind, kind_of

NOBODY = -1  # that was recorded
# What IPython keeps in the notebook's namespace for itself.
OF_SHELL = frozenset({"In", "Out", "_ih", "_oh", "_dh", "exit", "quit", "open", "get_ipython", "_i",
                      "_ii", "_iii"})  # fmt: skip


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


class Limits(NamedTuple):
    """Of one walk."""

    objects: int
    bytes: int  # of arrays, that are read in full


WHOLE, SAMPLED = Limits(1_000, 256 << 20), Limits(100, 1 << 20)


@dataclass(slots=True)
class Walk:
    """Over the values of one cell's names. *idle* are stamps of before the cell: a function with a
    cache that has the same as then was not run, and read nothing."""

    namespace: Mapping[str, Any]
    limits: Limits = WHOLE
    changes: Mapping[int, Change] = field(default_factory=dict)
    idle: Mapping[int, object] = field(default_factory=dict)
    stamps: dict[int, object] = field(default_factory=dict)
    roots: dict[int, str] = field(default_factory=dict)  # by which name it came to an object
    names: set[str] = field(default_factory=set)  # that functions on the way read
    libraries: set[str] = field(default_factory=set)
    patches: set[str] = field(default_factory=set)  # dotted, that functions on the way patch
    questions: set[Question] = field(default_factory=set)  # of these functions, maybe for files
    needs: set[int] = field(default_factory=set)
    partly: set[str] = field(default_factory=set)  # names of which not all was seen
    thin: set[str] = field(default_factory=set)  # and what was left out is like what was not
    objects: dict[int, object] = field(default_factory=dict)  # those with stamps, if *keeps* them
    keeps: bool = False
    bytes_read: int = 0  # of arrays
    opaque: dict[int, str] = field(default_factory=dict)  # ids, and by which names
    sealed: dict[int, str] = field(default_factory=dict)  # the same

    def close_over(self, names: Iterable[str], binders: Mapping[str, int]) -> set[str]:
        """*names*, and those that functions on the way read: the ones that there are."""
        found: set[str] = set()
        due = set(names)
        while due:
            name = due.pop()
            if name in found or name in OF_SHELL or name not in self.namespace:
                continue
            found.add(name)
            known = len(self.names)
            self.add(name, self.namespace[name], since=binders.get(name, NOBODY))
            if len(self.names) != known:
                due |= self.names - found
        return found

    def add(self, name: str, value: object, *, since: int) -> None:
        """*since*: the execution that bound *name*."""
        if id(type(value)) in ATOM_IDS:
            return
        due: deque[tuple[object, int]] = deque([(value, since)])
        seen = self.roots
        while due:
            each, floor = due.popleft()
            if id(each) in seen:
                continue
            if len(seen) >= self.limits.objects:
                self.partly.add(name)
                return
            seen[id(each)] = name
            floor = self._count_changes(each, floor) if self.changes else floor
            kind = kind_of(each)
            parts = self._look_at(each, kind, name)
            due.extend(
                [(p, floor) for p in parts if id(type(p)) not in ATOM_IDS and id(p) not in seen]
            )
            if kind.is_users:
                due.append((type(each), floor))

    def _look_at(self, value: object, kind: Kind, name: str) -> Iterable[object]:
        """Its parts; its stamp is kept."""
        if kind.is_code:
            self._note(value)
        self.libraries.add(kind.library)
        # A thread may be at it, and libraries change what they keep beneath.
        parts = tried(lambda: self._parts(value, kind), on_fault=_not_seen)
        if parts.stamp is not None:
            self.stamps[id(value)] = parts.stamp
            if self.keeps:
                self.objects[id(value)] = value
            if kind.is_cached and self.idle.get(id(value)) == parts.stamp:
                return ()
        for is_unseen, ids in ((parts.is_opaque, self.opaque), (parts.is_sealed, self.sealed)):
            if is_unseen:
                ids[id(value)] = name
                if self.keeps:
                    self.objects[id(value)] = value
        if parts.is_thin:
            self.thin.add(name)
        if not parts.is_whole:
            self.partly.add(name)
        return parts.children

    def _parts(self, value: object, kind: Kind) -> Parts:
        if kind.parts is not array_parts:
            return kind.parts(value)
        left = self.limits.bytes - self.bytes_read
        parts = array_parts(value, most=min(left, WHOLE_BYTES))
        if parts.stamp is not None and parts.is_whole:
            self.bytes_read += bytes_of(value)
        return parts

    def _count_changes(self, value: object, floor: int) -> int:
        """The newest one that this walk knows of what holds *value*, or of *value*."""
        for each in (value, type(value)):
            change = self.changes.get(id(each))
            if change is not None and change.is_of(each, since=floor):
                self.needs.add(change.number)
                if each is value:
                    floor = max(floor, change.number)
        return floor

    def _note(self, value: Any) -> None:
        kind = type(value)
        if kind is types.FunctionType:
            self._note_function(value)
        elif kind is types.GeneratorType:
            self.names.update(names_of(value.gi_code))
            self.questions.update(asked_in(value.gi_code))
        elif kind is types.ModuleType:
            self.libraries.add(_top(value.__dict__.get("__name__")))
        else:
            self.libraries.add(_top(module_of(value)))

    def _note_function(self, function: Any) -> None:
        if function.__globals__ is self.namespace:
            self.names.update(names_of(function.__code__))
            self.patches.update(patched_in(function.__code__))
            self.questions.update(asked_in(function.__code__))
        else:
            self.libraries.add(_top(function.__globals__.get("__name__")))


def _not_seen(_fault: Exception) -> Parts:
    return Parts(is_whole=False)


def _top(module: object) -> str:
    return module.partition(".")[0] if type(module) is str else ""
