"""The stamps of objects when a cell last looked at them: what differs by the next one was changed
by no cell, but by a thread or a callback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nbtrack.provenance.executions.parts import differ
from nbtrack.provenance.executions.walks import Walk

MOST_STAMPS = 20_000


class _Last(NamedTuple):
    stamp: object
    name: str
    root: int  # the id of what the name held


class LastStamps:
    def __init__(self) -> None:
        self._by_id: dict[int, _Last] = {}

    def remember(self, walk: Walk, namespace: Mapping[str, Any]) -> None:
        if len(self._by_id) > MOST_STAMPS:
            self._by_id.clear()
        for identity, stamp in walk.stamps.items():
            name = walk.roots[identity]
            self._by_id[identity] = _Last(stamp, name, id(namespace.get(name)))

    def changed(self, walk: Walk, namespace: Mapping[str, Any]) -> dict[int, str]:
        """Ids of objects that are not what they were, with the names by which *walk* came to
        them."""
        found = {}
        for identity, stamp in walk.stamps.items():
            last = self._by_id.get(identity)
            # By now the id may be another object's: not while the name holds what it held.
            is_same = last is not None and id(namespace.get(last.name)) == last.root
            if last is not None and is_same and differ(last.stamp, stamp):
                found[identity] = walk.roots[identity]
        return found
