"""A process begins where the one that started it is: store, experiment and run, as with MLflow."""

from __future__ import annotations

import json

import pytest

from nbtrack.records.runs import RunQuery, RunStatus
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.begun_project import begun_project

pytestmark = pytest.mark.usefixtures("begun")
LOG = "import nbtrack\nwith nbtrack.start_run(run_name='child'): nbtrack.log_metric('a', 1)"
START = f"""
import os, subprocess, sys
def start(code={LOG!r}, **environment):
    subprocess.run([sys.executable, "-c", code], cwd="/", check=True, env={{**os.environ, **environment}})
"""  # noqa: E501


def runs_of(folder):
    store = DuckDBStore(folder)
    found = {run.info.run_name: run for run in store.search_runs(RunQuery())}
    experiments = {each.experiment_id: each.name for each in store.search_experiments()}
    store.close()
    return found, experiments


def test_a_child_process_logs_where_its_parent_does(start, tmp_path):
    """Into the store and the experiment that are set, though it works in another folder."""
    start(
        f"""{START}
import nbtrack
nbtrack.set_tracking_uri({str(tmp_path / "store")!r})
nbtrack.set_experiment("here")
start()
"""
    ).finish()
    found, experiments = runs_of(tmp_path / "store")

    assert experiments[found["child"].info.experiment_id] == "here"
    assert "mlflow.parentRunId" not in found["child"].data.tags


def test_a_place_is_handed_on_as_soon_as_it_is_chosen(start, tmp_path):
    """Before anything was logged there or looked up."""
    start(
        f"""{START}
import nbtrack
nbtrack.set_tracking_uri({str(tmp_path / "store")!r})
start()
"""
    ).finish()
    assert list(runs_of(tmp_path / "store")[0]) == ["child"]


@pytest.mark.parametrize("how", ["subprocess", "fork", "spawn", "forkserver", "loky"])
def test_the_run_that_is_open_is_the_parent(start, folder, how):
    """Of the runs a child begins; and it takes what the child logs without one."""
    start(
        f"""{START}
import multiprocessing, joblib, nbtrack
def bare():
    nbtrack.log_metric("bare", 1)
def work():
    bare()
    with nbtrack.start_run(run_name="child"):
        nbtrack.log_metric("a", 1)
if __name__ == "__main__":
    with nbtrack.start_run(run_name="parent"):
        nbtrack.log_metric("own", 1)
        if {how!r} == "subprocess":
            start("import nbtrack; nbtrack.log_metric('bare', 1)")
            start()
        elif {how!r} == "loky":
            joblib.Parallel(n_jobs=2)([joblib.delayed(work)()])
        else:
            worker = multiprocessing.get_context({how!r}).Process(target=work)
            worker.start()
            worker.join()
"""
    ).finish()
    found, _ = runs_of(folder)
    parent = found["parent"]

    assert found["child"].data.tags.get("mlflow.parentRunId") == parent.info.run_id
    assert parent.data.metrics == {"own": 1.0, "bare": 1.0}
    assert {run.info.status for run in found.values()} == {RunStatus.FINISHED}


def test_forked_workers_have_runs_of_their_own(start, folder):
    """While the parent has one open; they are its children."""
    start(
        """
import multiprocessing, nbtrack
def work(n):
    with nbtrack.start_run(run_name=f"worker {n}") as run:
        nbtrack.log_metric("n", n)
    return run.info.run_id
with nbtrack.start_run(run_name="parent") as parent, multiprocessing.get_context("fork").Pool(2) as pool:
    ids = pool.map_async(work, range(3)).get(timeout=60)
assert len({*ids, parent.info.run_id}) == 4
"""  # noqa: E501
    ).finish()
    found, _ = runs_of(folder)
    parent = found.pop("parent")

    assert {name: run.data.metrics for name, run in found.items()} == {
        f"worker {n}": {"n": float(n)} for n in range(3)
    }
    assert {run.data.tags["mlflow.parentRunId"] for run in found.values()} == {parent.info.run_id}


