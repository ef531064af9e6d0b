"""A run is had again by its slice, in a kernel that ran nothing before, and compared."""

from __future__ import annotations

import json
import re
import sys
import time

import pytest

from nbtrack.errors import NotCaptured
from nbtrack.lookup.find_run import find_run
from nbtrack.provenance.reproduction.data_check import check_files
from nbtrack.provenance.reproduction.fresh_kernel import (
    FreshKernel,
    KernelFailed,
    clean_environment,
)
from nbtrack.provenance.reproduction.reproducing import reproduce_run
from nbtrack.provenance.reproduction.verdicts import Outcome
from nbtrack.records.executions import SeenFile
from nbtrack.records.runs import RunQuery, ViewType

SEEDED = "import random\nrandom.seed(1)"


def test_a_value_that_differs_is_told_with_how_much(notebook):
    # What nothing seeded is drawn again as it was: that is not why.
    notebook.run("import nbtrack, random\nrandom.random(); drawn = random.SystemRandom().random()")
    run = notebook.tracked("%%track drawn\nnbtrack.log_metric('accuracy', drawn)")

    verdict = reproduce_run(notebook.store, run)

    assert verdict.outcome is Outcome.DIFFERENT
    (difference,) = verdict.differences
    assert difference.what == "metric accuracy"
    by = abs(float(difference.now) - float(difference.recorded))
    assert difference.by == pytest.approx(by, rel=1e-9)
    cell = verdict.headline.removeprefix(f"DIFFERENT: {difference.text}. It begins in ")
    assert re.fullmatch(r"cell \[\d+\]: drawn is another value each time that it runs.", cell)
    named = [each.info.run_id for each in notebook.kernel.runs() if each.info.run_name == "drawn"]
    assert named == [verdict.new_run_id, run.info.run_id]  # what told where is put away


def test_what_nothing_had_seeded_goes_on_from_where_it_was(notebook):
    notebook.run("import random\ndrawn = [random.random(), random.random()]")
    run = notebook.tracked("%%track\naccuracy = nbtrack.log_metric('a', drawn[1])")

    assert reproduce_run(notebook.store, run).outcome is Outcome.EXACT


def test_a_run_is_had_again(notebook):
    """Metrics, params and every point; the verdict stands on it, the new run beside it."""
    notebook.run(SEEDED)
    run = notebook.tracked(
        "%%track first try C=3\nimport nbtrack\naccuracy = random.random()\n"
        "for step in range(3):\n    nbtrack.log_metric('loss', random.random(), step=step)"
    )
    verdict = reproduce_run(notebook.store, run)

    assert verdict.outcome is Outcome.EXACT, verdict
    assert verdict.compared == 5  # accuracy, three points, C
    tags = notebook.store.get_run(run.info.run_id).data.tags
    assert tags["nbtrack.reproduced"] == "exactly"
    new = notebook.store.get_run(tags["nbtrack.reproduced.by"])
    assert new.data.tags["nbtrack.reproduces"] == run.info.run_id
    assert new.info.experiment_id == run.info.experiment_id
    assert notebook.store.read_cell(new.info.run_id)["attempt"] == 1
    assert find_run(notebook.store, "first try").info.run_id == run.info.run_id
    assert f"it repeats run {run.info.run_id}" in reproduce_run(notebook.store, new).why
    again = notebook.tracked("%%track first try C=3\nimport nbtrack\naccuracy = 1.0")
    assert (
        notebook.store.read_cell(again.info.run_id)["lineage"]
        != (notebook.store.read_cell(new.info.run_id)["lineage"])
    )


def test_a_generator_that_the_cell_itself_imported(notebook):
    """Nothing seeds it: where it started from was kept as soon as there was one."""
    run = notebook.tracked("%%track\nimport numpy as np\nscore = np.random.rand()")
    assert notebook.store.read_executions(run.info.run_id)[-1].unseeded == ("numpy",)
    assert reproduce_run(notebook.store, run).outcome is Outcome.EXACT


def test_only_the_slice_runs(notebook):
    """Results of cells keep their numbers, and a cell that failed then may fail again."""
    notebook.run("21")
    count = notebook.kernel.value("max(Out)")
    notebook.run("raise SystemError('not needed')")
    notebook.run("x = 1\n1 / 0")
    run = notebook.tracked(f"%%track\nscore = float(Out[{count}] + x)")

    verdict = reproduce_run(notebook.store, run)

    assert verdict.outcome is Outcome.EXACT, verdict
    assert verdict.cells == 3


