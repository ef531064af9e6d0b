"""How many rows can be predicted in time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nbtrack.hooks.sklearn.row_budget import affordable_rows


class Clock:
    """Says how long predicting takes: *per_call* + *per_row*, and slower at some calls."""

    def __init__(self, per_row: float, *, per_call: float = 1e-4, slow: dict[int, float]) -> None:
        self.per_row, self.per_call, self.slow = per_row, per_call, slow
        self.calls = 0
        self.total = 0.0

    def __call__(self, rows: int) -> float:
        took = self.per_call + self.per_row * rows + self.slow.get(self.calls, 0.0)
        self.calls += 1
        self.total += took
        return took


@pytest.mark.parametrize("count", [300, 10_000, 100_000])
def test_fast_rows_are_all_affordable(count: int) -> None:
    """A tenth of a microsecond a row, at a millisecond a call."""
    assert affordable_rows(count, Clock(1e-7, per_call=1e-3, slow={}), seconds=0.5) == count


def test_the_usual_case_takes_two_small_calls() -> None:
    """Most models predict a thousand rows in no time."""
    clock = Clock(1e-6, slow={})

    assert affordable_rows(1000, clock, seconds=0.5) == 1000
    assert clock.calls == 2


@pytest.mark.parametrize("per_row", [0.06, 0.005, 0.0008])
def test_slow_rows_are_as_many_as_there_is_time(per_row: float) -> None:
    """And finding out takes not much longer than that."""
    clock = Clock(per_row, slow={})

    found = affordable_rows(100_000, clock, seconds=0.5)

    assert found == pytest.approx(0.5 / per_row, rel=0.05)
    assert clock.total < 1.2


@pytest.mark.parametrize("call", range(5))
def test_one_slow_call_proves_nothing(call: int) -> None:
    """The first call imports and starts threads; any may meet a busy machine."""
    clock = Clock(1e-6, slow={call: 2.0})

    assert affordable_rows(2000, clock, seconds=0.5) == 2000


def test_slow_calls_of_fast_rows_are_affordable() -> None:
    """What takes 0.3 s for one row takes as long for 2,000."""
    assert affordable_rows(2000, Clock(1e-6, per_call=0.3, slow={}), seconds=0.5) == 2000


def test_there_are_at_least_as_many_as_were_tried() -> None:
    """Even when a single row takes longer than there is time."""
    measure: Callable[[int], float] = Clock(3.0, slow={})

    assert affordable_rows(1000, measure, seconds=0.5) == 4
