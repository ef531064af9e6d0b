"""The life of a run in a notebook: children, interrupts, dead kernels, attempts, surroundings."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.support.kernel import Kernel, newest_as


def names_and_parents(kernel, count):
    return [(r.info.run_name, r.data.tags.get("mlflow.parentRunId")) for r in kernel.runs()[:count]]


# --- children


def test_a_child_deleted_while_it_is_open_is_nobodys_parent(kernel: Kernel):
    """The cell ends in order, and the next one begins at the top."""
    kernel.run("%%track parent\nc = nbtrack.start_run()\nnbtrack.delete_run(c.run_id)")
    kernel.run("%%track next\npass")

    assert names_and_parents(kernel, 1) == [("next", None)]
    assert kernel.value("nbtrack.active_run()") == "None"


def test_a_run_entered_twice_is_closed_once(kernel: Kernel):
    """One warning for one run, however often it was resumed."""
    kernel.run("run = nbtrack.start_run(run_name='twice')")
    kernel.run("again = nbtrack.start_run(run_id=run.run_id)")
    reply = kernel.run("nbtrack.start_run(run_name='next')")

    kernel.run("nbtrack.end_run()")
    assert reply.stderr.count("was left open") == 1
    assert kernel.runs()[1].info.status == "FINISHED"


def test_start_run_in_a_tracked_cell_makes_a_child(kernel: Kernel):
    """With and without `with`, nested or not; the cell's own run stays the parent of all."""
    kernel.run(
        "%%track parent\nwith nbtrack.start_run(run_name='a'): nbtrack.log_metric('m', 1)\n"
        "with nbtrack.start_run(run_name='b', nested=True): pass\nnbtrack.log_param('own', 1)"
    )
    b, a, parent = kernel.runs()[:3]

    assert [r.info.run_name for r in (b, a, parent)] == ["b", "a", "parent"]
    assert {r.data.tags["mlflow.parentRunId"] for r in (a, b)} == {parent.info.run_id}
    assert (a.data.metrics, parent.data.params["own"]) == ({"m": 1.0}, "1")


def test_a_child_left_open_ends_with_the_cell(kernel: Kernel):
    """It gets the cell's status and a tag that says who closed it."""
    kernel.run("%%track\nnbtrack.start_run(run_name='open')\n1 / 0")
    child = kernel.newest()

    assert (child.info.run_name, child.info.status) == ("open", "FAILED")
    assert child.data.tags["nbtrack.closed_by"] == "end of the cell"
    assert kernel.value("nbtrack.active_run()") == "None"


def test_a_child_that_a_thread_ended_was_not_closed_by_the_cell(kernel: Kernel):
    """The cell finds it among its runs, and leaves it as it is."""
    kernel.run(
        "%%track\nimport threading\nchild = nbtrack.start_run(run_name='ended')\n"
        "ender = threading.Thread(target=child.end)\nender.start(); ender.join()"
    )

    assert kernel.newest().info.run_name == "ended"
    assert "nbtrack.closed_by" not in kernel.newest().data.tags


def test_end_run_at_the_top_does_not_close_the_cell(kernel: Kernel):
    """A defensive `end_run()` leaves the cell's own run open."""
    kernel.run("%%track guarded\nnbtrack.end_run()\nnbtrack.log_metric('later', 1)")
    run = kernel.newest()

    assert (run.info.run_name, run.data.metrics) == ("guarded", {"later": 1.0})


def test_a_loop_that_ends_what_is_active_comes_to_its_end(kernel: Kernel):
    """The cell's run, which ends with the cell, is active again when something is logged to it."""
    kernel.run(
        "%%track looped\nnbtrack.start_run(run_name='in it')\nends = 0\n"
        "while nbtrack.active_run():\n    nbtrack.end_run()\n    ends += 1\n    assert ends < 5\n"
        "nbtrack.log_metric('later', 3)\nlast = nbtrack.active_run().info.run_name"
    )
    run = newest_as(kernel, "looped")

    assert kernel.value("(ends, last)") == "(2, 'looped')"
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"later": 3.0})


def test_a_cells_run_is_active_again_by_name_and_by_a_model(kernel: Kernel):
    """After `end_run()`, where code enters it by its id, or logs a model; not by what it is told
    by its own object, nor by a client: as with MLflow's."""
    kernel.run(
        "%%track again\nrid = nbtrack.active_run().info.run_id; nbtrack.end_run()\n"
        "with nbtrack.start_run(run_id=rid) as run:\n    by_id = nbtrack.active_run().info.run_id\n"
        "nbtrack.end_run()\nrun.log_metric('own', 1)\nby_object = nbtrack.active_run()\n"
        "nbtrack.pyfunc.log_model('m', python_model=lambda model_input: model_input)\n"
        "by_model = nbtrack.active_run().info.run_id"
    )
    run = newest_as(kernel, "again")

    assert kernel.value("(by_id == rid, by_object, by_model == rid)") == "(True, None, True)"
    assert (run.info.status, run.data.metrics) == ("FINISHED", {"own": 1.0})


