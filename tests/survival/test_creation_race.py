"""Several processes make the project at the same moment."""

from __future__ import annotations

import pytest

from nbtrack.records.runs import RunQuery

# All wait for the file to appear, and none has touched the project before.
CREATE = """
import os, sys, nbtrack
from nbtrack.recording.session import current_session
print("ready")
while not os.path.exists(sys.argv[1]):
    pass
experiment = nbtrack.set_experiment("shared")
with nbtrack.start_run() as run:
    nbtrack.log_metric("m", float(sys.argv[2]))
current_session().store.fold()
print(experiment.experiment_id, run.run_id)
"""


@pytest.mark.parametrize("attempt", range(2))
def test_processes_that_make_the_project_together_agree(start, store, tmp_path, attempt):
    """One project, one experiment, every run; nobody fails, nothing is left lying about."""
    signal = tmp_path / "go"
    scripts = [start(CREATE, signal, n) for n in range(4)]
    for script in scripts:
        script.wait_for("ready")
    signal.touch()
    found = [script.finish()[0].split() for script in scripts]

    assert len({experiment for experiment, _ in found}) == 1
    runs = {run.info.run_id: run.data.metrics["m"] for run in store.search_runs(RunQuery())}
    assert runs == {run_id: float(n) for n, (_, run_id) in enumerate(found)}
    assert sorted(each.name for each in store.search_experiments()) == ["Default", "shared"]
    assert all(script.errors() == "" for script in scripts)
    assert store.fold()
    left = {path.name for path in store.folder.iterdir()}
    assert left <= {".gitignore", "nbtrack.duckdb", "journal", "fold.lock", "artifacts"}


def test_a_folder_made_by_the_first_writer_is_seen_by_an_open_reader(start, store):
    """Who opened the project before it existed sees what is logged later."""
    assert store.search_runs(RunQuery()) == []
    script = start(CREATE, __file__, 1)
    script.finish()

    assert len(store.search_runs(RunQuery())) == 1
