"""Every tracked run of every tutorial can be had again, exactly."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome
from nbtrack.records.runs import Run, RunQuery
from nbtrack.stores.opening import open_store
from nbtrack.stores.store import Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TUTORIALS = [
    file for file in sorted((ROOT / "notebooks").glob("*.ipynb")) if "%%track" in file.read_text()
]


def tracked_runs(store: Store) -> list[Run]:
    runs = store.search_runs(RunQuery(order_by=("attributes.start_time ASC",)))
    return [run for run in runs if "mlflow.parentRunId" not in run.data.tags]


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda path: path.stem)
def test_its_runs_can_be_had_again(tutorial, ran, tmp_path):
    project = shutil.copytree(ran(tutorial).parent / ".nbtrack", tmp_path / ".nbtrack")
    store = open_store(str(project))
    runs = tracked_runs(store)
    assert len(runs) == tutorial.read_text().count('"%%track')

    verdicts = [reproduce_run(store, run) for run in runs]
    store.close()

    assert {each.outcome for each in verdicts} == {Outcome.EXACT}, verdicts
    assert all(each.compared for each in verdicts)
