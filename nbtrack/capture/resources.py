"""What a cell took: wall time, CPU time, and the most memory it held."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

CLEAR_REFS = "/proc/self/clear_refs"
# The kernel counts resident pages per CPU: both numbers are off by less than this.
_SLACK_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    wall_seconds: float
    cpu_seconds: float  # user + system, all threads, and children that have ended
    peak_memory_bytes: int | None  # resident, of this process; None where it cannot be reset


class CellMeter:
    """Between `start()` and `stop()`. One at a time: starting resets the process's peak."""

    def start(self) -> None:
        self._has_peak = _reset_peak()
        self._cpu = _cpu_seconds()
        self._wall = time.perf_counter()

    def stop(self) -> Usage:
        return Usage(
            wall_seconds=time.perf_counter() - self._wall,
            cpu_seconds=_cpu_seconds() - self._cpu,
            peak_memory_bytes=_memory()["VmHWM"] if self._has_peak else None,
        )


def mark_of_ended_children() -> object:
    """Another one after a child process was seen to its end; None where nobody counts them."""
    if sys.platform == "win32":
        return None
    import resource

    taken = resource.getrusage(resource.RUSAGE_CHILDREN)
    return taken.ru_utime, taken.ru_stime, taken.ru_minflt


def _cpu_seconds() -> float:
    if sys.platform == "win32":
        return time.process_time()
    import resource

    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _reset_peak() -> bool:
    """Let the peak begin anew (proc(5), clear_refs); False where that does not work.

    Some sandboxes take the write and do nothing, so the new peak is compared with what is held.
    """
    try:
        with open(CLEAR_REFS, "w") as file:
            file.write("5")
        now = _memory()
        return now["VmHWM"] <= now["VmRSS"] + _SLACK_BYTES
    except (OSError, KeyError, ValueError):
        return False


def _memory() -> dict[str, int]:
    """VmHWM (peak) and VmRSS (now), in bytes; the file says kB and means KiB."""
    found = {}
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(("VmHWM:", "VmRSS:")):
                name, amount, _ = line.split()
                found[name[:-1]] = int(amount) * 1024
    return found
