"""When this process began."""

from __future__ import annotations

import os
import time


def kernel_started_us() -> int:
    """Microseconds since 1970-01-01 UTC, to 10 ms; now, where the system does not tell."""
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
            # The name, in parentheses, may hold anything; field 22 is the start, proc(5).
            fields = file.read().rpartition(")")[2].split()
        seconds = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - seconds
    except (OSError, ValueError, IndexError, AttributeError):
        age = 0.0
    return int((time.time() - age) * 1_000_000)
