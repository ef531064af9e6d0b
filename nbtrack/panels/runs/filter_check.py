"""A filter is checked before it is used, and a bare name that the project knows gets its prefix."""

from __future__ import annotations

from nbtrack.errors import InvalidFilter, StoreError
from nbtrack.lookup.run_order import known_key, quoted
from nbtrack.records.runs import RunQuery
from nbtrack.stores.filters.clauses import run_filter
from nbtrack.stores.filters.filter_keys import UnknownKey
from nbtrack.stores.store import Store


def check_filter(store: Store, scope: RunQuery) -> None:
    """Raises InvalidFilter; of `accuracy > 0.9` it says metrics.accuracy if there is such one."""
    try:
        run_filter(scope.filter_string)
    except UnknownKey as exc:
        meant = _meant(store, scope, exc)
        if meant is None:
            raise
        problem = f"Unknown attribute '{exc.key.name}'. Did you mean {meant}?"
        raise InvalidFilter(exc.text, exc.position, problem) from None


def _meant(store: Store, scope: RunQuery, exc: UnknownKey) -> str | None:
    if exc.key.prefix is not None:
        return None
    try:
        everything = RunQuery(experiment_ids=scope.experiment_ids)
        found = known_key(store, everything, exc.key.name)
    except (InvalidFilter, StoreError):  # a name that cannot be asked for, or a busy file
        return None
    if found is None:
        return None
    kind, _, name = found.partition(".")
    return found if name.replace("_", "").isalnum() else f"{kind}.{quoted(name)}"