def test_a_cell_under_an_open_run_is_its_child(kernel: Kernel):
    """A run opened by an earlier cell is the parent of tracked cells, and stays open."""
    kernel.run("outer = nbtrack.start_run(run_name='outer')")
    kernel.run("%%track inner\npass")
    inner, outer = kernel.runs()[:2]
    kernel.run("nbtrack.end_run()")

    assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert (inner.info.status, outer.info.status) == ("FINISHED", "RUNNING")
    assert kernel.store.get_run(outer.info.run_id).info.status == "FINISHED"


def test_a_param_logged_again_keeps_the_latest(kernel: Kernel):
    """No error in a cell; both values are kept."""
    reply = kernel.run("%%track\nnbtrack.log_param('p', 1)\nnbtrack.log_param('p', 2)")

    assert (reply.status, kernel.newest().data.params["p"]) == ("ok", "2")


def test_threads_log_to_the_cell(kernel: Kernel):
    """A thread without a run of its own logs to the cell's; runs it starts are children."""
    kernel.run(
        "%%track\nfrom threading import Thread\ndef work(i):\n"
        "    nbtrack.log_metric('shared', i, step=i)\n"
        "    with nbtrack.start_run(run_name=f't{i}'): nbtrack.log_metric('mine', i)\n"
        "threads = [Thread(target=work, args=(i,)) for i in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads];"
    )
    *children, parent = kernel.runs()[:5]
    found = {r.info.run_name: r.data.metrics for r in children}

    assert found == {f"t{i}": {"mine": float(i)} for i in range(4)}
    assert len(kernel.store.read_metrics(parent.info.run_id, "shared")) == 4


# --- experiments

TUTORIAL = (
    "import nbtrack as mlflow\nwith mlflow.start_run(run_name='before'): pass\n"
    "mlflow.set_experiment('tutorial')\nwith mlflow.start_run(run_name='child'):\n"
    "    mlflow.log_metric('accuracy', {value})"
)


def experiment_of(kernel, run):
    return kernel.store.get_experiment(run.info.experiment_id).name


@pytest.fixture
def in_default(kernel: Kernel) -> Iterator[Kernel]:
    """Whatever a test sets, the tests behind it are in Default again."""
    yield kernel
    kernel.run("%experiment Default")


def test_set_experiment_in_a_cell_takes_its_run_along(in_default: Kernel):
    """Children that start afterwards go there too, as in MLflow; the card says where."""
    kernel = in_default
    cards = [
        kernel.run(f"%%track try{value}\n{TUTORIAL.format(value=value)}", cell_id="tutorial").card
        for value in (0.5, 0.75)
    ]
    child, before, parent = kernel.runs()[:3]
    table = kernel.run("%runs").table

    assert [experiment_of(kernel, run) for run in (parent, child)] == ["tutorial"] * 2
    assert experiment_of(kernel, before) == "tutorial"  # it was set by the cell that ran first
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert "· tutorial" in cards[0].splitlines()[0]
    assert "▲ +0.25 better" in cards[1]
    assert "try0.75" in table


def test_what_began_before_stays_where_it_was(in_default: Kernel):
    """Runs that are over, or named an experiment, do not move."""
    kernel = in_default
    kernel.run(f"%%track\n{TUTORIAL.format(value=1).replace('tutorial', 'elsewhere')}")
    child, before, parent = kernel.runs()[:3]
    found = [experiment_of(kernel, run) for run in (before, parent, child)]

    assert found == ["Default", "elsewhere", "elsewhere"]


def test_an_experiment_on_the_magic_line_holds(in_default: Kernel):
    """The cell's own run stays in it; children go where MLflow would put them."""
    kernel = in_default
    card = kernel.run(
        "%%track -e mine\nwith nbtrack.start_run(): pass\nnbtrack.set_experiment('theirs')\n"
        "with nbtrack.start_run(): pass"
    ).card
    second, first, parent = kernel.runs()[:3]

    assert [experiment_of(kernel, r) for r in (parent, first, second)] == ["mine", "mine", "theirs"]
    assert "· mine" in card.splitlines()[0]


