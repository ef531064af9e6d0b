"""Metrics that hooks recorded, under the names of the variables that took them.

After `accuracy = accuracy_score(y_test, model.predict(X_test))` the run of the model has
`accuracy`, and `accuracy_score_X_test` is another name of it. This is written when the cell has
ended: as with a variable the last value counts, one that holds something else by then names
nothing, and a curve that the user logged under that name is not touched.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from nbtrack.capture.inference import may_be_inferred
from nbtrack.capture.numbers import as_number
from nbtrack.capture.words import valid_key
from nbtrack.errors import StoreError
from nbtrack.recording.active_run import ActiveRun, MeasuredMetric
from nbtrack.records.origins import NO_ORIGINS, Origin, Origins, origins_of
from nbtrack.records.runs import Run, RunQuery, ViewType
from nbtrack.records.traces import MetricTrace, RunTrace
from nbtrack.stores.store import Store

PATIENT_SECONDS = 0.5  # for all runs together: a name that cannot be checked is not given
_NUMBER = re.compile(r"-\d+(?=_)")  # of a second call on the same data


def still_named(
    measured: Sequence[MeasuredMetric], namespace: Mapping[str, object]
) -> list[MeasuredMetric]:
    """Those whose names say what they are, and still do so."""
    last = {each.name: each.value for each in measured}
    names = {
        name
        for name, value in last.items()
        if name and may_be_inferred(name) and valid_key(name) == name
        # A variable of a function is not in *namespace*.
        if name not in namespace or as_number(namespace[name]) == value
    }
    return [each for each in measured if each.name in names]


def write_names(named: Sequence[MeasuredMetric], family: RunTrace, run_id: str) -> None:
    """*family* is the run *run_id* with its children; what is written is added to it."""
    known = {} if family.name is None else {run_id: family, **family.children}
    others = {each.run.run_id: each.run for each in named if each.run.run_id not in known}
    with suppress(StoreError):
        known |= _stored(others.values())
    for (found, name), values in _by_name(named).items():
        if found in known and not values[-1].run.is_deleted:
            _write(name, values, known[found])


def note_equals(measured: Sequence[MeasuredMetric], family: RunTrace, run_id: str) -> None:
    """`log_metric("accuracy", accuracy_score(…))` says its name without a variable: a metric that
    the user logged on the same run, with the same value."""
    known = {} if family.name is None else {run_id: family, **family.children}
    noted: dict[ActiveRun, Origins] = {}
    for each in measured:
        trace = known.get(each.run.run_id)
        if each.name is None and trace is not None and (own := _logged_as(each, trace)):
            origins = Origins(metrics={each.key: Origin.ALIAS}, aliases={each.key: own})
            noted[each.run] = noted.get(each.run, NO_ORIGINS) | origins
            trace.origins |= origins
    for run, origins in noted.items():
        run.note_origins(origins)


def _logged_as(each: MeasuredMetric, trace: RunTrace) -> str | None:
    """Of several that have the value, the one whose words are in the hook's name."""
    told = trace.origins.metrics
    own = [k for k, m in trace.metrics.items() if k not in told and m.latest == each.value]
    if len(own) > 1:
        words = set(each.key.lower().split("_"))
        own = [key for key in own if words.issuperset(key.lower().split("_"))]
    return own[0] if len(own) == 1 else None


def _by_name(named: Sequence[MeasuredMetric]) -> dict[tuple[str, str], list[MeasuredMetric]]:
    """What each run has by each name, the last one last."""
    found: dict[tuple[str, str], list[MeasuredMetric]] = {}
    for each in named:
        found.setdefault((each.run.run_id, str(each.name)), []).append(each)
    return found


def _stored(runs: Iterable[ActiveRun]) -> dict[str, RunTrace]:
    """What is known of runs of other cells, by id. Raises StoreError: the first look that fails is
    the last one, for the user's cell waits."""
    by_store: dict[Store, list[str]] = {}
    for run in runs:
        by_store.setdefault(run.store, []).append(run.run_id)
    end = time.monotonic() + PATIENT_SECONDS
    return {
        run.info.run_id: _trace_of(run)
        for store, run_ids in by_store.items()
        for run in _read(store, run_ids, end=end)
    }


def _read(store: Store, run_ids: Iterable[str], *, end: float) -> list[Run]:
    of_them = f"run_id IN ({', '.join(map(repr, run_ids))})"  # hexadecimal
    query = RunQuery(filter_string=of_them, view_type=ViewType.ALL)
    return store.search_runs(query, timeout=max(0.0, end - time.monotonic()))


def _trace_of(run: Run) -> RunTrace:
    metrics = {key: MetricTrace.of_one(value) for key, value in run.data.metrics.items()}
    return RunTrace(metrics=metrics, origins=origins_of(run.data.tags))


def _write(name: str, values: Sequence[MeasuredMetric], trace: RunTrace) -> None:
    """Another metric that is called so already, the user's own or a hook's, stays what it is; if
    it is the user's and says the same, then what was measured is an alias of it."""
    last = values[-1]
    known, origin = trace.metrics.get(name), trace.origins.metrics.get(name, Origin.LOGGED)
    if known is None or origin is Origin.ASSIGNED:
        last.run.log_metric(name, last.value)
        trace.metrics[name] = MetricTrace.of_one(last.value)
    elif not origin.is_own or known.latest != last.value:
        return
    noted = {each.key: Origin.ALIAS for each in values if _is_same_but_earlier(each, last)}
    noted |= {key: Origin.MEASURED for key, of in trace.origins.aliases.items() if of == name}
    noted |= {name: Origin.ASSIGNED} if known is None else {}
    noted |= {last.key: Origin.ALIAS}
    origins = Origins(metrics=noted, aliases={last.key: name})
    last.run.note_origins(origins)
    trace.origins |= origins


def _is_same_but_earlier(each: MeasuredMetric, last: MeasuredMetric) -> bool:
    """`accuracy_score_X_test`, which is `accuracy_score-2_X_test` by now: once a value of the
    user's metric, as `log_metric(name, value, step=i)` keeps it."""
    return _NUMBER.sub("", each.key, count=1) == _NUMBER.sub("", last.key, count=1)
