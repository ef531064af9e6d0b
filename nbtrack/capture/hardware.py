"""What the machine is made of, from sources that cost next to nothing."""

from __future__ import annotations

import os
import platform
from pathlib import Path

GPU_TIMEOUT_SECONDS = 1.0


def cpu_model() -> str | None:
    for line in _lines("/proc/cpuinfo"):
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "cpu model"):
            return value.strip()
    return platform.processor() or None


def cpu_cores() -> int | None:
    """Logical cores of the machine, whether or not this process may use them all."""
    return os.cpu_count()


def memory_bytes() -> int | None:
    """Physical memory of the machine."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # not on this system
        return None


def gpu_models() -> tuple[str, ...]:
    """NVIDIA devices: from the driver's files, else from nvidia-smi; empty if there are none."""
    return _from_driver(Path("/proc/driver/nvidia/gpus")) or _from_nvidia_smi()


def _from_driver(folder: Path) -> tuple[str, ...]:
    files = sorted(folder.glob("*/information"))
    lines = (line.partition(":") for file in files for line in _lines(str(file)))
    return tuple(value.strip() for name, _, value in lines if name.strip() == "Model")


def _from_nvidia_smi() -> tuple[str, ...]:
    import shutil
    import subprocess

    if (program := shutil.which("nvidia-smi")) is None:
        return ()
    command = [program, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=GPU_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    if answer.returncode != 0:
        return ()
    return tuple(answer.stdout.decode("utf-8", "replace").split("\n")[:-1])


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
