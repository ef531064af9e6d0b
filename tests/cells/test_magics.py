"""`%track` commands, `%experiment`, `%runs`, help and completion, in a real kernel."""

from __future__ import annotations

import pytest

from tests.support.kernel import Kernel
from tests.support.markup_check import Page


def test_help(kernel: Kernel):
    """`%track?` and `%%track?` show the usage, and make no run."""
    before = len(kernel.runs())
    for asked in ("%track?", "%%track?", "%runs?", "%experiment?"):
        reply = kernel.run(asked)
        [payload] = [p for p in reply.content["payload"] if p["source"] == "page"]
        assert "%" in payload["data"]["text/plain"]
        if "track" in asked:
            assert "--artifacts GLOB" in payload["data"]["text/plain"]

    assert len(kernel.runs()) == before


def test_completion_of_flags_and_commands(kernel: Kernel):
    """Flags on a %%track line, commands on a %track line."""
    assert kernel.completed("%%track fit --me") == ["--metrics"]
    assert kernel.completed("%track sta") == ["status"]


def test_completion_of_names_of_the_project(kernel: Kernel):
    """Params and metrics that the experiment has are offered on the next cell's line."""
    kernel.run("%%track learning_rate=1\n{'zeta_score': 1}")
    kernel.run("import time; time.sleep(2.5)")  # what is known is looked up again after 2 s
    kernel.run("%%track\npass")
    kernel.run("%%track\ntime.sleep(0.3)")

    assert kernel.completed("%%track --metrics zeta") == ["zeta_score"]


def test_commands_make_no_run(kernel: Kernel):
    """A command alone on a %track line is a command; with more words it is a name."""
    before = len(kernel.runs())
    reply = kernel.run("%track status")
    assert str(kernel.project) in reply.stdout
    assert len(kernel.runs()) == before

    kernel.run("%track status report\npass")
    kernel.run("%%track last\npass")
    assert [run.info.run_name for run in kernel.runs()[:2]] == ["last", "status report"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%track onn", "Did you mean on?"),
        ("%track end", "Did you mean off?"),
        ("%track on now", "Did you mean on?"),
        ("%track drop everything", "Did you mean drop?"),
        ("%track help", "%track?"),
        ("%track --help", "%track?"),
        ("%track -h\npass", "%track?"),
        ("%%track --help\npass", "%track?"),
        ("%track fit lr=0.1", "no code in this cell"),
        ("# a title\n\n%track onn", "Did you mean on?"),
        ("%track", "Commands are on, off"),
        ("%%track on", "A command has one %: %track on"),
    ],
)
def test_a_line_that_would_record_nothing(kernel: Kernel, line: str, told: str):
    """Without code in its cell a %track line that is no command is an error, and makes no run."""
    before = len(kernel.runs())
    reply = kernel.run(line)

    assert (reply.status, reply.errors) == ("error", [])
    assert told in reply.stderr
    assert len(kernel.runs()) == before
    assert "tracking    cells with %%track" in kernel.run("%track status").stdout


def test_track_last(kernel: Kernel):
    """The cell that just ran becomes a run after all: its own times, params and metrics."""
    kernel.run("import time\nforgotten = 0.5\ntime.sleep(0.1)\n{'f1': 0.75}")
    reply = kernel.run("%track last")
    run = kernel.newest()

    assert run.data.params == {"forgotten": "0.5"}
    assert run.data.metrics == {"f1": 0.75}
    assert kernel.cell(run)["source"].startswith("import time\nforgotten")
    assert run.info.end_time - run.info.start_time >= 100
    assert "f1" in reply.card


def test_track_last_of_a_failed_cell(kernel: Kernel):
    """Its error is kept, as if it had been tracked."""
    kernel.run("def fail():\n    raise KeyError('gone')\nfail()")
    kernel.run("%track last")
    run = kernel.newest()

    assert run.info.status == "FAILED"
    assert kernel.cell(run)["error"] == "KeyError: 'gone'"
    assert "fail()" in kernel.cell(run)["traceback"]


