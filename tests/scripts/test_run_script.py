"""`nbtrack run`: a script runs as under python, and is a run; `import mlflow` may be nbtrack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nbtrack import MlflowClient
from nbtrack.records.runs import Run
from nbtrack.scripts.arguments import params_of

SEEN = """
import builtins, multiprocessing, pickle, sys
import helper
class Point: pass
def double(x): return 2 * x
if __name__ == "__main__":
    print(sys.argv, sys.path[0], __name__, __file__, __builtins__ is builtins, __spec__)
    print(sorted(name for name in globals() if name.startswith("__")))
    print(type(pickle.loads(pickle.dumps(Point()))), sys.modules["__main__"].Point is Point)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(double, [1, helper.TWO]))
"""
ENDINGS = {
    "fails": "import sys\nprint('out')\ndef f():\n    raise ValueError('no')\nf()",
    "exits": "import sys; sys.exit(3)",
    "says": "import sys; sys.exit('so long')",
    "cannot": "x = = 1",
    "stops": "raise KeyboardInterrupt",
}
POOL = """
import atexit, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
atexit.register(lambda: print("bye"))
def last():
    time.sleep(0.2)
    print("last")
def first():
    time.sleep(0.2)
    threading.Thread(target=last).start()
threading.Thread(target=first).start()
pool = ThreadPoolExecutor(2)
print(pool.submit(lambda: 3).result(), flush=True)
if len(sys.argv) > 1:
    raise ValueError("before its threads")
"""
FORKS = """
import os, sys, nbtrack
nbtrack.log_metric("before", 1)
print("before", flush=True)
is_over, is_here = os.pipe()
children = []
for child in ("before its parent", "after its parent"):
    children.append(os.fork())
    if children[-1] == 0:
        os.close(is_here)
        if child == "after its parent":
            os.read(is_over, 1)
        print(child, flush=True)
        raise ValueError(child)
print(os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]))
nbtrack.log_metric("after", 1)
"""
OF_MLFLOW = """
import mlflow, mlflow.sklearn
from mlflow.tracking import MlflowClient
from mlflow.models.signature import infer_signature
import sys
mlflow.set_tracking_uri("sqlite:///mlflow.db")
assert mlflow.active_run() is None
with mlflow.start_run(run_name="inner") as run:
    mlflow.log_metric("m", 1.5)
    assert mlflow.active_run() is run
assert mlflow.active_run() is None
assert mlflow.last_active_run().info.run_id == run.info.run_id
mlflow.log_metric("outside", 2)  # for which MLflow would open one
opened = mlflow.active_run()
with mlflow.start_run(run_name="within", nested=True):
    mlflow.end_run()
    assert mlflow.active_run() is opened
ends = 0
while mlflow.active_run():
    mlflow.end_run()
    ends += 1
    assert ends == 1
assert mlflow.last_active_run().info.run_id == opened.info.run_id
mlflow.log_metric("later", 3)
assert mlflow.active_run() is opened
client = MlflowClient("http://nowhere:1")
print(client.get_run(run.info.run_id).data.metrics, mlflow.MlflowClient is MlflowClient)
from mlflow.tracking import context
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
import mlflow.store
from mlflow.store.tracking import SEARCH_MAX_RESULTS_DEFAULT
from mlflow.store.entities import PagedList
assert isinstance(client.search_experiments(), PagedList), mlflow.store
assert mlflow.utils.validation.MAX_PARAM_VAL_LENGTH > 0 and context.resolve_tags({"a": "b"})
try:
    import mlflow.langchain
except ModuleNotFoundError as exc:
    print(exc)
from importlib.util import find_spec
names = ("", ".sklearn", ".langchain", ".utils.nothing", ".sklearn.nothing")
there = [name for name in names if find_spec("mlflow" + name)]
assert there == ["", ".sklearn"], there
import nbtrack
print(nbtrack.__name__, nbtrack.__spec__.name, mlflow.__version__[0].isdigit())
try:
    nbtrack.export_runs(mlflow="sqlite:///mlflow.db")
except nbtrack.NbtrackError as exc:
    print(exc)
nbtrack.takeover(False)
print([name for name in sys.modules if name.partition(".")[0] == "mlflow"])
sys.modules["mlflow"] = sys
try:
    nbtrack.takeover()
except nbtrack.NbtrackError as exc:
    print(exc)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("scripts")
    (made / "helper.py").write_text("TWO = 2\n")
    scripts = {"seen": SEEN, "pool": POOL, "forks": FORKS, "of_mlflow": OF_MLFLOW, **ENDINGS}
    for name, text in scripts.items():
        (made / f"{name}.py").write_text(text)
    return made


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NBTRACK_DIR": str(folder / ".nbtrack")}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=240,
    )  # fmt: skip


def runs_of(folder: Path, name: str) -> list[Run]:
    """The newest first."""
    client = MlflowClient(str(folder / ".nbtrack"))
    return list(client.search_runs(["0"], f"attributes.run_name = '{name}'"))


def test_a_script_sees_what_it_sees_under_python(folder):
    """Its arguments, path, `__main__`, pickles, and processes of its own."""
    words = ["seen.py", "--lr", "0.1", "-v", "data.csv", "--api-key=hunter2hunter2"]

    ours, pythons = run(folder, "-m", "nbtrack", "run", *words), run(folder, *words)

    assert (ours.stdout, ours.stderr) == (pythons.stdout, "")
    [found] = runs_of(folder, "seen.py")
    assert found.data.params == {"lr": "0.1", "v": "data.csv", "api_key": "***"}
    assert (found.info.status, found.data.tags["mlflow.source.name"]) == ("FINISHED", "seen.py")
    client = MlflowClient(str(folder / ".nbtrack"))
    kept = Path(client.download_artifacts(found.info.run_id, "output/stdout.txt")).read_text()
    assert kept == ours.stdout


