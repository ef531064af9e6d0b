"""What an import did, to be told at its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbtrack.transfer.imports.digests import joined_digest
from nbtrack.transfer.sources.source_records import BrokenRecord


@dataclass(slots=True)
class Side:
    """What is on one side: of runs that came over, and of those alone. Digests are by run;
    *singles* are keys of a run that have one value in the source."""

    runs: int = 0
    params: int = 0
    tags: int = 0
    points: int = 0
    files: int = 0
    digests: dict[str, str] = field(default_factory=dict)
    singles: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return joined_digest(self.digests.items())

    def differing_from(self, other: Side) -> list[str]:
        """Its runs that are not the same there, or not there at all."""
        found = other.digests
        return [run_id for run_id, digest in self.digests.items() if found.get(run_id) != digest]


@dataclass(slots=True)
class Outcome:
    """*broken* did not come over, *incomplete* came without some files; both by what they are.

    *differing* are runs that are not the same here as in the source; *notes* say how it was read.
    """

    new: int = 0
    grown: int = 0
    same: int = 0
    models: int = 0
    versions: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    incomplete: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    source: Side = field(default_factory=Side)
    here: Side = field(default_factory=Side)

    def note_broken(self, found: BrokenRecord) -> None:
        """What a reader gives in place of a record, which says whose it is."""
        what, _, why = str(found).partition(": ")
        self.broken[what] = why

    @property
    def differing(self) -> list[str]:
        return self.source.differing_from(self.here)

    @property
    def is_whole(self) -> bool:
        return not (self.broken or self.incomplete or self.differing)
