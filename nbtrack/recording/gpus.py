"""NVIDIA's GPUs: memory, load and power of each, by `nvidia-ml-py`. Names are MLflow's.

A machine without them, without the driver or without that package has none, and nothing is said.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

MEGABYTE = 1e6
Reading = Iterator[tuple[str, float]]


class Gpus:
    """Opening the driver may take a second: not on the user's thread."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        with suppress(ModuleNotFoundError):
            self._nvml: Any = importlib.import_module("pynvml")
            with suppress(self._nvml.NVMLError):
                self._nvml.nvmlInit()
                number = self._nvml.nvmlDeviceGetCount()
                self._handles = [self._nvml.nvmlDeviceGetHandleByIndex(i) for i in range(number)]

    def sample(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for i, handle in enumerate(self._handles):
            for read in (self._memory, self._load, self._power):
                found.update({f"gpu_{i}_{name}": value for name, value in self._read(read, handle)})
        return found

    def _read(self, read: Callable[[Any], Reading], handle: Any) -> list[tuple[str, float]]:
        try:
            return list(read(handle))
        except self._nvml.NVMLError:  # not every card tells everything
            return []

    def _memory(self, handle: Any) -> Reading:
        memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
        yield "memory_usage_percentage", memory.used / memory.total * 100
        yield "memory_usage_megabytes", memory.used / MEGABYTE

    def _load(self, handle: Any) -> Reading:
        yield "utilization_percentage", float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu)

    def _power(self, handle: Any) -> Reading:
        used = self._nvml.nvmlDeviceGetPowerUsage(handle)  # in milliwatts
        limit = self._nvml.nvmlDeviceGetEnforcedPowerLimit(handle)
        yield "power_usage_watts", used / 1000
        yield "power_usage_percentage", used / limit * 100
