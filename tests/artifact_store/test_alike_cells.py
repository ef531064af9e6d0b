"""What counts as a cell that MLflow's client wrote again, and what as another."""

from __future__ import annotations

from typing import Any

import pytest

from nbtrack.artifact_store.alike_cells import are_alike


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        (0.1 + 0.2, 0.3, True),
        (-3.333333333e21, -1e22 / 3, True),
        (1, 1.0, True),
        (None, float("inf"), True),
        ("2024-01-01T00:00:00.123Z", "2024-01-01T02:00:00.123456+02:00", True),
        (1_700_000_000.0, 1_700_000_001.0, False),
        (10**12, 10**12 + 1, False),
        (10**400, 1.5, False),
        (None, 0.0, False),
        ("1", 1.0, False),
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z", False),
        ("2024-02-31T00:00:00Z", "2024-02-30T00:00:00Z", False),
    ],
)
def test_cells_are_alike(one: Any, other: Any, *, is_alike: bool) -> None:
    assert are_alike([[one]], [[other]]) is is_alike
    assert are_alike([[other]], [[one]]) is is_alike
