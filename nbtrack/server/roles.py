"""What users of a server may do, and which request needs what."""

from __future__ import annotations

import re
from enum import StrEnum

from nbtrack.records.registry import EventKind

_READS = re.compile(
    r"/(ajax-)?api/2\.0/mlflow/("
    r"(experiments|runs|logged-models)/search|experiments/search-datasets"
    r"|registered-models/get-latest-versions)"
    r"|/api/nbtrack/\d+/questions/\w+"
)
_MOVES = re.compile(r"/(ajax-)?api/2\.0/mlflow/model-versions/transition-stage")


class Role(StrEnum):
    """Each may also do what the ones above it may."""

    VIEWER = "viewer"  # reads
    EDITOR = "editor"  # logs, edits, registers models
    APPROVER = "approver"  # moves versions to other stages
    ADMIN = "admin"  # says which stages there are, and what their gates ask for

    def may(self, needed: Role) -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


_NEEDED = {
    EventKind.STAGE_CHANGED: Role.APPROVER,
    EventKind.STAGES_SET: Role.ADMIN,
    EventKind.GATE_SET: Role.ADMIN,
    EventKind.GATE_REMOVED: Role.ADMIN,
}


def role_of_change(kind: EventKind) -> Role:
    """What a change of the registry takes."""
    return _NEEDED.get(kind, Role.EDITOR)


def needed_role(method: str, path: str) -> Role:
    """What is not known to need less or more, changes something."""
    if method in ("GET", "HEAD") or (method == "POST" and _READS.fullmatch(path)):
        return Role.VIEWER
    return Role.APPROVER if _MOVES.fullmatch(path) else Role.EDITOR
