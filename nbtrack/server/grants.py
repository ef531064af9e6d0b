"""Roles for single experiments and registered models, beside the role for all that a user may have.

Both are meant by their names. What is asked about several needs a grant for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from nbtrack.server.roles import Role

EXPERIMENT, MODEL = "experiment", "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """*kind* is EXPERIMENT or MODEL."""

    kind: str
    name: str
    role: Role

    def __str__(self) -> str:
        return f"{self.role} of {self.kind} {self.name}"


class Need(NamedTuple):
    """What a request takes of who sends it: a role, of an experiment or model."""

    role: Role
    kind: str
    name: str

    def is_met_by(self, grants: tuple[Grant, ...]) -> bool:
        return any(
            (grant.kind, grant.name) == (self.kind, self.name) and grant.role.may(self.role)
            for grant in grants
        )

    def __str__(self) -> str:
        return f"the role {self.role} of {self.kind} {self.name!r:.80}"
