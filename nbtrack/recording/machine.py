"""What is measured of the machine, and how often: processors, memory, disk, network. Names and
units are MLflow's.

Unlike psutil's own percentages, those of two runs at once do not disturb each other: each has a
`Machine` of its own.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import require

MEGABYTE = 1e6
INTERVAL_SECONDS = 10.0
Sample = dict[str, float]
_COUNTED_TWICE = ("guest", "guest_nice")  # in user and nice, too
_IDLE = ("idle", "iowait")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMetrics:
    """*interval* is in seconds; *samples* become one point, their mean."""

    is_on: bool = False
    interval: float = INTERVAL_SECONDS
    samples: int = 1
    node_id: str | None = None

    @property
    def prefix(self) -> str:
        return f"system/{self.node_id}" if self.node_id else "system"


class Machine:
    """Traffic counts from now on, the load of processors from the sample before.

    Raises MissingExtra.
    """

    def __init__(self) -> None:
        self._psutil: Any = require("psutil", extra="system")
        self._times = self._psutil.cpu_times()
        self._traffic = self._psutil.net_io_counters()  # None where there is no network

    def sample(self) -> Sample:
        return {**self._processors(), **self._memory(), **self._disk(), **self._network()}

    def _processors(self) -> Sample:
        now = self._psutil.cpu_times()
        share = _busy_share(self._times, now)
        if share is None:
            return {}
        self._times = now
        return {"cpu_utilization_percentage": share}

    def _memory(self) -> Sample:
        memory = self._psutil.virtual_memory()
        return {
            "system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system_memory_usage_percentage": memory.used / memory.total * 100,
        }

    def _disk(self) -> Sample:
        disk = self._psutil.disk_usage(os.sep)
        return {
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / MEGABYTE,
            "disk_available_megabytes": disk.free / MEGABYTE,
        }

    def _network(self) -> Sample:
        before, now = self._traffic, self._psutil.net_io_counters()
        if before is None or now is None:
            return {}
        return {
            "network_receive_megabytes": (now.bytes_recv - before.bytes_recv) / MEGABYTE,
            "network_transmit_megabytes": (now.bytes_sent - before.bytes_sent) / MEGABYTE,
        }


def mean(samples: list[Sample]) -> Sample:
    """Of each number; traffic is a sum already, and the latest stands."""
    by_name: dict[str, list[float]] = {}
    for sample in samples:
        for name, value in sample.items():
            by_name.setdefault(name, []).append(value)
    return {
        name: values[-1] if name.startswith("network_") else sum(values) / len(values)
        for name, values in by_name.items()
    }


def _busy_share(before: Any, now: Any) -> float | None:
    """In percent; None: less than a tick of the kernel's clock has passed."""
    names = [name for name in now._fields if name not in _COUNTED_TWICE]
    spent = {name: max(getattr(now, name) - getattr(before, name), 0.0) for name in names}
    total = sum(spent.values())
    idle = sum(spent.get(name, 0.0) for name in _IDLE)
    return 100 * (total - idle) / total if total else None