def test_a_later_track_line_moves_the_run(in_default: Kernel):
    """-e may come on a second %track line."""
    kernel = in_default
    kernel.run("%%track\nx = 1\n%track -e second")

    assert experiment_of(kernel, kernel.newest()) == "second"


def test_a_declared_direction_follows_the_run(in_default: Kernel):
    """What --metrics a:min says holds in the experiment that the run ends up in."""
    kernel = in_default
    for value in (9.125, 3.375):
        card = kernel.run(
            f"%%track --metrics odd:min\nnbtrack.set_experiment('odd ones')\nodd = {value}"
        ).card
    table = kernel.run("%runs --sort odd").table

    assert "★ beats 9.125" in card
    assert table.index("3.375") < table.index("9.125")


# --- broken off


@pytest.mark.parametrize(
    # ipykernel takes an interrupt only when the awaiting cell wakes up.
    "wait",
    ["time.sleep(30)", "for _ in range(600): await asyncio.sleep(0.05)"],
)
def test_an_interrupted_cell_is_killed(kernel: Kernel, wait: str):
    """Interrupting a cell, also one that awaits, ends its run as KILLED; the next one is fine."""
    request = kernel.send(f"%%track stopped\nimport asyncio, time\nprint('go', flush=True)\n{wait}")
    kernel.wait_for_output("go")
    time.sleep(0.2)
    kernel.interrupt()
    reply = kernel.finish(request)
    stopped = kernel.newest()
    kernel.run("%%track\npass")

    assert reply.status == "error"
    assert (stopped.info.run_name, stopped.info.status) == ("stopped", "KILLED")
    assert kernel.newest().info.status == "FINISHED"


def test_who_answers_an_interrupt_with_an_exit_is_killed_too(kernel: Kernel):
    """As Lightning does."""
    kernel.run(
        "%%track\ntry:\n    raise KeyboardInterrupt\n"
        "except KeyboardInterrupt:\n    raise SystemExit(1)"
    )

    assert kernel.newest().info.status == "KILLED"


def test_a_killed_kernel_leaves_its_source(new_kernel):
    """After kill -9 the run is KILLED, with source, params and what was logged."""
    kernel = new_kernel()
    kernel.send(
        "%%track lost lr=0.1\nimport nbtrack, time\nnbtrack.log_metric('loss', 0.5)\n"
        "print('go', flush=True)\ntime.sleep(60)"
    )
    kernel.wait_for_output("go")
    kernel.kill()
    run = kernel.newest()

    assert (run.info.run_name, run.info.status) == ("lost", "KILLED")
    assert (run.data.params, run.data.metrics) == ({"lr": "0.1"}, {"loss": 0.5})
    assert "time.sleep(60)" in kernel.cell(run)["source"]


def test_the_project_folder_removed_under_a_cell(new_kernel):
    """The cell goes on; its run begins anew in a new folder, with its source, and says so."""
    kernel = new_kernel()
    kernel.run("%%track first\npass")
    reply = kernel.run(
        f"%%track survivor lr=1\nimport nbtrack, shutil\nshutil.rmtree({str(kernel.project)!r})"
        "\nnbtrack.log_metric('m', 1)"
    )
    run = kernel.newest()

    assert reply.status == "ok"
    assert "was removed while the cell ran" in reply.card
    assert [r.info.run_name for r in kernel.runs()] == ["survivor"]
    assert run.data.params["lr"] == "1"
    assert "survivor" in kernel.cell(run)["source"]


def test_removed_runs_are_not_compared_with(new_kernel):
    """Somebody starts afresh: neither attempts nor the best are those of the removed store."""
    kernel = new_kernel()
    for value in (0.5, 0.9):
        kernel.run(f"%%track try{value}\n{{'f1': {value}}}", cell_id="again")
    kernel.run("nbtrack = __import__('nbtrack'); nbtrack.set_experiment('fresh')")
    kernel.run("%%track\nnbtrack.set_experiment('Default')\n{'f1': 0.7}", cell_id="again")
    kernel.run("nbtrack.set_experiment('fresh')")
    shutil.rmtree(kernel.project)
    card = kernel.run("%%track after\nnbtrack.set_experiment('Default')\n{'f1': 0.6}",
                      cell_id="again").card  # fmt: skip

    assert "attempt" not in card
    assert "best" not in card
    assert [run.info.run_name for run in kernel.runs()] == ["after"]
    assert kernel.store.find_experiment("fresh") is not None


# --- our own faults