SAID = [
    "start(NBTRACK_DIR='{other}')",
    "start(NBTRACK_TRACKING_URI='{other}')",
    "start('import nbtrack; nbtrack.set_tracking_uri(\\'{other}\\')\\n' + code)",
    "os.environ.pop('NBTRACK_DIR'); start(MLFLOW_TRACKING_URI='{other}')",
]


def test_who_says_otherwise_is_followed(start, folder, tmp_path):
    """By a variable that is set for the child, or in its code; then the run is no parent."""
    others = [begun_project(tmp_path / f"other {number}") for number in range(len(SAID))]
    told = "\n    ".join(said.format(other=other) for said, other in zip(SAID, others))
    start(
        f"{START}\nimport nbtrack\ncode = {LOG!r}\n"
        f"with nbtrack.start_run(run_name='parent'):\n    {told}"
    ).finish()

    for other in others:
        found, _ = runs_of(other)
        assert set(found) == {"child"}
        assert "mlflow.parentRunId" not in found["child"].data.tags
    assert set(runs_of(folder)[0]) == {"parent"}


def test_a_worker_of_joblib_is_not_its_first_runs(start, folder):
    """It lives on: what it does for a later run is not the child of the one it was started in."""
    start(
        """
import joblib, nbtrack
def work(name):
    with nbtrack.start_run(run_name=name):
        nbtrack.log_metric("a", 1)
for n in (1, 2):
    with nbtrack.start_run(run_name=f"parent {n}"):
        joblib.Parallel(n_jobs=2)([joblib.delayed(work)(f"child {n}")])
"""
    ).finish()
    found, _ = runs_of(folder)
    first = found["parent 1"].info.run_id

    assert found["child 1"].data.tags["mlflow.parentRunId"] == first
    assert found["child 2"].data.tags.get("mlflow.parentRunId") != first


def test_a_fork_server_tells_of_the_run_that_is_open_now(start, folder):
    """It was started under the first one, and has the variables of that time."""
    start(
        """
import multiprocessing, nbtrack
def log(name):
    nbtrack.log_metric(name, 1)
    begin(name)
def begin(name):
    with nbtrack.start_run(run_name=f"child {name}"):
        pass
def let_work(name, work=log):
    worker = multiprocessing.get_context("forkserver").Process(target=work, args=(name,))
    worker.start()
    worker.join()
if __name__ == "__main__":
    for name in ("first", "second"):
        nbtrack.set_experiment(name)
        with nbtrack.start_run(run_name=name):
            let_work(name)
    let_work("third", begin)
"""
    ).finish()
    found, experiments = runs_of(folder)

    for name in ("first", "second"):
        run, child = found[name], found[f"child {name}"]
        assert run.data.metrics == {name: 1.0}
        assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
        assert experiments[child.info.experiment_id] == name
    assert "mlflow.parentRunId" not in found["child third"].data.tags


def test_a_worker_of_joblib_asks_once_a_job(start, folder):
    """Whether its run is still open: at every log call, the database would take its time."""
    script = start(
        """
import joblib, nbtrack
def work():
    import sys
    looks = []
    def look(frame, event, _):
        if event == "call" and frame.f_code.co_name == "look_up_run":
            looks.append(frame)
    sys.setprofile(look)
    for n in range(20):
        nbtrack.log_metric("a", n, step=n)
    sys.setprofile(None)
    return len(looks)
with nbtrack.start_run(run_name="parent"):
    for _ in range(2):
        print(joblib.Parallel(n_jobs=2)([joblib.delayed(work)()])[0])
"""
    )
    looks = [int(line) for line in script.finish()]

    assert max(looks) <= 4  # of two functions: one look for the job, one for the run itself
    assert runs_of(folder)[0]["parent"].data.metrics == {"a": 19.0}


def test_a_child_after_the_run_ended_is_nobodys(start, folder):
    """What was told before holds no longer."""
    start(f"{START}\nimport nbtrack\nwith nbtrack.start_run(): pass\nstart()").finish()

    assert "mlflow.parentRunId" not in runs_of(folder)[0]["child"].data.tags


