"""The long run of faults of `team_faults`, as a short one."""

from __future__ import annotations

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("urllib3")

from tests.benchmarks import team_faults


def test_nothing_is_lost_doubled_or_reordered() -> None:
    found = team_faults.main(writers=2, points=4000, faults=4, races=3, seed=3)

    assert found.is_right, str(found)
    assert found.points >= 4000
    assert (sum(found.faults.values()), found.races) == (4, 3)


def test_what_is_wrong_is_seen() -> None:
    """The judge itself, which the run above trusts."""
    found = team_faults.Found()
    team_faults._compare([0, 1, 3, 2, 2], 6, found)

    assert (found.points, found.lost, found.doubled, found.reordered) == (5, 2, 1, 1)
    assert not found.is_right