def test_a_fault_of_ours_never_reaches_the_cell(new_kernel):
    """The cell runs as if we were not there; one line of warning tells."""
    kernel = new_kernel()
    kernel.run(
        "import nbtrack.cells.tracked_cell as ours\n"
        "def broken(*_, **__): raise RuntimeError('our fault')\nours.record_results = broken"
    )
    replies = [kernel.run("%%track\n6 * 7") for _ in range(2)]

    assert [(r.status, r.result) for r in replies] == [("ok", "42")] * 2
    assert [r.stderr.count("our fault") for r in replies] == [1, 0]
    assert kernel.newest().info.status == "FINISHED"


def test_repeated_faults_switch_us_off(new_kernel):
    """After three faults cells are left alone; reloading the extension turns it on again."""
    kernel = new_kernel()
    kernel.run(
        "import nbtrack.cells.cells as ours\nwhole = ours.Gauges.start\n"
        "def broken(self): raise RuntimeError('our fault')\nours.Gauges.start = broken"
    )
    replies = [kernel.run("%%track\n6 * 7") for _ in range(4)]
    kernel.run("ours.Gauges.start = whole\n%reload_ext nbtrack")
    before = len(kernel.runs())
    kernel.run("%%track back\npass")

    assert [(r.status, r.result) for r in replies] == [("ok", "42")] * 4
    assert "leaves them alone" in "".join(r.stderr for r in replies)
    assert (kernel.newest().info.run_name, len(kernel.runs())) == ("back", before + 1)


def test_a_cell_whose_end_was_missed(new_kernel):
    """An interrupt may hit our own hook: the next cell is a cell of its own all the same."""
    kernel = new_kernel()
    kernel.run(
        "%%track missed\nimport nbtrack.ipython as ours\n"
        "frames = ours._extension.cells.events._frames\nframes.append(frames[0])"
    )
    reply = kernel.run("%%track next\n6 * 7")

    assert reply.result == "42"
    assert reply.cards[-1].startswith("next")
    assert {r.info.run_name: r.info.status for r in kernel.runs()} == {
        "missed": "KILLED", "next": "FINISHED",
    }  # fmt: skip


# --- attempts


def test_a_cell_run_again_is_another_attempt(kernel: Kernel):
    """The same cell id is one lineage, however much the source changes."""
    for source in ("%%track\nx = 1", "%%track\nsomething_else = 'entirely'"):
        kernel.run(source, cell_id="again")
    second, first = (kernel.cell(run) for run in kernel.runs()[:2])

    assert first["lineage"] == second["lineage"]
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert kernel.newest().data.tags["nbtrack.attempt"] == "2"


def test_attempts_without_a_cell_id(kernel: Kernel):
    """nbclient sends none: the same source is the same cell; another source is another one."""
    for source in ("%%track\nalpha = 11", "%%track\nbeta = compile", "%%track\nalpha = 11"):
        kernel.run(source)
    third, other, first = (kernel.cell(run) for run in kernel.runs()[:3])

    assert third["lineage"] == first["lineage"] != other["lineage"]
    assert (first["attempt"], third["attempt"]) == (1, 2)


def test_attempts_go_on_in_the_next_kernel(new_kernel):
    """Counted on where the notebook's last kernel stopped; edited cells too, by their place."""
    notebook = {"JPY_SESSION_NAME": "/home/me/churn.ipynb"}
    first, second = new_kernel(**notebook), None
    first.run("%%track\nrate = 1\nprint('the same cell', rate)")
    first.run("%%track\nwith_id = 1", cell_id="c1")
    first.shut_down()
    second = new_kernel(**notebook)
    second.run("%%track\nrate = 2\nprint('the same cell', rate)")
    second.run("%%track\nwith_id = 'changed a lot'", cell_id="c1")

    cells = [second.cell(run) for run in second.runs()]
    assert [cell["attempt"] for cell in cells] == [2, 2, 1, 1]
    assert len({cell["lineage"] for cell in cells}) == 2


# --- where it ran


def test_the_experiment_is_named_after_the_notebook(new_kernel):
    """The front end's notebook names it; its path is recorded."""
    kernel = new_kernel(JPY_SESSION_NAME="/home/me/churn.ipynb")
    kernel.run("%%track\npass")
    run = kernel.newest()

    assert kernel.store.get_experiment(run.info.experiment_id).name == "churn"
    assert kernel.cell(run)["notebook"] == "/home/me/churn.ipynb"
    assert run.data.tags["mlflow.source.name"] == "/home/me/churn.ipynb"


