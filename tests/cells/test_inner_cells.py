"""Cells that cells run: each body runs, each tracked one is a run, the outer one keeps its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from nbtrack.records.runs import RunQuery
from nbtrack.stores.opening import open_store
from tests.support.kernel import Kernel, newest_as

CELLS = [
    "%load_ext nbtrack\nimport nbtrack",
    "%%track one depth=3\nlr = 0.5\nnbtrack.log_metric('m', 1)",
    "between = 1",
    "%%track two\nlr = 0.25\nnbtrack.log_metric('m', 2)\nseen = str()",
]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in CELLS])
    nbformat.write(made, str(tmp_path / "other.ipynb"))
    return tmp_path / "other.ipynb"


def facts_of(runs):
    return {run.info.run_name: (run.data.params, run.data.metrics) for run in runs}


OTHERS = {"one": ({"depth": "3", "lr": "0.5"}, {"m": 1.0}), "two": ({"lr": "0.25"}, {"m": 2.0})}


def test_a_notebook_run_by_a_tracked_cell(kernel: Kernel, notebook: Path):
    """Its tracked cells are children; what the outer cell logs before and after is the outer's."""
    reply = kernel.run(
        f"%%track outer width=7\nnbtrack.log_metric('before', 1)\n%run {notebook}\n"
        "nbtrack.log_metric('after', 1)"
    )
    *inner, outer = kernel.runs()[:3]

    assert (reply.status, kernel.value("(between, seen)")) == ("ok", "(1, '')")
    assert facts_of(inner) == OTHERS
    assert facts_of([outer]) == {"outer": ({"width": "7"}, {"before": 1.0, "after": 1.0})}
    assert {run.data.tags.get("mlflow.parentRunId") for run in inner} == {outer.info.run_id}
    assert {run.info.status for run in (*inner, outer)} == {"FINISHED"}
    assert "is still open" not in "".join(reply.cards)  # a cell ends by itself


def test_a_notebook_run_by_a_plain_cell(kernel: Kernel, notebook: Path):
    """Its runs are nobody's children, and the cell goes on untracked."""
    kernel.run(f"%run {notebook}\nassert nbtrack.active_run() is None")
    runs = kernel.runs()[:2]

    assert facts_of(runs) == OTHERS
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs} == {None}


def test_an_inner_cell_that_fails(kernel: Kernel, tmp_path: Path):
    """It is FAILED, with its error; the outer one, which catches that, is not."""
    (tmp_path / "failing.ipy").write_text("%%track failing\nlr = 1\n1 / 0\n")
    kernel.run(
        f"%%track outer\ntry:\n    %run {tmp_path / 'failing.ipy'}\n"
        "except ZeroDivisionError:\n    nbtrack.log_metric('after', 1)"
    )
    failing, outer = newest_as(kernel, "failing"), newest_as(kernel, "outer")

    assert (failing.info.status, outer.info.status) == ("FAILED", "FINISHED")
    assert "ZeroDivisionError" in kernel.cell(failing)["error"]
    assert outer.data.metrics == {"after": 1.0}


@pytest.mark.parametrize("outer", ["", "%%track outer\n"], ids=["plain", "tracked"])
def test_the_magic_called_in_a_loop(kernel: Kernel, outer: str):
    """As nbconvert writes cells into scripts: a run for each call, with the name of each."""
    reply = kernel.run(
        f"{outer}for n in range(3):\n    get_ipython().run_cell_magic('track', "
        "f'number{n} n={n}', 'nbtrack.log_metric(\"m\", n)\\nkept = n')"
    )
    runs = kernel.runs()[: 4 if outer else 3]
    found = facts_of(runs)

    assert (reply.status, kernel.value("kept")) == ("ok", "2")
    for n in range(3):
        assert found[f"number{n}"] == ({"n": str(n)}, {"m": float(n)})
    assert found.get("outer", ({}, {})) == ({}, {})


def test_code_that_runs_cells(kernel: Kernel):
    """`run_cell` with a tracked text, in a cell that is tracked too."""
    kernel.run(
        "%%track outer\nfor n in range(2):\n"
        "    get_ipython().run_cell(f'%%track number{n} n={n}\\nx = 1')\n"
        "nbtrack.log_param('own', 1)"
    )
    found = facts_of(kernel.runs()[:3])

    assert set(found) == {"outer", "number0", "number1"}
    assert found["outer"] == ({"own": "1"}, {})
    assert (found["number1"][0]["n"], found["number1"][0]["x"]) == ("1", "1")


