"""The executions of one kernel, in memory, and in the journals of the stores that it has runs in.

Until the kernel has a run, nothing of it is worth keeping: no store is opened for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.executions import Execution
from nbtrack.stores.store import Store


class ExecutionLog:
    def __init__(self) -> None:
        self.executions: dict[int, Execution] = {}  # by number
        self._texts: dict[str, str] = {}  # by digest
        # By writer: another one, of another store or of one that was removed, has nothing yet.
        self._texts_in: dict[str, set[str]] = {}

    def keep(self, execution: Execution, texts: Mapping[str, str]) -> None:
        self.executions[execution.number] = execution
        self._texts |= texts

    def write(self, execution: Execution, store: Store) -> None:
        """To a store in which the kernel has runs; one that has none of it yet gets all of it."""
        if store.writer not in self._texts_in:
            self._texts_in[store.writer] = set()
            for each in self.executions.values():
                self._append(each, store)
        else:
            self._append(execution, store)

    def is_in(self, store: Store) -> bool:
        return store.writer in self._texts_in

    def _append(self, execution: Execution, store: Store) -> None:
        known = self._texts_in[store.writer]
        for digest in execution.texts:
            if digest in self._texts and digest not in known:
                known.add(digest)
                store.append(lines.text_line(digest, self._texts[digest], t=now_us()))
        store.append(lines.execution_line(execution, t=now_us()))
