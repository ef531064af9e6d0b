"""How long a run took."""

from __future__ import annotations

from nbtrack.records.runs import RunInfo, RunStatus


def seconds_of(info: RunInfo, *, now: float | None = None) -> float | None:
    """Of one that is running, until *now* (seconds since 1970); None where nobody knows."""
    if info.end_time is not None:
        return (info.end_time - info.start_time) / 1000
    if now is None or info.status != RunStatus.RUNNING:
        return None
    return now - info.start_time / 1000
