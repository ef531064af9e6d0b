"""All that is recorded of where a run came from, read of a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbtrack.errors import RunNotFound
from nbtrack.lookup.own_values import without_moved
from nbtrack.provenance.slices import slice_of
from nbtrack.records.executions import Execution
from nbtrack.records.runs import Run
from nbtrack.records.tags import PARENT_TAG
from nbtrack.stores.store import Store

_MOST_GENERATIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Whatever was not recorded is empty.

    *cell*, *executions*, *environment* and *git* are those of the cell that made the run: of a
    child run, its parent's.
    """

    run: Run
    cell: Mapping[str, Any] = field(default_factory=dict)
    executions: Sequence[Execution] = ()  # its slice, in order: the last one is of its own cell
    texts: Mapping[str, str] = field(default_factory=dict)  # of cells and modules, by digest
    environment: Mapping[str, Any] = field(default_factory=dict)
    git: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str | None:
        """Of its cell, with secrets masked."""
        known = self.cell.get("source")
        if known is None and self.executions:
            known = self.texts.get(self.executions[-1].source)
        return None if known is None else str(known)

    @property
    def upstream(self) -> Sequence[Execution]:
        return self.executions[:-1]


def read_records(store: Store, run_ids: Iterable[str]) -> list[RunRecord]:
    """Raises RunNotFound."""
    runs = [without_moved(store.get_run(run_id)) for run_id in run_ids]
    families = [[run.info.run_id, *_ancestors(store, run)] for run in runs]
    slices = [_slice(store, family) for family in families]
    everyone = [run_id for family in families for run_id in family]
    texts = store.read_texts([digest for each in slices for digest in _digests(each)])
    cells, environments = store.read_cells(everyone), store.read_environments(everyone)
    git = store.read_git_states(everyone)
    return [
        RunRecord(
            run=run,
            cell=_first(cells, family),
            executions=executions,
            texts={digest: texts[digest] for digest in _digests(executions) if digest in texts},
            environment=_first(environments, family),
            git=_first(git, family),
        )
        for run, family, executions in zip(runs, families, slices)
    ]


def _ancestors(store: Store, run: Run) -> list[str]:
    """The nearest first; one that is gone ends them."""
    found: list[str] = []
    while (parent := run.data.tags.get(PARENT_TAG)) and len(found) < _MOST_GENERATIONS:
        try:
            run = store.get_run(parent)
        except RunNotFound:
            break
        found.append(parent)
    return found


def _slice(store: Store, family: Iterable[str]) -> list[Execution]:
    for run_id in family:
        if executions := store.read_executions(run_id):
            return slice_of(executions, executions[-1].number)
    return []


def _first(found: Mapping[str, Any], family: Iterable[str]) -> Mapping[str, Any]:
    return next((found[run_id] for run_id in family if run_id in found), {})


def _digests(executions: Iterable[Execution]) -> list[str]:
    modules = [file.sha256 for each in executions for file in each.modules if file.sha256]
    return list(dict.fromkeys([*(each.source for each in executions), *modules]))
