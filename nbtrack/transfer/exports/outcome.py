"""What an export did, to be told at its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbtrack.transfer.imports.outcome import Side


@dataclass(slots=True)
class Exported:
    """*left_out* is not there, by what it is; *there* was read back from what was written, and is
    None where nothing reads it back."""

    place: str
    new: int = 0
    renewed: int = 0
    same: int = 0
    models: int = 0
    versions: int = 0
    left_out: dict[str, str] = field(default_factory=dict)
    here: Side = field(default_factory=Side)
    there: Side | None = None

    @property
    def differing(self) -> list[str]:
        """Runs that are not the same there."""
        return [] if self.there is None else self.here.differing_from(self.there)

    @property
    def is_whole(self) -> bool:
        return not (self.left_out or self.differing)
