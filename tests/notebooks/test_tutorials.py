"""Every tracked run of every tutorial can be had again, exactly.

Those of the third one are not of tracked cells, and they are of a cell that registers models, which
a repetition must not do: for them it is said that nothing was recorded.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbtrack.errors import NotCaptured
from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome
from nbtrack.records.runs import Run, RunQuery
from nbtrack.stores.opening import open_store
from nbtrack.stores.store import Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TRACKED = [file for file in TUTORIALS if "%%track" in file.read_text()]


def tracked_runs(store: Store) -> list[Run]:
    runs = store.search_runs(RunQuery(order_by=("attributes.start_time ASC",)))
    return [run for run in runs if "mlflow.parentRunId" not in run.data.tags]


@pytest.fixture
def store(tutorial, ran, tmp_path) -> Iterator[Store]:
    """A copy of the project in which the tutorial ran."""
    opened = open_store(
        str(shutil.copytree(ran(tutorial).parent / ".nbtrack", tmp_path / ".nbtrack"))
    )
    yield opened
    opened.close()


@pytest.mark.parametrize("tutorial", TRACKED, ids=lambda path: path.stem)
def test_its_runs_can_be_had_again(tutorial, store):
    runs = tracked_runs(store)
    assert len(runs) == tutorial.read_text().count('"%%track')

    verdicts = [reproduce_run(store, run) for run in runs]

    unlike = [each.to_dict() for each in verdicts if each.outcome is not Outcome.EXACT]
    assert not unlike, json.dumps(unlike, indent=1)
    assert all(each.compared for each in verdicts)


@pytest.mark.parametrize(
    "tutorial", [file for file in TUTORIALS if file not in TRACKED], ids=lambda path: path.stem
)
def test_runs_of_cells_that_are_not_tracked_say_so(tutorial, store):
    runs = tracked_runs(store)
    assert runs

    for run in runs:
        with pytest.raises(NotCaptured, match="%%track"):
            reproduce_run(store, run)
