"""A tracked cell is an ordinary cell to Python and to the notebook, and is recorded."""

from __future__ import annotations

import hashlib
import json
import re
import time

import pytest

from nbtrack.records.origins import Origin, origins_of
from tests.support.kernel import TIMEOUT, Kernel

# --- invisible to Python


def test_the_last_value_is_shown(kernel: Kernel):
    """The value of the last expression is the cell's result, and in `_`."""
    reply = kernel.run("%%track\n6 * 7")

    assert reply.result == "42"
    assert kernel.value("_") == "42"


def test_await_works(kernel: Kernel):
    """A tracked cell may await at its top level."""
    reply = kernel.run("%%track\nimport asyncio\nawait asyncio.sleep(0.01)\n'slept'")

    assert (reply.status, reply.result) == ("ok", "'slept'")
    assert kernel.newest().info.status == "FINISHED"


def test_an_error_stops_run_all(kernel: Kernel):
    """What was queued behind a failing tracked cell does not run."""
    failing = kernel.send("%%track\n1 / 0")
    behind = kernel.send("ran_on = True")

    assert kernel.finish(failing).status == "error"
    assert kernel.client.get_shell_msg(timeout=TIMEOUT)["parent_header"]["msg_id"] == behind
    time.sleep(0.2)
    assert "NameError" in kernel.value("ran_on")


def test_an_error_is_shown_once_with_its_line(kernel: Kernel):
    """One error message; its traceback names the line as typed, the magic's line counted."""
    reply = kernel.run("%%track\nx = 0\n1 / x")
    [shown] = reply.of("error")

    assert reply.content["ename"] == "ZeroDivisionError"
    assert "3" in "".join(shown["traceback"]).partition("1 / x")[0].splitlines()[-1]
    assert "nbtrack" not in "".join(shown["traceback"])


@pytest.mark.parametrize("first", ["%%track fit lr=0.1", "%track fit lr=0.1", "%%track"])
def test_a_traceback_shows_the_line_as_typed(kernel: Kernel, first: str):
    """As a comment, also where it is stored; the lines below keep their numbers and columns."""
    reply = kernel.run(f"{first}\n\n1 / 0")
    [error] = reply.of("error")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))

    assert f"      1 # {first}\n" in shown
    assert "----> 3 1 / 0" in shown
    assert f"# {first}\n" in kernel.cell(kernel.newest())["traceback"]


def test_code_that_reads_its_own_source(kernel: Kernel):
    """Libraries parse the cell to find out how they were called: it is Python still."""
    kernel.run("import ast, inspect, linecache, sys")
    kernel.run(
        "%%track source\ndef twice(x):\n    return 2 * x\n"
        "text = ''.join(linecache.getlines(sys._getframe().f_code.co_filename))\n"
        "found = ast.parse(text).body[0].lineno, inspect.getsource(twice)"
    )

    assert kernel.value("found") == repr((2, "def twice(x):\n    return 2 * x\n"))


def test_an_error_is_recorded(kernel: Kernel):
    """Status, error and traceback are kept, without the colours it was shown in."""
    kernel.run("%%track\ndef train():\n    raise ValueError('bad data')\ntrain()")
    run = kernel.newest()
    cell = kernel.cell(run)

    assert run.info.status == "FAILED"
    assert cell["error"] == "ValueError: bad data"
    assert "train()" in cell["traceback"]
    assert "\x1b" not in cell["traceback"]


def test_time_above_it(kernel: Kernel):
    """Under %%time the value is shown, the time printed, the cell recorded with its params."""
    reply = kernel.run("%%time\n%%track timed\nrate = 0.25\nrate * 2")
    run = kernel.newest()

    assert (reply.result, "Wall time" in reply.stdout) == ("0.5", True)
    assert (run.info.run_name, run.data.params) == ("timed", {"rate": "0.25"})
    assert kernel.cell(run)["source"].startswith("%%time\n%%track timed")


def test_an_error_under_time(kernel: Kernel):
    """An error under %%time fails the run as well as the cell."""
    reply = kernel.run("%%time\n%%track\n1 / 0")

    assert (reply.status, reply.errors) == ("error", ["ZeroDivisionError"])
    assert kernel.newest().info.status == "FAILED"


def test_capture_above_it(kernel: Kernel):
    """Under %%capture the output goes where it says, the run has it too, the card is shown."""
    reply = kernel.run("%%capture caught\n%%track captured\nprint('quiet')")
    run = kernel.newest()

    assert reply.stdout == ""
    assert kernel.value("caught.stdout") == r"'quiet\n'"
    assert kernel.artifacts(run)["output/stdout.txt"] == b"quiet\n"
    assert reply.card.startswith("captured")


