"""Who wrote what last, in one kernel: names, objects changed in place, states, files."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from nbtrack.provenance.executions.walks import Change, reference_to

MOST_CHANGES = 50_000  # objects; most of them are gone by then


@dataclass(slots=True)
class Writers:
    """*seeded* are the generators of which the states follow from what was recorded, *mocked* the
    libraries into which a mock was put that is there still, each with the mock's identity."""

    names: dict[str, int] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    seeded: set[str] = field(default_factory=set)
    mocked: frozenset[tuple[str, int]] = frozenset()

    def of_files_in(self, folder: str) -> set[int]:
        """Of the folder, and of what is in it."""
        inside = os.path.join(folder, "")
        return {n for path, n in self.files.items() if path == folder or path.startswith(inside)}

    def change(self, value: object, number: int) -> None:
        self.changes[id(value)] = Change(number, reference_to(value))
        if len(self.changes) > MOST_CHANGES:
            self._forget_dead()

    def _forget_dead(self) -> None:
        kept = {
            identity: change
            for identity, change in self.changes.items()
            if change.reference is None or change.reference() is not None
        }
        # Containers cannot be asked whether they are alive: the older half goes.
        newest = sorted(kept.items(), key=lambda item: item[1].number)
        self.changes = dict(newest[len(newest) // 2 :])