def test_tracked_cells_before_it_leave_no_runs(notebook):
    """What a model measures later is on the run of the cell that fitted it; both run again."""
    notebook.tracked("%%track upstream\nx = 3.0")
    run = notebook.tracked("%%track\nscore = float(x)")

    assert reproduce_run(notebook.store, run).is_reproduced
    assert [each.info.run_name for each in notebook.kernel.runs()].count("upstream") == 1
    put_away = notebook.store.search_runs(RunQuery(view_type=ViewType.DELETED_ONLY))
    assert "upstream" in [each.info.run_name for each in put_away]


def test_sizes_that_differ_are_told_apart(tmp_path):
    data = tmp_path / "a.csv"
    data.write_bytes(bytes(23_101))

    assert check_files([SeenFile(str(data), 23_102)]).changed == [
        f"{data} has changed: 23,102 bytes then, 23,101 now"
    ]


def test_changed_data_are_seen_before_anything_runs(notebook):
    data = notebook.folder / "a.txt"
    data.write_text("1")
    run = notebook.tracked("%%track\nscore = float(open('a.txt').read())")
    data.write_text("2")

    verdict = reproduce_run(notebook.store, run)

    assert verdict.headline == f"NOT RUNNABLE: {data} has changed: its digest is another one"
    data.unlink()
    assert "is gone" in reproduce_run(notebook.store, run).headline
    data.write_text("1")
    assert reproduce_run(notebook.store, run).is_reproduced


def test_files_that_it_writes_are_not_overwritten(notebook):
    """Neither in the folder it worked in nor by an absolute path."""
    near, far = notebook.folder / "near.txt", notebook.folder / "sub" / "far.txt"
    far.parent.mkdir()
    run = notebook.tracked(
        f"%%track C=1\nopen('near.txt', 'w').write('cell')\nopen({str(far)!r}, 'w').write('cell')\n"
        "score = 1.0 if open('near.txt').read() == 'cell' else 0.0"
    )
    near.write_text("mine")
    far.write_text("mine")

    assert reproduce_run(notebook.store, run).is_reproduced
    assert (near.read_text(), far.read_text()) == ("mine", "mine")


def test_what_lies_outside_is_left_alone(notebook, monkeypatch):
    """Also where the cell passes over that it was refused."""
    far = notebook.folder.parent / "beside" / "far.txt"
    far.parent.mkdir(exist_ok=True)
    far.write_text("mine")
    run = notebook.tracked(
        f"%%track\nimport os\nfar = {str(far)!r}\nscore = 1.0\n"
        "try:\n    if 'AGAIN' in os.environ: os.remove(far)\nexcept OSError: pass"
    )
    monkeypatch.setenv("AGAIN", "1")

    verdict = reproduce_run(notebook.store, run)

    assert verdict.headline.startswith("NOT RUNNABLE"), verdict
    assert "would remove" in verdict.headline
    assert far.read_text() == "mine"


OUTSIDE = {
    "os.remove(far)": "remove",
    "shutil.rmtree(os.path.dirname(far))": "remove",
    "os.rename(far, far + '.old')": "move",
    "open(far, 'a').write('more')": "write",
    "open('../beside/far.txt', 'a').write('more')": "write",
    "os.truncate(far, 0)": "overwrite",
    "subprocess.run(['rm', far])": "start the program rm",
    "os.system('rm ' + far)": "start the program rm",
    "socket.create_connection(('192.0.2.1', 9), timeout=1)": "speak to another machine",
}


@pytest.mark.slow
def test_whatever_would_change_it_is_refused(tmp_path):
    """In one kernel that has begun as those of repetitions do, one after the other."""
    folder, far = tmp_path / "work", tmp_path / "beside" / "far.txt"
    folder.mkdir()
    far.parent.mkdir()
    far.write_text("mine")
    begin = json.dumps({"folders": [str(folder)], "files": [], "effects": False})
    environment = clean_environment({"NBTRACK_DIR": str(folder), "TMPDIR": str(folder)})
    with FreshKernel(
        python=sys.executable, folder=folder, environment=environment, deadline=None
    ) as kernel:
        kernel.prepare("%load_ext nbtrack\nfrom nbtrack.provenance.reproduction import rehearsal")
        kernel.prepare(f"import os, shutil, socket, subprocess\nfar = {str(far)!r}")
        kernel.prepare(f"rehearsal.begin_rehearsal({begin!r})")
        for number, (cell, told) in enumerate(OUTSIDE.items(), 1):
            assert (kernel.run(cell) or "").startswith("PermissionError"), cell
            refused = kernel.ask("rehearsal.refusals()")
            assert len(refused) == number, cell
            assert refused[-1].startswith(told)

    assert far.read_text() == "mine"


def test_a_folder_made_anew_is_left_alone(notebook):
    """It is among what the cell wrote, and nothing would put it back."""
    far = notebook.folder.parent / "anew"
    run = notebook.tracked(
        f"%%track\nimport os, shutil\nscore = 1.0\nfar = {str(far)!r}\n"
        "shutil.rmtree(far, ignore_errors=True)\nos.mkdir(far)"
    )
    (far / "precious.csv").write_text("mine")

    assert "would remove" in reproduce_run(notebook.store, run).headline
    assert (far / "precious.csv").read_text() == "mine"


