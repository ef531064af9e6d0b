"""Metrics that hooks recorded, under the names of the variables that took them.

After `accuracy = accuracy_score(y_test, model.predict(X_test))` the run of the model has
`accuracy`, and `accuracy_score_X_test` is another name of it. This is written when the cell has
ended: as with a variable the last value counts, one that holds something else by then names
nothing, and a curve that the user logged under that name is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from nbtrack.capture.inference import may_be_inferred
from nbtrack.capture.numbers import as_number
from nbtrack.capture.words import valid_key
from nbtrack.errors import StoreError
from nbtrack.recording.active_run import ActiveRun, MeasuredMetric
from nbtrack.records.origins import Origin, Origins, origins_of
from nbtrack.records.traces import MetricTrace, RunTrace

PATIENT_SECONDS = 0.5  # a name that cannot be checked is not given
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
    for (found, name), values in _by_name(named).items():
        run = values[-1].run
        trace = known.get(found) or _stored(run)
        if trace is not None and not run.is_deleted:
            _write(name, values, trace)


def _by_name(named: Sequence[MeasuredMetric]) -> dict[tuple[str, str], list[MeasuredMetric]]:
    """What each run has by each name, the last one last."""
    found: dict[tuple[str, str], list[MeasuredMetric]] = {}
    for each in named:
        found.setdefault((each.run.run_id, str(each.name)), []).append(each)
    return found


def _stored(run: ActiveRun) -> RunTrace | None:
    """What is known of the run of another cell; None: that cannot be told."""
    try:
        data = run.store.get_run(run.run_id, timeout=PATIENT_SECONDS).data
    except StoreError:
        return None
    metrics = {key: MetricTrace.of_one(value) for key, value in data.metrics.items()}
    return RunTrace(metrics=metrics, origins=origins_of(data.tags))


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