@pytest.mark.parametrize("name", ENDINGS)
def test_a_script_ends_as_under_python(folder, name):
    """The same exit status, output and traceback; the run says how it ended, and why."""
    ours, pythons = run(folder, "-m", "nbtrack", "run", f"{name}.py"), run(folder, f"{name}.py")

    code = 130 if name == "stops" else pythons.returncode  # python dies of its signal
    assert (ours.returncode, ours.stdout, ours.stderr) == (code, pythons.stdout, pythons.stderr)
    [found] = runs_of(folder, f"{name}.py")
    assert found.info.status == ("KILLED" if name == "stops" else "FAILED")


@pytest.mark.parametrize("words", [(), ("fails",)])
def test_a_script_ends_with_its_threads(folder, words):
    """Workers of a pool that nobody shut down are told to stop; threads of threads are waited for,
    also after an error; the run has what they print."""
    ours = run(folder, "-m", "nbtrack", "run", "--name", "pool", "pool.py", *words)
    pythons = run(folder, "pool.py", *words)

    assert (ours.returncode, ours.stdout, ours.stderr) == (
        pythons.returncode, pythons.stdout, pythons.stderr
    )  # fmt: skip
    found = runs_of(folder, "pool")[0]
    client = MlflowClient(str(folder / ".nbtrack"))
    kept = Path(client.download_artifacts(found.info.run_id, "output/stdout.txt")).read_text()
    assert kept == "3\nlast\n"  # what exit handlers print comes after the run


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_leaves_the_run_to_its_parent(folder):
    """It ends as under python, and neither ends the run nor writes what it has."""
    ours, pythons = run(folder, "-m", "nbtrack", "run", "forks.py"), run(folder, "forks.py")

    assert (ours.returncode, ours.stdout) == (0, pythons.stdout)
    assert ours.stderr.count("Traceback") == ours.stderr.count("ValueError: ") == 2
    [_, found] = runs_of(folder, "forks.py")  # the newer one is of python
    client = MlflowClient(str(folder / ".nbtrack"))
    kept = Path(client.download_artifacts(found.info.run_id, "output/stdout.txt")).read_text()
    assert (found.info.status, kept) == ("FINISHED", "before\n1\n")
    assert found.data.metrics.keys() == {"before", "after"}


def test_a_script_is_compared_by_its_source_and_modules(folder):
    """Both are kept, also of a script that was edited since."""
    done = run(folder, "-m", "nbtrack", "run", "--no-autolog", "--name", "a", "seen.py")
    (folder / "helper.py").write_text("TWO = 3\n")
    run(folder, "-m", "nbtrack", "run", "--no-autolog", "--name", "b", "seen.py")

    told = run(folder, "-m", "nbtrack", "diff", "a", "b")

    assert done.returncode == 0, done.stderr
    assert "helper.py" in told.stdout
    assert "TWO = 3" in told.stdout


def test_a_script_of_mlflows_records_here(folder):
    """Unchanged, whatever servers it names; undone, nothing of it is left; too late is refused."""
    done = run(folder, "-m", "nbtrack", "run", "--as-mlflow", "of_mlflow.py")

    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0] == "{'m': 1.5} True"
    assert "has no 'mlflow.langchain'" in lines[1]
    assert lines[2] == "nbtrack nbtrack True"
    assert "nbtrack.takeover(False)" in lines[3]
    assert lines[4] == "[]"
    assert "Restart the kernel" in lines[5]
    assert "has taken over: what is logged goes to" in done.stderr
    assert done.stderr.count("taken over") == 1
    [inner], [outer] = runs_of(folder, "inner"), runs_of(folder, "of_mlflow.py")
    assert inner.data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert (outer.data.metrics["outside"], outer.data.metrics["later"]) == (2, 3)
    assert outer.info.status == "FINISHED"
    assert not (folder / "mlflow.db").exists()


def test_an_argument_that_is_no_param_costs_nothing_else(folder):
    """The source and the other arguments are kept, and it is said which one is not."""
    done = run(folder, "-m", "nbtrack", "run", "helper.py", "--a=1", "--b/../c=2", "--n=3")

    [found] = runs_of(folder, "helper.py")
    told = run(folder, "-m", "nbtrack", "show", found.info.run_id)
    assert found.data.params == {"a": "1", "n": "3"}
    assert "TWO = " in told.stdout
    assert (done.stderr.count("\n"), "b/../c" in done.stderr) == (1, True)


def test_a_script_that_is_not_there(folder):
    """One sentence, and no run."""
    done = run(folder, "-m", "nbtrack", "run", "nowhere.py")

    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no script 'nowhere.py'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "params"),
    [
        (["--lr", "0.1", "--flag"], {"lr": "0.1", "flag": "True"}),
        (["--layers", "64", "32", "--x=a=b"], {"layers": "64 32", "x": "a=b"}),
        (["model.lr=0.1", "+seed=1"], {"model.lr": "0.1", "seed": "1"}),
        (
            ["train", "data.csv", "-5"],
            {"argument 1": "train", "argument 2": "data.csv", "argument 3": "-5"},
        ),
        (
            ["--shift", "-5", "--odd[name]", "1"],
            {"shift": "-5", "odd_name_": "1"},
        ),
        (["--password", "hunter2hunter2"], {"password": "***"}),
    ],
)
def test_arguments_are_params(arguments, params):
    """As far as they can be told apart without the script's own parser."""
    assert params_of(arguments) == params
