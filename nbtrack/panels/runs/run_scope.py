"""Which experiments are meant, and what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import ExperimentNotFound, NotFound
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Experiment, Run, RunQuery, RunStatus, ViewType
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

ALL = "all"
_MOST_NAMED = 20
_MOST_LOOKS = 10  # each is a look at the database


def experiment_ids_of(store: Store, names: Iterable[str]) -> tuple[str, ...]:
    """Raises NotFound for an unknown name, with those that there are."""
    return tuple(_id_of(store, name) for name in dict.fromkeys(names))


def read_experiments(store: Store, experiment_ids: Sequence[str] | None) -> list[Experiment]:
    """Those with these ids; None means all."""
    if experiment_ids is not None and len(experiment_ids) == 1:
        return _the_one(store, experiment_ids[0])
    found = store.search_experiments(view_type=ViewType.ALL)
    return [e for e in found if experiment_ids is None or e.experiment_id in experiment_ids]


def runs_elsewhere(store: Store, experiment_ids: Sequence[str] | None) -> int:
    """How many runs there are in all other experiments."""
    if experiment_ids is None:
        return 0
    here = RunQuery(experiment_ids=tuple(experiment_ids))
    return store.count_runs(RunQuery()) - store.count_runs(here)


def errors_of(store: Store, runs: Iterable[Run]) -> dict[str, str]:
    """What ended those that failed, by run; of one that was no cell nobody knows."""
    failed = [run.info.run_id for run in runs if run.info.status == RunStatus.FAILED]
    cells = store.read_cells(failed) if failed else {}
    return {run_id: str(cell["error"]) for run_id, cell in cells.items() if cell.get("error")}


def names_elsewhere(store: Store, experiment_ids: Sequence[str]) -> list[str]:
    """The newest other experiments that have runs, and … if there may be more."""
    others = [e for e in store.search_experiments() if e.experiment_id not in experiment_ids]
    names = [e.name for e in others[:_MOST_LOOKS] if _has_runs(store, e.experiment_id)]
    return names + (["…"] if len(others) > _MOST_LOOKS else [])


def _has_runs(store: Store, experiment_id: str) -> bool:
    return bool(store.search_runs(RunQuery(experiment_ids=(experiment_id,), max_results=1)))


def _id_of(store: Store, name: str) -> str:
    found = store.find_experiment(name)
    if found is not None:
        return found.experiment_id
    active = current_session().experiment
    if active.name == name:  # before its first run
        return active.experiment_id
    names = sorted(experiment.name for experiment in store.search_experiments())
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    raise NotFound(
        f"No experiment {name!r} in {folder_of(store.uri)}.{did_you_mean(name, names)} "
        f"There are {', '.join(names[:_MOST_NAMED])}{more}."
    )


def _the_one(store: Store, experiment_id: str) -> list[Experiment]:
    try:
        return [store.get_experiment(experiment_id)]
    except ExperimentNotFound:  # the active one, before its first run
        known = current_session().experiment
        return [known] if known.experiment_id == experiment_id else []
