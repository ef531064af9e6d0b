"""What is measured of the machine has MLflow's names and values."""

from __future__ import annotations

import os
import sys

import pytest

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
mlflow = pytest.importorskip("mlflow")
pytest.importorskip("psutil")

from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor  # noqa: E402 (after importorskip)
from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor  # noqa: E402
from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor  # noqa: E402

from nbtrack.recording.gpus import Gpus  # noqa: E402
from nbtrack.recording.machine import Machine  # noqa: E402
from tests.recording.test_system_metrics import Nvml  # noqa: E402


def theirs(*monitors):
    found = {}
    for monitor in monitors:
        monitor.collect_metrics()
        found |= monitor.aggregate_metrics()
    return found


def test_processors_memory_disk_and_network():
    """The same names; of what stands still, the same values but for their rounding."""
    machine = Machine()
    sum(range(3_000_000))  # some ticks of the clock
    ours, expected = machine.sample(), theirs(CPUMonitor(), DiskMonitor(), NetworkMonitor())

    assert ours.keys() == expected.keys()
    for name in ("system_memory_usage_percentage", "disk_usage_megabytes", "disk_usage_percentage"):
        assert ours[name] == pytest.approx(expected[name], rel=0.05, abs=0.5)


def test_graphics_cards(monkeypatch):
    """By the same library: MLflow's own monitor on the same cards."""
    from mlflow.system_metrics.metrics import gpu_monitor

    monkeypatch.setitem(sys.modules, "pynvml", Nvml())
    monkeypatch.setattr(gpu_monitor, "pynvml", Nvml(), raising=False)

    assert Gpus().sample() == theirs(gpu_monitor.GPUMonitor())
