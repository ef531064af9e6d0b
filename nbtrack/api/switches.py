"""What MLflow's code switches on and off for the whole process."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nbtrack.api.registry_place import check_registry_uri
from nbtrack.api.run_operations import give_operations
from nbtrack.errors import InvalidValue
from nbtrack.recording.session import current_session
from nbtrack.recording.system_metrics import sampler


def enable_async_logging(enable: bool = True) -> None:
    """Logging functions return `RunOperations` to wait for, as with `synchronous=False`."""
    give_operations(enable)


def flush_async_logging() -> None:
    """Nothing waits: every call is on disk when it returns."""


def flush_artifact_async_logging() -> None:
    """As `flush_async_logging`."""


def enable_system_metrics_logging() -> None:
    """Sample CPU, memory, disk and network while a run is open, for runs that start from now on."""
    _set_system_metrics(is_on=True)


def disable_system_metrics_logging() -> None:
    """For runs that start from now on, unless `start_run(log_system_metrics=True)` says so."""
    _set_system_metrics(is_on=False)


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Seconds between two samples; None is 10."""
    seconds = 10.0 if interval is None else interval
    if not isinstance(seconds, (int, float)) or not seconds > 0:
        raise InvalidValue(f"interval is {interval!r}; give seconds above 0.")
    _set_system_metrics(interval=float(seconds))


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """So many samples become one point, their mean; None is 1."""
    number = 1 if samples is None else samples
    if not isinstance(number, int) or number < 1:
        raise InvalidValue(f"samples is {samples!r}; give a whole number above 0.")
    _set_system_metrics(samples=number)


def set_system_metrics_node_id(node_id: str | None) -> None:
    """The name of this machine among several that log to one run: `system/<node_id>/…`."""
    _set_system_metrics(node_id=node_id)


def _set_system_metrics(**changes: Any) -> None:
    session = current_session()
    session.system_metrics = replace(session.system_metrics, **changes)
    if session.system_metrics.is_on:
        sampler()  # raises MissingExtra here, not in every run


def get_registry_uri() -> str:
    """The project folder: models are registered where the runs are."""
    return current_session().store.uri


def set_registry_uri(uri: str) -> None:
    """Accepted where it names the project folder. Raises InvalidValue for another place."""
    check_registry_uri(uri, current_session().store)