def test_an_error_under_capture(kernel: Kernel):
    """IPython swallows an error under %%capture; the run has failed all the same."""
    kernel.run("%%capture\n%%track\n1 / 0")

    assert kernel.newest().info.status == "FAILED"


def test_timeit_makes_one_run(kernel: Kernel):
    """A %track line that runs several times in one cell is one run."""
    before = len(kernel.runs())
    reply = kernel.run("%%timeit -n2 -r2\n%track loop\nsum(range(10))")

    assert reply.status == "ok"
    assert len(kernel.runs()) == before + 1


def test_a_later_track_line_adds_to_the_run(kernel: Kernel):
    """In a loop, each %track line says more about the one run of the cell."""
    before = len(kernel.runs())
    kernel.run("for depth in (1, 2):\n    %track forest depth={depth} -t n={depth}")
    run = kernel.newest()

    assert len(kernel.runs()) == before + 1
    assert (run.info.run_name, run.data.params["depth"]) == ("forest", "2")
    assert run.data.tags["n"] == "2"


def test_history_keeps_what_was_typed(kernel: Kernel):
    """The history holds the %%track line, also of cells that speak of pasting."""
    for cell in ("%%track typed\nx = 1", "%%track\nx = 'paste'"):
        kernel.run(cell)
        assert kernel.value("get_ipython().history_manager.input_hist_raw[-1]") == repr(cell)


def test_a_cell_with_a_syntax_error_makes_no_run(kernel: Kernel):
    """Neither does one that only the compiler refuses, after parsing."""
    before = len(kernel.runs())
    replies = [kernel.run("%%track\nx = = 1"), kernel.run("%%track\nx = 1\nreturn x")]

    assert [reply.errors for reply in replies] == [["SyntaxError"], ["SyntaxError"]]
    assert len(kernel.runs()) == before
    assert not [card for reply in replies for card in reply.cards]


def test_the_line_magic_is_the_same(kernel: Kernel):
    """`%track` as the first line tracks the cell as `%%track` does."""
    reply = kernel.run("%track fit lr=0.1\n'end'")
    run = kernel.newest()

    assert reply.result == "'end'"
    assert (run.info.run_name, run.data.params["lr"]) == ("fit", "0.1")


# --- before anything runs


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{nowhere}", "nowhere is not defined"),
        ("depth={limit}", "this cell assigns limit itself"),
        ("--metrik a", "Did you mean --metrics"),
        ("a$b=1", "'a$b'"),
    ],
)
def test_a_wrong_line_runs_nothing(kernel: Kernel, line: str, told: str):
    """A wrong %%track line is a usage error: no run, and not a line of the cell is run."""
    before = len(kernel.runs())
    reply = kernel.run(f"limit = 1\ntouched = False\n{''}")
    reply = kernel.run(f"%%track {line}\nlimit = 2\ntouched = True")

    assert reply.status == "error"
    assert told in reply.stderr
    assert kernel.value("touched") == "False"
    assert len(kernel.runs()) == before


def test_notebook_variables_on_the_line(kernel: Kernel):
    """`{d}` takes the value of the variable d, from before the cell."""
    kernel.run("d = 7")
    kernel.run("%%track sweep{d} depth={d}\npass")
    run = kernel.newest()

    assert (run.info.run_name, run.data.params["depth"]) == ("sweep7", "7")


# --- what is recorded


def test_the_cell_itself(kernel: Kernel):
    """Source, its hash, number and id of the cell, kernel start, place in the notebook."""
    source = "%%track facts\nfact = 1"
    reply = kernel.run(source, cell_id="cell-a")
    cell = kernel.cell(kernel.newest())

    assert cell["source"] == source
    assert cell["sha256"] == hashlib.sha256(source.encode()).hexdigest()
    assert cell["execution_count"] == reply.content["execution_count"]
    assert (cell["cell_id"], cell["attempt"]) == ("cell-a", 1)
    assert abs(cell["kernel_started"].timestamp() - time.time()) < 300
    assert (cell["cpu_seconds"], cell["cost_ms"]) >= (0, 0)


def test_the_state_of_the_random_generators(kernel: Kernel):
    """Equal seeds give equal digests, from the moment before the cell's first line."""
    for seed in (1, 2, 1):
        kernel.run(f"import random; random.seed({seed})")
        kernel.run("%%track\nrandom.random()")
    digests = [json.loads(kernel.cell(run)["seeds"])["random"] for run in kernel.runs()[:3]]

    assert digests[0] == digests[2] != digests[1]


def test_params_of_a_cell(kernel: Kernel):
    """Declared and plain literals; not what was rebound, is private, empty or long."""
    kernel.run(
        "%%track optimizer=adam\nlr = 0.01\nsizes = [64, 64]\n_hidden = 1\nempty = []\n"
        "text = 'x' * 500\nn = 1\nn = 2\nlong = '" + "y" * 201 + "'"
    )

    assert kernel.newest().data.params == {"optimizer": "adam", "lr": "0.01", "sizes": "[64, 64]"}


