"""Which runs are copied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import ExperimentNotFound, InvalidValue
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.stores.store import Store


def chosen_runs(store: Store, texts: Sequence[str], experiments: Sequence[str]) -> list[Run]:
    """The runs that are named, deleted ones too, with their child runs, and those of experiments;
    each once. Raises NotFound; InvalidValue if none is named."""
    if not texts and not experiments:
        raise InvalidValue("Say which runs: ids or names of runs, or an experiment.")
    found = with_children(store, [find_run(store, t, view_type=ViewType.ALL) for t in texts])
    if experiments:
        ids = tuple(experiment_id_named(store, name) for name in experiments)
        found += store.search_runs(RunQuery(experiment_ids=ids, order_by=("start_time asc",)))
    return list({run.info.run_id: run for run in found}.values())


def with_children(store: Store, runs: Iterable[Run]) -> list[Run]:
    """Each, followed by those below it, at any depth."""
    found: list[Run] = []
    for run in runs:
        found.append(run)
        found += with_children(store, store.read_child_runs(run.info.run_id))
    return found


def experiment_id_named(store: Store, name: str) -> str:
    """Raises ExperimentNotFound, which proposes one that there is."""
    if (found := store.find_experiment(name)) is not None:
        return found.experiment_id
    names = [experiment.name for experiment in store.search_experiments()]
    raise ExperimentNotFound(name, store.uri, did_you_mean(name, names))