def test_a_magic_that_runs_its_body_twice(kernel: Kernel):
    """The body runs as often as the magic says; the cell is one run."""
    kernel.run(
        "from IPython.core.magic import register_cell_magic\n@register_cell_magic\n"
        "def twice(line, cell):\n    for _ in range(2): get_ipython().run_cell(cell)\ntimes = 0"
    )
    before = len(kernel.runs())
    kernel.run("%%twice\n%%track body a=1\ntimes += 1\nnbtrack.log_metric('m', times, step=times)")
    kernel.run("%%timeit -n2 -r2\n%%track timed\nnbtrack.log_metric('m', 1)")
    runs = kernel.runs()

    assert kernel.value("times") == "2"
    assert len(runs) == before + 2
    assert facts_of(runs[:2]) == {"body": ({"a": "1"}, {"m": 2.0}), "timed": ({}, {"m": 1.0})}
    assert {run.info.status for run in runs[:2]} == {"FINISHED"}


def test_a_silent_request(kernel: Kernel):
    """A front end's own code: the body runs, and is a run."""
    reply = kernel.run("%%track silent\nquietly = 1\nnbtrack.log_metric('m', 1)", silent=True)
    kernel.run("%%track next\npass")
    following, silent = kernel.runs()[:2]

    assert (reply.status, kernel.value("quietly")) == ("ok", "1")
    assert facts_of([silent]) == {"silent": ({"quietly": "1"}, {"m": 1.0})}
    assert following.data.tags.get("mlflow.parentRunId") is None


def test_a_silent_request_that_awaits(kernel: Kernel):
    """It is over when it is over, not when it begins to wait."""
    kernel.run(
        "%%track waiting\nimport asyncio\nawait asyncio.sleep(0.05)\nnbtrack.log_metric('m', 1)",
        silent=True,
    )

    run = newest_as(kernel, "waiting")
    assert (run.data.metrics, run.info.status) == ({"m": 1.0}, "FINISHED")


def test_a_cell_in_a_subshell(kernel: Kernel):
    """Beside a tracked cell of the main shell: two cells, two runs, and neither has the other's."""
    control = kernel.client.session.msg("create_subshell_request", {})
    kernel.client.control_channel.send(control)
    subshell = kernel.client.get_control_msg(timeout=30)["content"]["subshell_id"]
    kernel.run("import threading\ngo, began = threading.Event(), threading.Event()")
    main = kernel.send("%%track main\nbegan.set()\ngo.wait()\nnbtrack.log_metric('main', 1)")
    message = kernel.client.session.msg(
        "execute_request",
        {
            "code": "%%track side\nbegan.wait()\nnbtrack.log_metric('side', 1)\ngo.set()",
            "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
        },
    )  # fmt: skip
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    kernel.finish(main)
    kernel.run("%%track after\npass")
    found = {run.info.run_name: run for run in kernel.runs()[:3]}

    assert {name: run.data.metrics for name, run in found.items()} == {
        "main": {"main": 1.0}, "side": {"side": 1.0}, "after": {},
    }  # fmt: skip
    assert {run.data.tags.get("mlflow.parentRunId") for run in found.values()} == {None}


def test_a_notebook_given_to_ipython(notebook: Path, tmp_path: Path):
    """`ipython other.ipynb`, its text as `.ipy`, and the script that nbconvert makes of it."""
    magics = [
        "get_ipython().run_line_magic('load_ext', 'nbtrack')\nimport nbtrack",
        *(f"get_ipython().run_cell_magic('track', {line!r}, {body!r})" for line, body in [
            each.removeprefix("%%track ").split("\n", 1) for each in (CELLS[1], CELLS[3])
        ]),
        "assert seen == str()",
    ]  # fmt: skip
    (tmp_path / "other.py").write_text("\n".join(magics))
    for name in ("other.ipynb", "other.py"):
        project = tmp_path / f"of {name}"
        kept = {n: v for n, v in os.environ.items() if not n.startswith("NBTRACK_")}
        done = subprocess.run(
            [sys.executable, "-m", "IPython", "--no-banner", str(tmp_path / name)],
            env={**kept, "NBTRACK_DIR": str(project), "IPYTHONDIR": str(tmp_path / "ipython")},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        store = open_store(str(project))
        assert (facts_of(store.search_runs(RunQuery())), done.returncode) == (OTHERS, 0), done
        store.close()
