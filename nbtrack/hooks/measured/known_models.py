"""What is known of each estimator, such as the run that trained it.

Nothing is left in the user's objects.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from nbtrack.hooks.flags import CommonFlags
    from nbtrack.recording.active_run import ActiveRun


KeptT = TypeVar("KeptT")


class _Known(NamedTuple, Generic[KeptT]):
    estimator: weakref.ref[Any]
    kept: KeptT


class ByModel(Generic[KeptT]):
    """By identity: estimators may be equal, or have no hash. An entry goes with its estimator.

    No lock: every change is one step of a dict, and a lock could be held by the very thread
    whose garbage collection calls back.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known[KeptT]] = {}

    def remember(self, estimator: Any, kept: KeptT) -> None:
        """The last fit counts."""
        key = id(estimator)
        known = self._known

        def forget(gone: weakref.ref[Any]) -> None:
            if (found := known.get(key)) is not None and found.estimator is gone:
                known.pop(key, None)

        known[key] = _Known(weakref.ref(estimator, forget), kept)

    def find(self, estimator: Any) -> KeptT | None:
        found = self._known.get(id(estimator))
        return found.kept if found is not None and found.estimator() is estimator else None

    def __len__(self) -> int:
        return len(self._known)


class Trained(NamedTuple):
    run: ActiveRun
    flags: Callable[[], CommonFlags]  # those that hold now, of the framework that trained it


class KnownModels(ByModel[Trained]):
    def run_of(self, model: Any) -> ActiveRun | None:
        found = self.find(model)
        return None if found is None else found.run

    def wants_data(self, model: Any) -> bool:
        """Whether its run is to say what the model was asked about."""
        found = self.find(model)
        return found is not None and found.flags().log_datasets


known_models = KnownModels()