def test_a_script_that_a_tracked_cell_starts(new_kernel):
    """Its run is the cell's child, and what it logs without one is the cell's, and on its card."""
    kernel = new_kernel()
    reply = kernel.run(
        f"%%track cell\n{START}\nstart()\nstart('import nbtrack; nbtrack.log_metric(\"bare\", 1)')"
    )
    kernel.run(f"{START}\nstart()")
    second, first, cell = kernel.runs()[:3]

    assert cell.data.metrics == {"bare": 1.0}
    # A card does not wait for a database that somebody else is busy with, and says so.
    assert "bare" in reply.cards[0] or "database is busy" in reply.cards[0]
    assert "No metric found" not in reply.cards[0]
    assert first.data.tags["mlflow.parentRunId"] == cell.info.run_id
    assert "mlflow.parentRunId" not in second.data.tags


# --- MLflow's variables

ONE = "import nbtrack as mlflow\nwith mlflow.start_run(run_name='one'): mlflow.log_metric('a', 1)"


def test_mlflows_variables_are_not_ignored(start, tmp_path):
    """The place and the experiment, where ours are not set."""
    place = tmp_path / "mlflow"
    kept = {"MLFLOW_TRACKING_URI": str(place), "MLFLOW_EXPERIMENT_NAME": "from outside"}
    script = start("import os\ndel os.environ['NBTRACK_DIR']\n" + ONE, **kept)
    script.finish()
    found, experiments = runs_of(place)

    assert experiments[found["one"].info.experiment_id] == "from outside"
    assert script.errors() == ""


def test_ours_come_before_mlflows(start, folder, tmp_path):
    """Both are set: MLflow's may be of another tool's."""
    kept = {"MLFLOW_TRACKING_URI": str(tmp_path / "x"), "MLFLOW_EXPERIMENT_NAME": "theirs"}
    start(ONE, NBTRACK_EXPERIMENT="ours", **kept).finish()
    found, experiments = runs_of(folder)

    assert experiments[found["one"].info.experiment_id] == "ours"
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("uri", ["http://me:word@host:5000", "postgresql://me:word@host/db"])
def test_a_place_of_mlflows_that_we_do_not_open(start, tmp_path, uri):
    """Is said once, with what is used instead, and without the password in it."""
    script = start(
        "import os\ndel os.environ['NBTRACK_DIR']\n" + ONE + "\nprint(mlflow.project_folder())",
        MLFLOW_TRACKING_URI=uri,
    )
    (place,) = script.finish()

    assert script.errors().count("MLFLOW_TRACKING_URI") == 1
    assert place in script.errors()
    assert "word" not in script.errors()


def test_mlflows_ids(start, folder):
    """An experiment and a run by their ids; the run is gone on with once, as in MLflow."""
    script = start(
        "import nbtrack, json\nnbtrack.set_experiment('two')\n"
        "with nbtrack.start_run(run_name='begun') as run: pass\n"
        "print(json.dumps([run.info.run_id, run.info.experiment_id]))"
    )
    run_id, experiment_id = json.loads(script.finish()[0])
    start(
        "import nbtrack\nnbtrack.log_metric('more', 1)\nnbtrack.end_run()\n"
        "with nbtrack.start_run(run_name='new'): pass",
        MLFLOW_RUN_ID=run_id,
        MLFLOW_EXPERIMENT_ID=experiment_id,
    ).finish()
    found, experiments = runs_of(folder)

    assert (found["begun"].data.metrics, found["begun"].info.run_id) == ({"more": 1.0}, run_id)
    assert experiments[found["new"].info.experiment_id] == "two"


def test_mlflows_ids_of_another_place(start, folder):
    """Say so, and cost nothing: the run is recorded all the same."""
    script = start(ONE, MLFLOW_RUN_ID="f" * 32, MLFLOW_EXPERIMENT_ID="17")
    script.finish()

    assert runs_of(folder)[0]["one"].data.metrics == {"a": 1.0}
    assert script.errors().count("MLFLOW_RUN_ID") == 1
    assert script.errors().count("MLFLOW_EXPERIMENT_ID") == 1