def test_a_declared_param_never_assigns(kernel: Kernel):
    """A variable that ends with another value is recorded beside it, and the card says so."""
    kernel.run("momentum = 0.9")
    reply = kernel.run("%%track momentum=0.5\npass")
    params = kernel.newest().data.params

    assert kernel.value("momentum") == "0.9"
    assert params == {"momentum": "0.5", "actual.momentum": "0.9"}
    assert "momentum=0.5 was declared, but the variable momentum ended as 0.9" in reply.card


@pytest.fixture
def accuracy(kernel: Kernel) -> None:
    kernel.run("def accuracy_score(*_): return 0.9\ndef timer(): return 3.0")


def test_metrics_of_a_cell(kernel: Kernel, accuracy: None):
    """Results of metric functions, the last value by its expression; no times, no counts."""
    kernel.run("%%track\nacc = accuracy_score(1)\nelapsed = timer()\nrows = len([1])\nacc + 0")
    run = kernel.newest()

    assert run.data.metrics["acc"] == 0.9
    assert not {"elapsed", "rows"} & set(run.data.metrics)
    assert origins_of(run.data.tags).metrics["acc"] is Origin.ASSIGNED


def test_a_dict_of_numbers_as_last_value(kernel: Kernel):
    """Its keys become metrics."""
    kernel.run("%%track\n{'f1': 0.5, 'loss': 1}")

    assert kernel.newest().data.metrics == {"f1": 0.5, "loss": 1.0}


def test_explicit_metrics_win(kernel: Kernel, accuracy: None):
    """A metric that was logged in the cell is not overwritten by the variable of its name."""
    kernel.run("%%track\nimport nbtrack\nnbtrack.log_metric('acc', 0.7)\nacc = accuracy_score()")
    run = kernel.newest()

    assert run.data.metrics == {"acc": 0.7}
    assert not origins_of(run.data.tags).metrics


def test_metrics_asked_for(kernel: Kernel):
    """--metrics takes variables that inference would not; a missing one is said on the card."""
    reply = kernel.run("%%track --metrics rows,nowhere\nrows = len([1, 2])")
    run = kernel.newest()

    assert run.data.metrics == {"rows": 2.0}
    assert not origins_of(run.data.tags).metrics
    assert "nowhere" in reply.card


def test_a_failed_cell_has_no_metrics_of_an_earlier_one(kernel: Kernel, accuracy: None):
    """The variable still holds the number of the run before."""
    kernel.run("%%track\nacc = accuracy_score()")
    kernel.run("%%track\n1 / 0\nacc = accuracy_score()")

    assert kernel.newest().data.metrics == {}


def test_secrets_are_masked_and_never_inferred(kernel: Kernel):
    """Neither source, nor params, nor traceback hold the literal."""
    kernel.run(
        "%%track token=hunter2\napi_key = 'hunter2hunter2'\npassword = 'hunter2hunter2'\n1 / 0"
    )
    run = kernel.newest()
    cell = kernel.cell(run)

    assert "hunter2" not in json.dumps([cell["source"], cell["traceback"], run.data.params])
    assert "***" in cell["source"]


def test_text_outputs(kernel: Kernel):
    """stdout and stderr are kept as files, progress bars in their last state."""
    reply = kernel.run(
        "%%track\nimport sys\nprint('one')\nprint('10%', end='\\r')\nprint('100%')\n"
        "print('oops', file=sys.stderr)"
    )
    files = kernel.artifacts(kernel.newest())

    assert files["output/stdout.txt"] == b"one\n100%\n"
    assert files["output/stderr.txt"] == b"oops\n"
    assert "one" in reply.stdout


def test_figures_and_tables(kernel: Kernel):
    """What is displayed is kept: figures as images, tables as HTML; the user sees both."""
    kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt, pandas as pd")
    reply = kernel.run("%%track\nplt.plot([1, 2])\nplt.show()\npd.DataFrame({'a': [1]})")
    files = kernel.artifacts(kernel.newest())

    assert files["figures/figure_1.png"].startswith(b"\x89PNG")
    assert b"<table" in files["tables/table_1.html"]
    assert "image/png" in reply.displays[0]


def test_interactive_figures(kernel: Kernel):
    """Charts that a page draws are kept as JSON that their library reads back."""
    kernel.run("import altair as alt\nchart = alt.Chart(alt.Data(values=[{'a': 1}])).mark_bar()")
    kernel.run("%%track\nchart.display()\nchart")
    files = kernel.artifacts(kernel.newest())

    assert set(files) == {"figures/figure_1.vl.json", "figures/figure_2.vl.json"}
    assert json.loads(files["figures/figure_2.vl.json"])["mark"] == {"type": "bar"}


