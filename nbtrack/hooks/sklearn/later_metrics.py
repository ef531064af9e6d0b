"""What is measured after a fit goes to the run of the model, or is marked as nobody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.measured.metric_tables import Table, table_of
from nbtrack.hooks.sklearn.flags import current_flags
from nbtrack.hooks.sklearn.noted_origins import note_metrics
from nbtrack.recording.active_run import MeasuredMetric
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.hooks.measured.users_call import UsersCall
    from nbtrack.recording.active_run import ActiveRun


class Measured(NamedTuple):
    metric: str  # "accuracy_score", "Pipeline_score"
    result: Any
    call: UsersCall
    text: str  # of the call
    data: str  # what the user calls the data


def log_for_model(run: ActiveRun, measured: Measured) -> None:
    kept = _kept(measured)
    if kept is not None:
        _log(run, measured, kept, model="known")


def log_for_nobody(measured: Measured) -> None:
    """On the run that is active, marked; nowhere if none is, which is no reason to open one."""
    kept = None if current_flags().exclusive else _kept(measured)
    if kept is None:
        return
    session = current_session()
    run = session.active_run() or session.open_cell_run()
    key = None if run is None else _log(run, measured, kept, model="unknown")
    if run is not None and key is not None:
        metric_log_of(run).mark_unknown(key)


def _log(run: ActiveRun, measured: Measured, kept: float | Table, *, model: str) -> str | None:
    log = metric_log_of(run)
    key = log.key(measured.metric, measured.data, measured.text, model=model)
    if key is None:
        return None
    if isinstance(kept, Table):
        log.add_table(key, kept)
    else:
        run.log_metric(key, kept)
        note_metrics(run, [key], may_wait=True)  # for the log to write
        _tell_cell(MeasuredMetric(run, key, kept, None), measured.call)
    return key


def _tell_cell(metric: MeasuredMetric, call: UsersCall) -> None:
    """At its end it calls the metric as the user does."""
    cell = current_session().cell_run
    if cell is not None and cell.measured is not None:
        cell.measured.append(metric._replace(name=call.assigned_to))


def _kept(measured: Measured) -> float | Table | None:
    """What of the result can be kept; None if it is of no kind that is known."""
    result = measured.result
    if type(result) is float:
        return result
    if _is_number(result):
        return float(result)
    return table_of(measured.metric, result, measured.call.given)


def _is_number(result: Any) -> bool:
    if isinstance(result, bool | str) or getattr(result, "shape", ()) != ():
        return False
    kind = getattr(getattr(result, "dtype", None), "kind", None)
    return isinstance(result, int | float) or kind in ("i", "u", "f")
