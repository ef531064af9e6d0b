"""The long run of faults of `team_faults`, as a short one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("urllib3")

from tests.benchmarks import team_faults
from tests.support.postgres import postgres

KINDS = {"folder": 8, "postgresql": 9}  # of faults


@pytest.fixture(scope="module")
def going_on() -> Iterator[dict[str, Future[team_faults.Found]]]:
    """Both at once: most of the time each waits for the next fault."""
    with ThreadPoolExecutor() as threads:
        yield {where: threads.submit(_break, where) for where in KINDS}


def _break(where: str) -> team_faults.Found:
    if where == "postgresql":
        postgres()  # skips where there is none
    options = {"writers": 2, "points": 4000, "races": 3, "seed": 3}
    return team_faults.main(**options, faults=KINDS[where], postgres=where == "postgresql")


@pytest.mark.parametrize("where", KINDS)
def test_nothing_is_lost_doubled_or_reordered(
    going_on: dict[str, Future[team_faults.Found]], where: str
) -> None:
    found = going_on[where].result()

    assert found.is_right, str(found)
    assert found.points >= 4000
    assert (sum(found.faults.values()), found.races) == (KINDS[where], 3)
    assert found.faults["fill disk"] == 1
    assert found.faults["crash database"] == (where == "postgresql")


def test_what_is_wrong_is_seen() -> None:
    """The judge itself, which the run above trusts."""
    found = team_faults.Found()
    team_faults._compare([0, 1, 3, 2, 2], 6, found)

    assert (found.points, found.lost, found.doubled, found.reordered) == (5, 2, 1, 1)
    assert not found.is_right
