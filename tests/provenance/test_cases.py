"""The slice of a run holds the cells that its values came from, and no others."""

from __future__ import annotations

import pytest

from tests.provenance.cases import CASES, Case
from tests.provenance.run_cells import Ran, run_notebooks


@pytest.fixture(scope="module")
def ran() -> dict[str, Ran]:
    return dict(zip((case.name for case in CASES), run_notebooks([case.cells for case in CASES])))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_slice_holds_what_was_needed(ran: dict[str, Ran], case: Case) -> None:
    assert ran[case.name].slice == case.needed
