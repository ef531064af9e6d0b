"""The long run of faults of `team_faults`, as a short one."""

from __future__ import annotations

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("urllib3")

from tests.benchmarks import team_faults
from tests.support.postgres import postgres


@pytest.mark.parametrize("is_database", [False, True], ids=["folder", "postgresql"])
def test_nothing_is_lost_doubled_or_reordered(is_database: bool) -> None:
    if is_database:
        postgres()  # skips where there is none
    kinds = 9 if is_database else 8
    options = {"writers": 2, "points": 4000, "faults": kinds, "races": 3, "seed": 3}
    found = team_faults.main(**options, postgres=is_database)

    assert found.is_right, str(found)
    assert found.points >= 4000
    assert (sum(found.faults.values()), found.races) == (kinds, 3)
    assert found.faults["fill disk"] == 1
    assert found.faults["crash database"] == is_database


def test_what_is_wrong_is_seen() -> None:
    """The judge itself, which the run above trusts."""
    found = team_faults.Found()
    team_faults._compare([0, 1, 3, 2, 2], 6, found)

    assert (found.points, found.lost, found.doubled, found.reordered) == (5, 2, 1, 1)
    assert not found.is_right
