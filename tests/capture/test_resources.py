"""What a cell took."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nbtrack.capture import resources
from nbtrack.capture.resources import CellMeter

MIB = 1 << 20
needs_reset = pytest.mark.skipif(
    not resources._reset_peak(), reason="this system cannot reset the peak"
)


@needs_reset
def test_the_peak_is_that_of_the_cell_and_not_of_the_process() -> None:
    """Memory that was held and given back before the cell does not count."""
    earlier = np.ones(300 * MIB // 8)
    del earlier
    idle, busy = CellMeter(), CellMeter()
    idle.start()
    without = idle.stop().peak_memory_bytes
    busy.start()
    held = np.ones(150 * MIB // 8)
    with_array = busy.stop().peak_memory_bytes

    assert without is not None
    assert with_array is not None
    assert held.nbytes * 0.9 < with_array - without < held.nbytes * 1.5


def test_cpu_time_counts_work_and_not_waiting() -> None:
    """A cell that sleeps takes wall time only."""
    meter = CellMeter()
    meter.start()
    time.sleep(0.3)
    usage = meter.stop()

    assert usage.wall_seconds >= 0.3
    assert usage.cpu_seconds < 0.2


def test_cpu_time_counts_children_that_have_ended() -> None:
    """Work handed to a subprocess is work of the cell."""
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    meter = CellMeter()
    meter.start()
    subprocess.run([sys.executable, "-c", burn], check=True)

    assert meter.stop().cpu_seconds >= 0.4


def test_without_a_reset_there_is_no_peak(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the system refuses, the field stays empty: a lifetime peak would be a wrong number."""
    monkeypatch.setattr(resources, "CLEAR_REFS", str(tmp_path))
    meter = CellMeter()
    meter.start()

    assert meter.stop().peak_memory_bytes is None


@needs_reset
def test_a_reset_that_does_nothing_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Some sandboxes accept the write and keep the old peak."""
    earlier = np.ones(100 * MIB // 8)
    del earlier
    monkeypatch.setattr(resources, "CLEAR_REFS", str(tmp_path / "ignored"))
    meter = CellMeter()
    meter.start()

    assert meter.stop().peak_memory_bytes is None
