"""What a finished cell shows, written to its run; beside what the cell logged itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbtrack.base.values import as_text
from nbtrack.capture.words import valid_key
from nbtrack.cells.arguments import TrackArguments
from nbtrack.cells.cell_source import RunningCell
from nbtrack.cells.measured_names import note_equals, still_named, write_names
from nbtrack.cells.outcome import Outcome
from nbtrack.cells.results import ACTUAL, Results, read_results
from nbtrack.recording.active_run import ActiveRun, MeasuredMetric
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.traces import MetricTrace, RunTrace


def record_results(
    run: ActiveRun,
    cell: RunningCell,
    arguments: TrackArguments,
    outcome: Outcome,
    *,
    trace: RunTrace,
    is_inferring: bool,
) -> Results:
    """*trace* is what was logged to *run* and its children; what is written is added to it."""
    results = read_results(
        cell.source,
        cell.shell.user_ns,
        outcome,
        declared=arguments.params,
        requested=arguments.metrics,
        is_inferring=is_inferring,
    )
    said = _said_of_estimators(results, trace)
    # What was logged by hand is not overwritten by what is read off variables.
    results.params = without(results.params, trace.explicit_params)
    results.requested = without(results.requested, trace.metrics)
    results.metrics = without(results.metrics, {**trace.metrics, **results.requested})
    measured = run.measured or []
    _leave_to_hooks(results, cell, measured)
    named = still_named(measured, cell.shell.user_ns)
    _leave_to_children(results, named, trace)
    _write(run, results, trace, declared=arguments.params, said=said)
    write_names(named, trace, run.run_id)
    note_equals(measured, trace, run.run_id)
    return results


def without(values: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in known}


def _leave_to_hooks(
    results: Results, cell: RunningCell, measured: Iterable[MeasuredMetric]
) -> None:
    """A last value that is no variable, where a hook recorded it under a fuller name; of a loss a
    scorer gives the negative."""
    source, metrics = cell.source, results.metrics
    if source.last_expression is None or source.last_expression.isidentifier():
        return
    key = valid_key(source.last_key or "")
    if key in metrics and any(abs(each.value) == abs(metrics[key]) for each in measured):
        del metrics[key]


def _leave_to_children(results: Results, named: Iterable[MeasuredMetric], trace: RunTrace) -> None:
    """A variable that was set for each of several children is as the last one left it."""
    children = trace.children
    if len(children) > 1:
        theirs = {item for child in children.values() for item in child.values().items()}
        theirs |= {(m.name or "", m.value) for m in named if m.run.run_id in children}
        results.metrics = {k: v for k, v in results.metrics.items() if (k, v) not in theirs}


def _said_of_estimators(results: Results, trace: RunTrace) -> list[str]:
    """Variables that became params of an estimator under their own name: `SVC(C=C)`."""
    return [
        key
        for key, value in results.params.items()
        if key in trace.origins.params and trace.explicit_params.get(key) == as_text(value)
    ]


def _write(
    run: ActiveRun,
    results: Results,
    trace: RunTrace,
    *,
    declared: Mapping[str, str],
    said: Iterable[str],
) -> None:
    actual = {f"{ACTUAL}{name}": value for name, value in results.actual.items()}
    params = {**results.params, **actual}
    for key, value in params.items():  # one by one: their order is that of the cell
        run.log_param(key, value, is_inferred=True)
    trace.inferred_params |= {key: as_text(value) for key, value in params.items()}
    found = {**results.requested, **results.metrics}
    for key, number in found.items():
        run.log_metric(key, number)
    trace.metrics.update({key: MetricTrace.of_one(value) for key, value in found.items()})
    twice = _told_twice(trace, declared)
    assigned = all_of([*params, *said], Origin.ASSIGNED)
    origins = {**all_of(twice, Origin.ALIAS), **assigned}
    run.note_origins(Origins(params=origins, metrics=all_of(results.metrics, Origin.ASSIGNED)))


def _told_twice(trace: RunTrace, declared: Mapping[str, str]) -> list[str]:
    """Params of a step that the cell has said itself: `svc__C` beside `C`, of one value."""
    own = {**trace.inferred_params, **declared}
    return [
        key
        for key, text in trace.explicit_params.items()
        if key in trace.origins.params and "__" in key and own.get(key.rpartition("__")[2]) == text
    ]