def test_the_environment_is_stored_once(kernel: Kernel):
    """Every cell refers to it; packages and versions are in it."""
    kernel.run("%%track\npass")
    kernel.run("%%track\npass")
    frame = kernel.store.query(
        "select content from environments join runs on digest = environment_digest"
    )
    kinds = kernel.store.query("select count(distinct environment_digest) as n from runs")

    assert len(frame) >= 2
    assert kinds["n"][0] == 1
    assert "duckdb" in json.loads(frame["content"][0])["packages"]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_state_of_git(tmp_path):
    """Commit, branch and whether files differ from it are tags; the diff is stored once."""
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org", "-C", str(tmp_path)]
    (tmp_path / "model.py").write_text("depth = 1\n")
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "model.py").write_text("depth = 2\n")
    kernel = Kernel(tmp_path)
    kernel.run("%%track\npass")
    tags = kernel.newest().data.tags
    frame = kernel.store.query(
        "select content from environments where digest = $digest",
        {"digest": tags["nbtrack.git.state"]},
    )
    kernel.close()

    head = subprocess.check_output([*git, "rev-parse", "HEAD"], text=True).strip()
    assert tags["mlflow.source.git.commit"] == head
    assert (tags["mlflow.source.git.branch"], tags["nbtrack.git.dirty"]) == ("main", "true")
    assert "+depth = 2" in json.loads(frame["content"][0])["git"]["diff"]


def test_loading_in_the_cell_that_tracks(new_kernel):
    """The extension may be loaded by the very cell that a %track line is in."""
    kernel = new_kernel(load=False)
    reply = kernel.run("%load_ext nbtrack\n%track together\nlr = 0.5")

    assert reply.card.startswith("together")
    assert kernel.newest().data.params == {"lr": "0.5"}


@pytest.mark.parametrize(
    ("variable", "told"),
    [("NBTRACK_QUIET", "NBTRACK_QUIET is 'maybe://'"), ("NBTRACK_TRACKING_URI", "'maybe://'")],
)
def test_a_wrong_setting_is_told_when_loading(new_kernel, variable: str, told: str):
    """One error and no traceback; once it is mended, loading works."""
    kernel = new_kernel(load=False, **{variable: "maybe://"})
    reply = kernel.run("%load_ext nbtrack")
    kernel.run(f"import os\ndel os.environ[{variable!r}]\n%load_ext nbtrack")
    kernel.run("%%track mended\npass")

    assert (reply.status, reply.errors, told in reply.stderr) == ("error", [], True)
    assert kernel.newest().info.run_name == "mended"


def test_unloading(new_kernel):
    """Nothing of ours is left; loading twice and unloading twice do no harm."""
    kernel = new_kernel()
    kernel.run("%load_ext nbtrack\n%reload_ext nbtrack")
    kernel.run("%unload_ext nbtrack")
    kernel.run("%unload_ext nbtrack")
    left = kernel.value(
        "[f for v in get_ipython().events.callbacks.values() for f in v if 'nbtrack' in repr(f)]"
    )

    assert left == "[]"
    assert "not found" in kernel.run("%track").stderr
    assert kernel.run("%load_ext nbtrack\n%track again\npass").card.startswith("again")


def test_unloading_in_a_tracked_cell(new_kernel):
    """The cell that unloads us is still brought to its end, and nothing else is recorded."""
    kernel = new_kernel()
    kernel.run("%%track leaving\n%unload_ext nbtrack\n6 * 7")
    kernel.run("6 * 7")

    assert [(r.info.run_name, r.info.status) for r in kernel.runs()] == [("leaving", "FINISHED")]


def test_a_folder_that_cannot_be_written(new_kernel, tmp_path):
    """The cell goes on; the card says that records wait in memory, and the run that they did."""
    (tmp_path / "file").write_text("not a folder")
    kernel = new_kernel(NBTRACK_DIR=str(tmp_path / "file" / "project"))
    reply = kernel.run("%%track\nprint('said')\n6 * 7")

    assert (reply.status, reply.result) == ("ok", "42")
    assert "the disk refuses them" in reply.card
    assert reply.stderr.count("cannot write") == 1


# root may write everywhere; without capabilities it is a user like any other.
UNPRIVILEGED = (
    "import ctypes\nheader = (ctypes.c_uint32 * 2)(0x20080522, 0)\n"
    "assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0"
)


def test_a_folder_that_is_read_only(new_kernel):
    """What is not stored is not counted; who logged records that wait in memory reads them."""
    kernel = new_kernel()
    kernel.project.mkdir()
    kernel.project.chmod(0o555)
    kernel.run(UNPRIVILEGED)
    card = kernel.run("%%track mine\nprint('said')\n{'f1': 0.5}").card
    table = kernel.run("%runs").table
    kernel.project.chmod(0o755)

    assert "records are still in memory: the disk refuses them" in card
    assert "1 artifact is not stored: the disk refuses it" in card
    assert "1 artifact ·" not in card
    assert "mine" in table
