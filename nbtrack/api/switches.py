"""What MLflow's code switches on and off for the whole process."""

from __future__ import annotations

from nbtrack.api.registry_place import check_registry_uri
from nbtrack.api.run_operations import give_operations
from nbtrack.recording import system_metrics
from nbtrack.recording.machine import Machine
from nbtrack.recording.session import current_session


def enable_async_logging(enable: bool = True) -> None:
    """Logging functions return `RunOperations` to wait for, as with `synchronous=False`."""
    give_operations(enable)


def flush_async_logging() -> None:
    """Nothing waits: every call is on disk when it returns."""


def flush_artifact_async_logging() -> None:
    """As `flush_async_logging`."""


def enable_system_metrics_logging() -> None:
    """Sample processors, memory, disk, network and GPUs while a run is open, for runs and tracked
    cells that begin from now on. Raises MissingExtra."""
    Machine()  # raises here, not in every run
    system_metrics.switch(is_on=True)


def disable_system_metrics_logging() -> None:
    """For runs that start from now on, unless `start_run(log_system_metrics=True)` says so."""
    system_metrics.switch(is_on=False)


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Seconds between two samples; None is 10."""
    system_metrics.set_interval(interval)


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """So many samples become one point, their mean; None is 1."""
    system_metrics.set_samples(samples)


def set_system_metrics_node_id(node_id: str | None) -> None:
    """The name of this machine among several that log to one run: `system/<node_id>/…`."""
    system_metrics.set_node_id(node_id)


def get_registry_uri() -> str:
    """The project folder: models are registered where the runs are."""
    return current_session().store.uri


def set_registry_uri(uri: str) -> None:
    """Accepted where it names the project folder. Raises InvalidValue for another place."""
    check_registry_uri(uri, current_session().store)