def test_a_figure_left_open_is_shown_before_the_card(kernel: Kernel):
    """The inline backend shows it at the end of the cell; the card comes behind it."""
    reply = kernel.run("%%track\n_ = plt.plot([1, 2])")

    assert ["image/png" in data for data in reply.displays] == [True, False]
    assert "figures/figure_1.png" in kernel.artifacts(kernel.newest())


def test_files_named_on_the_line(kernel: Kernel):
    """--artifacts keeps files with their path below the working folder."""
    reply = kernel.run(
        "%%track --artifacts 'out/**/*.txt' missing*.csv\nimport pathlib\n"
        "pathlib.Path('out/deep').mkdir(parents=True)\npathlib.Path('out/deep/a.txt').write_text('A')"
    )

    assert kernel.artifacts(kernel.newest()) == {"out/deep/a.txt": b"A"}
    assert "missing*.csv matches no file" in reply.card


def test_files_of_the_project_itself_are_not_kept_again(new_kernel):
    """Where the project folder is not hidden, a glob finds what earlier runs have kept."""
    kernel = new_kernel()
    kernel.run("import pathlib\npathlib.Path('plot.png').write_bytes(b'x')")
    for _ in range(3):
        kernel.run("%%track --artifacts '**/*.png'\n1")
    assert len(list(kernel.project.rglob("*.png"))) == 3
    assert kernel.artifacts(kernel.newest()) == {"plot.png": b"x"}


def test_tags_note_and_experiment(kernel: Kernel):
    """-t, -m and -e; the experiment of later cells stays what it was."""
    kernel.run("%%track -e other -t stage=dev -m 'a note'\nimport nbtrack\nnbtrack.start_run()")
    child, run = kernel.runs()[:2]
    kernel.run("%%track\npass")

    assert run.data.tags["stage"] == "dev"
    assert run.data.tags["mlflow.note.content"] == "a note"
    other = kernel.store.find_experiment("other")
    assert other is not None
    assert run.info.experiment_id == child.info.experiment_id == other.experiment_id
    assert kernel.newest().info.experiment_id == "0"


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("%%track sweep one\nx = 1", "sweep one"),
        ("%%track\nclass ForestRegressor:\n    def __init__(self, **_): pass\n"
         "depth = 10\nForestRegressor(max_depth=depth)", "ForestRegressor max_depth=10"),
        ("%%track\ndef tune(): pass\ntune()", "tune"),
    ],
)  # fmt: skip
def test_names_say_what_it_was(kernel: Kernel, cell: str, name: str):
    """The words of the line, else the model and its params, else number and action of the cell."""
    reply = kernel.run(cell)
    count = reply.content["execution_count"]

    expected = f"cell {count}: tune" if name == "tune" else name
    assert kernel.newest().info.run_name == expected


def test_a_name_that_the_cell_gave_stays(kernel: Kernel):
    """Setting mlflow.runName in the cell is not undone at its end."""
    kernel.run("%%track\nimport nbtrack\nlr = 0.5\nnbtrack.set_tag('mlflow.runName', 'mine')")

    assert kernel.newest().info.run_name == "mine"


def test_a_future_import_below_the_line(kernel: Kernel):
    """IPython compiles statement by statement: the cell runs, and is recorded."""
    reply = kernel.run("%%track\nfrom __future__ import annotations\nf1 = 0.5\n{'f1': f1}")

    assert reply.status == "ok"
    assert kernel.newest().data.metrics == {"f1": 0.5}


def test_keys_that_cannot_be_stored_as_they_are(kernel: Kernel):
    """They are made fit, and cost the others nothing."""
    kernel.run("%%track\n{'/val/acc': 0.9, '../loss': 0.2, 'f1': 0.5}")

    assert kernel.newest().data.metrics == {"val/acc": 0.9, "loss": 0.2, "f1": 0.5}


def test_what_is_logged_by_hand_is_not_called_inferred(kernel: Kernel):
    """Also when a variable of that name is."""
    card = kernel.run("%%track\nacc = 5.0\nfor i in range(3): nbtrack.log_metric('acc', i)").card

    assert "acc inferred" not in card


def test_a_deleted_experiment_is_refused_before_the_cell_runs(kernel: Kernel):
    """As start_run refuses it."""
    kernel.run("nbtrack.delete_experiment(nbtrack.set_experiment('gone').experiment_id)")
    reply = kernel.run("%%track\nprint('ran')")

    assert reply.status == "error"
    assert "is deleted" in reply.stderr + str(reply.errors)
    assert "ran" not in reply.stdout
