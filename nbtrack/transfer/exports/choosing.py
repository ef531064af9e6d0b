"""Which runs leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbtrack.errors import NotFound
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.stores.store import Store
from nbtrack.transfer.copies.choosing import experiment_id_named, with_children
from nbtrack.transfer.imports.kept_here import AnswersSql


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Ids of runs, in the order in which they began; *is_all*: nobody chose. *records* has what is
    known of them."""

    run_ids: Sequence[str]
    is_all: bool
    records: AnswersSql


def choose(
    store: Store, runs: Sequence[str], experiments: Sequence[str], filter_string: str
) -> Choice:
    """Those that are named, with their child runs, and those of the experiments that match the
    filter; of nothing said, all, deleted ones too. Raises NotFound, InvalidFilter."""
    is_all = not (runs or experiments or filter_string)
    found = with_children(store, [find_run(store, t, view_type=ViewType.ALL) for t in runs])
    if is_all or experiments or filter_string:
        ids = tuple(experiment_id_named(store, name) for name in experiments)
        found += store.search_runs(
            RunQuery(
                experiment_ids=ids or None,
                filter_string=filter_string or None,
                view_type=ViewType.ALL if is_all else ViewType.ACTIVE_ONLY,
            )
        )
    if not found and not is_all:
        raise NotFound(f"No run in {store.uri} is like that; there is nothing to export.")
    each_once = {run.info.run_id: run for run in found}.values()
    run_ids = [run.info.run_id for run in sorted(each_once, key=_age)]
    return Choice(run_ids=run_ids, is_all=is_all, records=store)


def _age(run: Run) -> tuple[int, str]:
    return run.info.start_time, run.info.run_id
