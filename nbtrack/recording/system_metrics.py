"""CPU, memory, disk and network of the machine, sampled while a run is open; names are MLflow's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.errors import require
from nbtrack.recording.active_run import ActiveRun

MEGABYTE = 1e6
THREAD_NAME = "SystemMetricsMonitor"  # as MLflow's is called
Sample = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemMetrics:
    """*interval* is in seconds; *samples* become one point, their mean."""

    is_on: bool = False
    interval: float = 10.0
    samples: int = 1
    node_id: str | None = None


def sampler() -> Callable[[], Sample]:
    """What measures the machine; network traffic counts from now on. Raises MissingExtra."""
    psutil: Any = require("psutil", extra="system")
    begun = psutil.net_io_counters()
    psutil.cpu_percent()  # the first call has nothing to compare with

    def sample() -> Sample:
        memory, disk, network = (
            psutil.virtual_memory(),
            psutil.disk_usage("/"),
            psutil.net_io_counters(),
        )
        return {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system_memory_usage_percentage": memory.percent,
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / MEGABYTE,
            "disk_available_megabytes": disk.free / MEGABYTE,
            "network_receive_megabytes": (network.bytes_recv - begun.bytes_recv) / MEGABYTE,
            "network_transmit_megabytes": (network.bytes_sent - begun.bytes_sent) / MEGABYTE,
        }

    return sample


def follow(run: ActiveRun, settings: SystemMetrics) -> None:
    """Sample in a thread of its own until *run* ends. Raises MissingExtra."""
    arguments = (run, settings, sampler())
    thread = threading.Thread(target=_sample, args=arguments, name=THREAD_NAME, daemon=True)
    thread.start()


def _sample(run: ActiveRun, settings: SystemMetrics, sample: Callable[[], Sample]) -> None:
    prefix = f"system/{settings.node_id}" if settings.node_id else "system"
    pause, taken = threading.Event(), list[Sample]()
    with guarded("sample the machine"):
        step = run.next_step(f"{prefix}/cpu_utilization_percentage") if run.is_resumed else 0
        while not pause.wait(settings.interval) and run.is_open and not run.is_deleted:
            taken.append(sample())
            if len(taken) >= settings.samples:
                means = _means(taken)
                run.log_metrics({f"{prefix}/{name}": mean for name, mean in means.items()}, step)
                step, taken = step + 1, []


def _means(samples: Sequence[Sample]) -> Sample:
    return {name: sum(each[name] for each in samples) / len(samples) for name in samples[0]}
