"""Whether the machine is sampled while a run is open, and how: MLflow's switches and variables.

The variables are what counts, as in MLflow, and the switches write them: a process that is started
from here samples as this one does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.base.guard import warn_once
from nbtrack.errors import InvalidValue, MissingExtra
from nbtrack.recording.machine import INTERVAL_SECONDS, SystemMetrics
from nbtrack.settings import mlflows_variable, set_mlflows_variable

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

_ON, _INTERVAL = "ENABLE_SYSTEM_METRICS_LOGGING", "SYSTEM_METRICS_SAMPLING_INTERVAL"
_SAMPLES, _NODE = "SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING", "SYSTEM_METRICS_NODE_ID"


def chosen() -> SystemMetrics:
    """As it is switched now; what cannot be understood counts as not said."""
    return SystemMetrics(
        is_on=(mlflows_variable(_ON) or "").strip().lower() in ("1", "true"),
        interval=_number(_INTERVAL) or INTERVAL_SECONDS,
        samples=int(_number(_SAMPLES) or 1) or 1,
        node_id=mlflows_variable(_NODE),
    )


def switch(*, is_on: bool) -> None:
    set_mlflows_variable(_ON, str(is_on).lower())


def set_interval(seconds: float | None) -> None:
    """Raises InvalidValue."""
    if seconds is not None and (not isinstance(seconds, int | float) or not seconds > 0):
        raise InvalidValue(f"interval is {seconds!r}; give seconds above 0.")
    set_mlflows_variable(_INTERVAL, seconds)


def set_samples(number: int | None) -> None:
    """Raises InvalidValue."""
    if number is not None and (not isinstance(number, int) or number < 1):
        raise InvalidValue(f"samples is {number!r}; give a whole number above 0.")
    set_mlflows_variable(_SAMPLES, number)


def set_node_id(node_id: str | None) -> None:
    set_mlflows_variable(_NODE, node_id)


def sample_machine(run: ActiveRun, *, is_asked: bool | None = None) -> None:
    """While *run* is open. None: as the switch says. Raises MissingExtra if it is asked for."""
    how = chosen()
    if not (how.is_on if is_asked is None else is_asked):
        return
    from nbtrack.recording.machine_samples import follow

    try:
        follow(run, how)
    except MissingExtra as exc:
        if is_asked:
            raise
        warn_once(f"nbtrack: the machine is not sampled. {exc}")


def _number(variable: str) -> float | None:
    try:
        found = float(mlflows_variable(variable) or 0)
    except ValueError:
        return None
    return found if 0 < found < float("inf") else None
