"""Whether a server answered all that an export asked.

While one is away, its store answers of what this machine knows, which is not all: an export of that
would stand where a whole one stood.
"""

from __future__ import annotations

from nbtrack.errors import StoreBusy
from nbtrack.stores.opening import without_password
from nbtrack.stores.store import Store

NOTHING_WRITTEN = "nothing was written. Export again when it does"


class Answers:
    """All from now on."""

    def __init__(self, store: Store) -> None:
        self._store, self._missed = store, store.missed_answers

    def check(self, consequence: str) -> None:
        """Raises StoreBusy, which says the *consequence*, if one of them did not come."""
        if self._store.missed_answers != self._missed:
            raise StoreBusy(
                f"{without_password(self._store.uri)} did not answer, and {consequence}."
            )
