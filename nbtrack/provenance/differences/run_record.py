"""All that is recorded of where a run came from, read of a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nbtrack.lookup.own_values import without_moved
from nbtrack.provenance.slices import recorded_executions, slice_of, with_ancestors
from nbtrack.records.executions import Execution
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store


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
    related = [list(with_ancestors(store, run)) for run in runs]
    slices = [_slice(store, family) for family in related]
    families = [[each.info.run_id for each in family] for family in related]
    everyone = [run_id for family in families for run_id in family]
    named = [list(dict.fromkeys(d for each in found for d in each.texts)) for found in slices]
    texts = store.read_texts([digest for digests in named for digest in digests])
    cells, environments = store.read_cells(everyone), store.read_environments(everyone)
    git = store.read_git_states(everyone)
    return [
        RunRecord(
            run=run,
            cell=_first(cells, family),
            executions=executions,
            texts={digest: texts[digest] for digest in digests if digest in texts},
            environment=_first(environments, family),
            git=_first(git, family),
        )
        for run, family, executions, digests in zip(runs, families, slices, named)
    ]


def _slice(store: Store, family: Sequence[Run]) -> list[Execution]:
    found = recorded_executions(store, family)
    return [] if found is None else slice_of(found[1], found[1][-1].number)


def _first(found: Mapping[str, Any], family: Iterable[str]) -> Mapping[str, Any]:
    return next((found[run_id] for run_id in family if run_id in found), {})