def test_track_last_twice(kernel: Kernel):
    """A cell that is recorded is not recorded again, our own cells in between do not count."""
    kernel.run("once = 1")
    kernel.run("%track last")
    before = len(kernel.runs())
    kernel.run("%track status")
    reply = kernel.run("%track last")

    assert "recorded already" in reply.stdout
    assert len(kernel.runs()) == before


def test_track_last_takes_over_the_run_that_logging_opened(kernel: Kernel):
    """Of a cell that logged without a run there is one run, not two."""
    before = len(kernel.runs())
    kernel.run("nbtrack.log_metric('logged', 3)")
    kernel.run("%track last")
    run = kernel.newest()

    assert len(kernel.runs()) == before + 1
    assert (run.info.status, run.data.metrics["logged"]) == ("FINISHED", 3.0)
    assert "log_metric" in kernel.cell(run)["source"]
    assert kernel.value("nbtrack.active_run()") == "None"


def test_track_last_from_history(new_kernel):
    """Also a cell that ran before nbtrack was loaded."""
    kernel = new_kernel(load=False)
    kernel.run("early = 12")
    kernel.run("%load_ext nbtrack")
    kernel.run("%track last")

    assert kernel.newest().data.params == {"early": "12"}
    assert kernel.cell(kernel.newest())["execution_count"] == 1


def test_track_drop(kernel: Kernel):
    """The last run is taken back, with its children and theirs; the message says how to undo it."""
    kernel.run(
        "%%track unwanted\nnbtrack.start_run(run_name='child')\nnbtrack.set_experiment('far')\n"
        "nbtrack.start_run(run_name='grandchild')\nnbtrack.set_experiment('Default')"
    )
    family = kernel.runs()[:3]
    reply = kernel.run("%track drop")
    names = [run.info.run_name for run in kernel.runs()]

    assert "and its 2 children. %track restore brings all of them back" in reply.stdout
    assert not {"unwanted", "child", "grandchild"} & set(names)
    assert "Restored 'unwanted'" in kernel.run("%track restore").stdout
    assert kernel.runs()[:3] == family


def test_track_restore_by_id(kernel: Kernel):
    """Also what another kernel dropped; without an id there must have been a drop here."""
    kernel.run("%%track gone\nnbtrack.start_run(run_name='child')")
    child, gone = kernel.runs()[:2]
    kernel.run("%track drop")
    kernel.run(f"%track restore {gone.info.run_id[:8]}")
    assert [run.info.run_id for run in kernel.runs()[:2]] == [child.info.run_id, gone.info.run_id]
    kernel.run("%track restore")  # the drop above, once more
    reply = kernel.run("%track restore")

    assert (reply.status, "nothing was deleted from" in reply.stderr) == ("error", True)


def test_track_restore_of_what_a_panel_deleted(kernel: Kernel):
    """The last deletion is the one that comes back; of a run that is alive it says so."""
    kernel.run("%%track kept\n1")
    kernel.run("%%track gone\n1")
    gone, kept = kernel.runs()[:2]
    kernel.run(
        "from nbtrack.panels.runs.run_edits import delete\n"
        f"_ = delete(nbtrack.runs(), {{'runs': ['{gone.info.run_id}', '{kept.info.run_id}']}})"
    )

    assert kernel.run("%track restore").stdout == "Restored 2 runs.\n"
    assert "'gone'" in (alive := kernel.run("%track restore gone").stdout)
    assert "is not deleted" in alive


@pytest.mark.parametrize("how", ["id", "beginning", "name", "quoted"])
def test_track_load(kernel: Kernel, how: str):
    """The source of a run comes as a new cell."""
    kernel.run("%%track SVC try\nloaded = True")
    run_id = kernel.newest().info.run_id
    typed = {"id": run_id, "beginning": run_id[:8], "name": "SVC try", "quoted": "'SVC try'"}[how]
    [payload] = kernel.run(f"%track load {typed}").content["payload"]

    assert payload["source"] == "set_next_input"
    assert payload["text"] == "%%track SVC try\nloaded = True"


def test_track_load_of_nothing(kernel: Kernel):
    """An unknown run is an error that says where the known ones are."""
    reply = kernel.run("%track load nowhere")

    assert (reply.status, "No run 'nowhere'" in reply.stderr) == ("error", True)