def test_what_lies_in_its_folder_is_a_copy(notebook):
    """Whoever writes: a database in C, or a cell that removes what it finds now."""
    kept = notebook.folder / "kept"
    kept.mkdir()
    run = notebook.tracked(
        "%%track\nfrom pathlib import Path\nimport sqlite3\n"
        "for found in Path('kept').glob('*.csv'): found.unlink()\n"
        "with sqlite3.connect('kept/own.db') as database:\n"
        "    database.execute('create table if not exists t (a)')\n"
        "    database.execute('insert into t values (1)')\nscore = 1.0"
    )
    (kept / "precious.csv").write_text("mine")
    before = (kept / "own.db").read_bytes()

    assert reproduce_run(notebook.store, run).headline == "REPRODUCED exactly"
    assert (kept / "precious.csv").read_text() == "mine"
    assert (kept / "own.db").read_bytes() == before


def test_without_a_value_nothing_is_proved(notebook):
    run = notebook.tracked("%%track\nimport time\nmoments = [time.time()]")
    verdict = reproduce_run(notebook.store, run)
    assert verdict.outcome is Outcome.NOTHING_COMPARED
    assert not verdict.is_reproduced


def test_a_time_that_differs_is_named(notebook):
    notebook.run("import nbtrack, random\ndraw = random.SystemRandom().random")
    run = notebook.tracked("%%track\nnbtrack.log_metrics({'auc': 1.0, 'fit_seconds': draw()})")
    assert reproduce_run(notebook.store, run).headline == "REPRODUCED but for fit_seconds"


def test_a_module_is_the_one_that_it_was(notebook):
    module = notebook.folder / "own_module.py"
    module.write_text("value = 1.0\n")
    run = notebook.tracked("%%track\nimport own_module\nscore = float(own_module.value)")
    module.write_text("value = 2.0\n")

    assert reproduce_run(notebook.store, run).is_reproduced
    assert module.read_text() == "value = 2.0\n"


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("%%track\nimport os\nscore = 1.0\nassert 'AGAIN' not in os.environ", "AssertionError"),
        ("%%track\nimport os\nscore = 1.0\nif 'AGAIN' in os.environ: os._exit(1)", "died"),
    ],
)
def test_what_cannot_run_says_why(notebook, monkeypatch, cell, why):
    run = notebook.tracked(cell)
    monkeypatch.setenv("AGAIN", "1")

    verdict = reproduce_run(notebook.store, run)

    assert verdict.outcome is Outcome.NOT_RUNNABLE
    assert why in verdict.headline


@pytest.mark.slow
def test_a_cell_may_take_as_long_as_it_is_given(tmp_path):
    """The kernel has begun by then, or it would be said of that."""
    environment = clean_environment({})
    with FreshKernel(
        python=sys.executable, folder=tmp_path, environment=environment, deadline=None
    ) as kernel:
        kernel._deadline = time.monotonic() + 0.3
        with pytest.raises(KernelFailed, match="longer"):
            kernel.run("import time; time.sleep(60)")


def test_the_registry_is_left_alone(notebook):
    cell = "%%track\nimport nbtrack\nnbtrack.MlflowClient().create_registered_model('m'+str(n))"
    notebook.run("import uuid\nn = uuid.uuid4().hex")
    run = notebook.tracked(cell)

    verdict = reproduce_run(notebook.store, run)

    assert "registry is not changed" in verdict.headline
    assert len(notebook.store.registry_events()) == 1


def test_models_predict_what_they_did(notebook):
    """On the example that was recorded with the model."""
    notebook.run(
        "import nbtrack, numpy as np, random\nfrom sklearn.dummy import DummyRegressor\n"
        "X = np.arange(6.).reshape(3, 2)"
    )
    run = notebook.tracked(
        "%%track\nvalue = random.SystemRandom().random()\n"
        "model = DummyRegressor(strategy='constant', constant=value).fit(X, X[:, 0])\n"
        "nbtrack.sklearn.log_model(model, name='m', input_example=X)"
    )
    verdict = reproduce_run(notebook.store, run)

    told = [each.what for each in verdict.differences if each.what.startswith("predictions")]
    assert len(told) == 1, verdict


def test_nothing_recorded_is_said_with_the_cure(notebook):
    notebook.kernel.run("import nbtrack\nnbtrack.start_run(run_name='bare').end()")
    with pytest.raises(NotCaptured, match=r"'bare'.*%%track"):
        reproduce_run(notebook.store, notebook.kernel.newest())
