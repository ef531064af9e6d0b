"""What ended the runs that failed, read once as long as nobody writes anything.

Of 100,000 runs the cells of a page take 15 ms, as much as all else of a page that was shown before.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbtrack.panels.runs.run_scope import errors_of
from nbtrack.records.runs import Run, RunStatus
from nbtrack.stores.store import Store

_MOST_KEPT = 1000


class KnownErrors:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._version: object = None
        self._errors: dict[str, str] = {}  # "" for those of which nobody knows

    def of(self, runs: Iterable[Run]) -> dict[str, str]:
        """By run, as `errors_of` has them."""
        failed = [run for run in runs if run.info.status == RunStatus.FAILED]
        if not failed:
            return {}
        version = self._store.version()  # before they are read: what comes meanwhile is news
        if version != self._version or len(self._errors) > _MOST_KEPT:
            self._version, self._errors = version, {}
        unknown = [run for run in failed if run.info.run_id not in self._errors]
        if unknown:
            read = errors_of(self._store, unknown)
            self._errors |= {r.info.run_id: read.get(r.info.run_id, "") for r in unknown}
        errors = {run.info.run_id: self._errors[run.info.run_id] for run in failed}
        return {run_id: error for run_id, error in errors.items() if error}
