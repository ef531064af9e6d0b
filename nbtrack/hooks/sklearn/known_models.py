"""Which run trained which estimator, without leaving anything in the user's objects."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun


class _Known(NamedTuple):
    estimator: weakref.ref[Any]
    run: ActiveRun


class KnownModels:
    """By identity: estimators may be equal, or have no hash. An entry goes with its estimator.

    No lock: every change is one step of a dict, and a lock could be held by the very thread
    whose garbage collection calls back.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def remember(self, estimator: Any, run: ActiveRun) -> None:
        """The last fit counts."""
        key = id(estimator)
        known = self._known

        def forget(gone: weakref.ref[Any]) -> None:
            if (found := known.get(key)) is not None and found.estimator is gone:
                known.pop(key, None)

        known[key] = _Known(weakref.ref(estimator, forget), run)

    def run_of(self, estimator: Any) -> ActiveRun | None:
        found = self._find(estimator)
        return None if found is None else found.run

    def __len__(self) -> int:
        return len(self._known)

    def _find(self, estimator: Any) -> _Known | None:
        found = self._known.get(id(estimator))
        return found if found is not None and found.estimator() is estimator else None


known_models = KnownModels()
