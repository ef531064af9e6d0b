"""What differs between runs: params, metrics, tags, data, environment and the code of their cells.

Written once on top of the Store, for the compare panel and for whoever asks from Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.lookup.own_values import without_moved
from nbtrack.records.runs import Run, RunQuery, ViewType, read_in_part
from nbtrack.records.tags import NOTE_TAG, OWN_PREFIXES
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

MOST_RUNS = 20
SAMPLED = "sampled"  # beside a digest that did not read all of the data
NOTE = "note"  # the key of a run's note among its tags
GIT_COMMIT_TAG = "mlflow.source.git.commit"
PYTHON_FACTS = ("python_version", "implementation")  # of an environment
HARDWARE_FACTS = ("platform", "cpu_model", "cpu_cores", "memory_bytes", "gpu_models")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One fact of every run, in their order; None where a run has none."""

    key: str
    values: Sequence[str | None]
    may_differ: bool = False  # though the values are equal: they are no proof

    @property
    def differs(self) -> bool:
        return self.may_differ or len(set(self.values)) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMetric:
    """Latest values, and what each is above (+) or below (-) that of the baseline."""

    key: str
    values: Sequence[float | None]
    deltas: Sequence[float | None]

    @property
    def differs(self) -> bool:
        return len({None if v is None else repr(v) for v in self.values}) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """*runs* as they were asked for; what differs stands first in every list."""

    runs: Sequence[Run]
    baseline: int  # its place among *runs*
    params: Sequence[Compared]
    metrics: Sequence[ComparedMetric]
    tags: Sequence[Compared]
    data: Sequence[Compared]
    environment: Sequence[Compared]
    cells: Sequence[Mapping[str, Any]]  # empty for a run that was no cell

    @property
    def sources(self) -> list[str | None]:
        return [cell.get("source") for cell in self.cells]


def difference(store: Store, run_ids: Sequence[str], *, baseline: str | None = None) -> Difference:
    """Between 2 to 20 runs, seen from the run *baseline*; by default from the first.

    Raises RunNotFound, and InvalidValue for another number of runs.
    """
    run_ids = list(dict.fromkeys(run_ids))
    if not 2 <= len(run_ids) <= MOST_RUNS:
        raise InvalidValue(f"{len(run_ids)} runs to compare; choose 2 to {MOST_RUNS}.")
    if baseline is not None and baseline not in run_ids:
        raise InvalidValue(f"The baseline {baseline!r} is none of the runs to compare.")
    runs = _read_runs(store, run_ids)
    place = run_ids.index(baseline) if baseline else 0
    cells = store.read_cells(run_ids)
    return Difference(
        runs=runs,
        baseline=place,
        params=differing_first(compared([run.data.params for run in runs])),
        metrics=compared_metrics([run.data.metrics for run in runs], baseline=place),
        tags=differing_first(compared([_own_words(run.data.tags) for run in runs])),
        data=differing_first(compared_data([_data(run) for run in runs])),
        environment=differing_first(compared(_surroundings(store, runs))),
        cells=[cells.get(run_id, {}) for run_id in run_ids],
    )


def _read_runs(store: Store, run_ids: Sequence[str]) -> list[Run]:
    listed = ", ".join("'" + run_id.replace("'", "''") + "'" for run_id in run_ids)
    query = RunQuery(filter_string=f"attributes.run_id in ({listed})", view_type=ViewType.ALL)
    found = {run.info.run_id: run for run in store.search_runs(query)}
    for run_id in run_ids:
        if run_id not in found:
            raise RunNotFound(run_id, str(folder_of(store.uri)))
    return [without_moved(found[run_id]) for run_id in run_ids]


def compared(facts: Sequence[Mapping[str, str]]) -> list[Compared]:
    keys = dict.fromkeys(key for each in facts for key in each)
    return [Compared(key=key, values=[each.get(key) for each in facts]) for key in keys]


def compared_data(facts: Sequence[Mapping[str, str]]) -> list[Compared]:
    """Texts are digests, each with a profile or SAMPLED behind it."""
    return [replace(each, may_differ=any(map(is_sampled, each.values))) for each in compared(facts)]


def is_sampled(text: str | None) -> bool:
    _, _, profile = (text or "").partition(" ")
    return profile == SAMPLED or read_in_part(profile)


def differing_first(lines: list[Compared]) -> list[Compared]:
    return sorted(lines, key=lambda each: not each.differs)


def compared_metrics(
    metrics: Sequence[Mapping[str, float]], *, baseline: int
) -> list[ComparedMetric]:
    keys = dict.fromkeys(key for each in metrics for key in each)
    lines = [_metric(key, [each.get(key) for each in metrics], baseline) for key in keys]
    return sorted(lines, key=lambda each: not each.differs)


def _metric(key: str, values: Sequence[float | None], baseline: int) -> ComparedMetric:
    base = values[baseline]
    deltas = [None if v is None or base is None else v - base for v in values]
    deltas[baseline] = None
    return ComparedMetric(key=key, values=values, deltas=deltas)


def _own_words(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that somebody set, without those of the trackers themselves."""
    note = tags.get(NOTE_TAG)
    own = {key: value for key, value in tags.items() if not key.startswith(OWN_PREFIXES)}
    return {**({NOTE: note} if note else {}), **own}


def _data(run: Run) -> dict[str, str]:
    """Digest and shape of each dataset, by its context and name."""
    found: dict[str, str] = {}
    for entry in run.inputs.dataset_inputs:
        context = next((t.value for t in entry.tags if t.key == "mlflow.data.context"), "")
        label = f"{context} {entry.dataset.name}".strip()
        found[label] = f"{entry.dataset.digest} {entry.dataset.profile or ''}".strip()
    return found


def _surroundings(store: Store, runs: Sequence[Run]) -> list[dict[str, str]]:
    environments = store.read_environments([run.info.run_id for run in runs])
    return [{**_commit(run), **_environment(environments.get(run.info.run_id, {}))} for run in runs]


def _commit(run: Run) -> dict[str, str]:
    commit = run.data.tags.get(GIT_COMMIT_TAG)
    return {"git commit": commit[:10]} if commit else {}


def _environment(content: Mapping[str, Any]) -> dict[str, str]:
    packages = content.get("packages")
    named = packages if isinstance(packages, dict) else {}
    facts = stated(content, (*PYTHON_FACTS, *HARDWARE_FACTS))
    return {**facts, **{str(name): str(version) for name, version in named.items()}}


def stated(environment: Mapping[str, Any], names: Iterable[str]) -> dict[str, str]:
    """Those of the facts of an environment that are known, in words."""
    known = {name: environment[name] for name in names if environment.get(name) not in (None, [])}
    return {
        name.replace("_", " "): ", ".join(map(str, value))
        if isinstance(value, list)
        else str(value)
        for name, value in known.items()
    }