def test_quiet(kernel: Kernel):
    """--quiet is for one cell, `%track quiet` for all that follow, and the run is kept."""
    before = len(kernel.runs())
    cards = [kernel.run("%%track --quiet\npass").cards]
    kernel.run("%track quiet")
    cards.append(kernel.run("%%track\npass").cards)
    kernel.run("%track quiet")
    cards.append(kernel.run("%%track\npass").cards)

    assert [len(shown) for shown in cards] == [0, 0, 1]
    assert len(kernel.runs()) == before + 3


def test_quiet_by_setting(new_kernel):
    """NBTRACK_QUIET=1 shows no cards."""
    assert new_kernel(NBTRACK_QUIET="1").run("%%track\npass").cards == []


def test_experiment(kernel: Kernel):
    """%experiment sets it for later cells; alone it says which one is set."""
    kernel.run("%experiment my churn")
    kernel.run("%%track\npass")
    told = kernel.run("%experiment").stdout
    run = kernel.newest()
    kernel.run("%experiment Default")

    assert "my churn" in told
    assert kernel.store.get_experiment(run.info.experiment_id).name == "my churn"


def test_runs(kernel: Kernel):
    """A table of the experiment, filtered, sorted by the better end, cut, static."""
    kernel.run("%experiment table")
    for value in (0.5, 0.9, 0.7):
        kernel.run(f"%%track run{value} depth={value}\n{{'f1': {value}, 'loss': {1 - value}}}")
    reply = kernel.run("%runs metrics.f1 > 0.6 --sort f1 --top 5")
    html = reply.displays[0]["text/html"]
    by_loss = kernel.run("%runs --sort loss --top 1").table
    frame = kernel.value("nbtrack.runs('metrics.f1 > 0.6', sort='f1').df['metrics.f1'].tolist()")
    kernel.run("%experiment Default")

    assert html.index("run0.9") < html.index("run0.7")
    assert "run0.5" not in html
    assert "★ best" in html
    Page(html)
    assert "run0.9" in by_loss
    assert "1 of 3 runs" in by_loss
    assert frame == "[0.9, 0.7]"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("metrics.f1 >", "metrics.f1 >"),
        ("--sort nowhere", "cannot be sorted by 'nowhere'"),
        ("--top many", "give a number from 1"),
        ("--tip 3", "Unknown flag '--tip'"),
        ("--sort", "needs a value"),
    ],
)
def test_a_wrong_runs_line(kernel: Kernel, line: str, told: str):
    """The error names the place, without a traceback."""
    reply = kernel.run(f"%runs {line}")

    assert (reply.status, reply.errors) == ("error", [])
    assert told in reply.stderr


def test_a_flag_inside_quotes_is_no_flag(kernel: Kernel):
    """Values of a filter may hold what looks like a flag."""
    assert kernel.run("%runs params.a = '--sort x'").status == "ok"


def test_compare(kernel: Kernel):
    """%compare is nbtrack.compare: the same panel of the same runs; the mistake is one sentence."""
    kernel.run("%%track first pass C=1\n{'f1': 0.25}")
    kernel.run("%%track second C=2\n{'f1': 0.5}")
    called = kernel.run("nbtrack.compare('first pass', 'second', baseline='second')")
    reply = kernel.run('shown = %compare "first pass" second --baseline second\nshown')

    assert kernel.value("type(shown).__name__") == "'ComparePanel'"
    assert _static_twin(reply) == _static_twin(called)
    assert "first pass" in _static_twin(reply)
    assert "Did you mean 'first pass'" in kernel.run('%compare "first pas" second').stderr


def _static_twin(reply) -> str:
    [found] = {d["text/plain"] for d in reply.displays if "f1" in d.get("text/plain", "")}
    return found


def test_completion_of_runs(kernel: Kernel):
    """Names of runs, also of several words, come in quotes."""
    kernel.run("%%track zebra, second C=3\npass")

    assert kernel.completed("%compare sweep ze") == ['"zebra, second"']
