"""What was deleted from this notebook, by a command or in a panel, so that it can be undone."""

from __future__ import annotations

from typing import NamedTuple


class Deletion(NamedTuple):
    uri: str  # of the store
    ids: list[str]  # of runs, parents first
