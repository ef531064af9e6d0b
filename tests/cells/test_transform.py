import os
import queue
from types import SimpleNamespace

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell

from nbtrack.cells import transform
from nbtrack.cells.transform import rewrite_track_line, split_form
from tests.support.kernel import start_kernel

SET_UP = """
from IPython.core.magic import no_var_expand
from nbtrack.cells import transform
calls = []
@no_var_expand
def track(line):
    calls.append(transform.split_form(line))
ip = get_ipython()
ip.register_magic_function(track, magic_kind="line")
ip.register_magic_function(lambda line, cell: track(line), magic_kind="cell", magic_name="track")
transform.register(ip)
transform.register(ip)
"""


def rewritten(cell):
    return "".join(rewrite_track_line(cell.splitlines(keepends=True)))


def manager():
    made = TransformerManager()
    transform.register(SimpleNamespace(input_transformers_cleanup=made.cleanup_transforms))
    return made


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("%%track fit lr=0.1\nx\n", "get_ipython().run_line_magic ('track', '%% fit lr=0.1')\nx\n"),
        ("%%track\nx\n", "get_ipython().run_line_magic ('track', '%%')\nx\n"),
        ("%%track\tfit \nx", "get_ipython().run_line_magic ('track', '%% fit')\nx"),
        ("%track better?\nx\n", "get_ipython().run_line_magic ('track', 'better?')\nx\n"),
        ("%track\n", "get_ipython().run_line_magic ('track', '')\n"),
        ("\n# a\n%%track a\n", "\n# a\nget_ipython().run_line_magic ('track', '%% a')\n"),
        ("%%track a \\\n  b\nx\n", "get_ipython().run_line_magic ('track', '%% a b')\n\nx\n"),
        ("%%track ?\n", "%%track?\n"),
    ],
)
def test_the_first_line_becomes_a_call(cell, expected):
    """The call stands on the typed line and no line is added or lost."""
    assert rewritten(cell) == expected
    assert expected.count("\n") == cell.count("\n")


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "\n\n",
        "x = 1\n%%track\n",
        "%%tracker a\n",
        "%%track-it\n",
        "%tracks\n",
        "%track?\n",
        "%%track?\n",
        "%%track??\n",
        "?%track\n",
        "??track\n",
        "s = '''\n%%track\n'''\n",
        "track fit\n",
        "%%time\n%%track fit\n",
    ],
)
def test_other_cells_are_left_alone(cell):
    """Help, other magics and everything that is not the first line are IPython's."""
    assert rewritten(cell) == cell


@pytest.mark.parametrize("cell", ["%%track a\nx\n", "%track a?\nx\n", "%%track\n%%time\nx\n"])
def test_rewriting_twice_is_rewriting_once(cell):
    """IPython may run its transforms again over what they made."""
    assert rewritten(rewritten(cell)) == rewritten(cell)


@pytest.mark.parametrize("typed", ["is it 'so'?", 'a "b" \\n', "{d} $d 50%", "🙂 don't ?"])
def test_the_text_reaches_the_magic_as_typed(typed):
    """Quotes, question marks, braces and backslashes survive every phase of IPython."""
    calls = []
    shell = SimpleNamespace(run_line_magic=lambda *call: calls.append(call))
    for form in ("%", "%%"):
        code = manager().transform_cell(f"{form}track {typed}\nx = 1\n")
        exec(code, {"get_ipython": lambda: shell})

    assert [split_form(line) for _, line in calls] == [(False, typed), (True, typed)]


@pytest.mark.parametrize(
    ("cell", "target"), [("%track?", "%track"), ("?%track", "%track"), ("%%track?", "%%track")]
)
def test_help_is_still_help(cell, target):
    """A question mark right after the magic's name asks IPython for help."""
    call = f"get_ipython().run_line_magic('pinfo', {target!r})\n"
    assert manager().transform_cell(cell) == call


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("%%track fit", "incomplete"),
        ("%%track fit\nfor x in y:\n", "incomplete"),
        ("%%track fit\nx = 1", "incomplete"),
        ("%%track fit\nx = 1\n\n", "complete"),
        ("%track is it better?", "complete"),
        ("%track fit\nfor x in y:", "incomplete"),
        ("%track fit\nx = 1", "complete"),
        ("x = (", "incomplete"),
    ],
)
def test_a_terminal_waits_for_the_rest_of_the_cell(cell, status):
    """`%%track` ends at a blank line, like every cell magic; `%track` is a line of Python."""
    assert manager().check_complete(cell)[0] == status


def test_registering_is_reversible_and_once():
    """Two registrations are one, and unregistering leaves the list as it was."""
    shell = SimpleNamespace(input_transformers_cleanup=[len])
    transform.register(shell)
    transform.register(shell)
    assert len(shell.input_transformers_cleanup) == 2

    transform.unregister(shell)
    assert shell.input_transformers_cleanup == [len]


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A shell of its own, without ipykernel."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    made.run_cell(SET_UP)
    yield made
    InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%track a\n%%time\nx = 1\n", "put %%time above %%track"),
        ("%track a\n\n# why\n%%capture out\nx = 1\n", "put %%capture above %track"),
        ("%%track\n%%bash\nls | wc\n", "%%bash runs no Python here that %%track could record"),
        ("%%track a\n%%track b\nx = 1\n", "%%track stands twice"),
    ],
)
def test_a_second_magic_is_refused(shell, capsys, cell, said):
    """One line of message and no traceback; the cell stops, before the magic and its code."""
    result = shell.run_cell(cell)

    assert said in str(result.error_in_exec)
    shown = capsys.readouterr()
    assert (shown.out + shown.err).strip().splitlines() == [f"UsageError: {result.error_in_exec}"]
    assert shell.user_ns["calls"] == []
    assert "x" not in shell.user_ns


class Kernel:
    """A real kernel; `run` gives the reply, what was shown, and its errors."""

    def __init__(self, client):
        self.client = client

    def run(self, code):
        shown = SimpleNamespace(text="", values=[], errors=[])
        reply = self.client.execute_interactive(
            code, store_history=True, timeout=60, output_hook=lambda each: collect(shown, each)
        )
        shown.status = reply["content"]["status"]
        shown.count = reply["content"]["execution_count"]
        shown.payload = reply["content"].get("payload")
        return shown

    def value(self, expression):
        return eval("".join(self.run(expression).values))


def collect(shown, message):
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        shown.text += content["text"]
    elif kind == "execute_result":
        shown.values.append(content["data"]["text/plain"])
    elif kind == "error":
        shown.errors.append("\n".join(content["traceback"]))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    own = {**os.environ, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))}
    manager, client = start_kernel(env=own)
    made = Kernel(client)
    assert made.run("%colors NoColor\n" + SET_UP).status == "ok"
    yield made
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def fresh(kernel):
    kernel.run("calls.clear()")
    return kernel


@pytest.mark.parametrize("form", ["%%", "%"])
def test_the_last_value_is_shown(fresh, form):
    """The cell is an ordinary one, with a result."""
    shown = fresh.run(f"{form}track fit lr=0.1\n6 * 7")

    assert (shown.status, shown.values) == ("ok", ["42"])
    assert fresh.value("calls") == [(form == "%%", "fit lr=0.1")]


def test_a_line_alone_shows_nothing(fresh):
    """The rewritten call has no value to display, and a lone line is not read as help."""
    shown = fresh.run("%%track is it better?")

    assert (shown.status, shown.values, shown.text, shown.payload) == ("ok", [], "", [])
    assert fresh.value("calls") == [(True, "is it better?")]


def test_await_works(fresh):
    """Top-level await is IPython's own."""
    shown = fresh.run("%%track\nimport asyncio\nawait asyncio.sleep(0, 'awaited')")

    assert shown.values == ["'awaited'"]


@pytest.mark.parametrize("above", ["", "# why\n"])
def test_an_error_is_shown_once_at_its_line(fresh, above):
    """The reply is an error, so Run All stops; the line number is the typed one."""
    shown = fresh.run(f"{above}%%track fit \\\n  lr=1\nx = 1\n1 / 0\ny = 2")

    assert shown.status == "error"
    assert len(shown.errors) == 1
    line = 4 + above.count("\n")
    assert shown.errors[0].count("ZeroDivisionError: division by zero") == 1
    assert f"line {line}\n" in shown.errors[0]
    assert f"----> {line} 1 / 0" in shown.errors[0]


def test_a_refused_magic_stops_run_all(fresh):
    """The refusal is an error reply, shown as one line instead of a traceback."""
    shown = fresh.run("%%track\n%%time\nx = 1")

    assert (shown.status, shown.errors) == ("error", [])
    assert shown.text == (
        "UsageError: put %%time above %%track: a cell magic has to be the first line.\n"
    )


def test_under_time(fresh):
    """`%%time` first: the magic runs once, the value is kept, an error stops."""
    shown = fresh.run("%%time\n%%track fit\nx = 20\nx + 1")
    assert (shown.status, shown.values) == ("ok", ["21"])
    assert "Wall time" in shown.text
    assert fresh.value("calls") == [(True, "fit")]

    assert fresh.run("%%time\n%%track fit\n1 / 0").status == "error"


def test_under_capture(fresh):
    """`%%capture` first: the magic runs once and the output is captured."""
    shown = fresh.run("%%capture out\n\n%%track fit\nprint('kept')")

    assert (shown.status, shown.text) == ("ok", "")
    assert fresh.value("(calls, out.stdout)") == ([(True, "fit")], "kept\n")


def test_under_timeit(fresh):
    """`%%timeit` runs the line as often as the code."""
    assert fresh.run("%%timeit -n2 -r2\n%%track fit\n1").status == "ok"
    assert fresh.value("calls") == [(True, "fit")] * 4


def test_question_dollar_and_brace_arrive_as_typed(fresh):
    """IPython fills in nothing and asks for no help."""
    fresh.run("d = 4")
    shown = fresh.run("%%track is {d} or $d don't know?\n1")

    assert shown.values == ["1"]
    assert fresh.value("calls") == [(True, "is {d} or $d don't know?")]


def test_help_shows_the_docs(fresh):
    """`%track?` still opens the pager and calls nothing."""
    shown = fresh.run("%track?")

    assert "Docstring" in shown.payload[0]["data"]["text/plain"]
    assert fresh.value("calls") == []


def test_history_keeps_what_was_typed(fresh):
    """The rewriting is not seen in `%history`."""
    typed = "%%track fit is it?\n1"
    count = fresh.run(typed).count

    assert fresh.value(f"ip.history_manager.input_hist_raw[{count}]") == typed


@pytest.mark.parametrize("above", ["", "%%time\n", "%%capture\n"])
def test_a_syntax_error_never_calls_the_magic(fresh, above):
    """A cell that cannot run makes no run."""
    fresh.run(f"{above}%%track fit\nx = = 1")

    assert fresh.value("calls") == []


def test_completeness_request(fresh):
    """The kernel answers for a tracked cell as for any cell magic."""

    def status(code):
        fresh.client.is_complete(code)
        return fresh.client.get_shell_msg(timeout=60)["content"]["status"]

    assert status("%%track fit\nfor x in y:") == "incomplete"
    assert status("%%track fit\nx = 1\n\n") == "complete"
    with pytest.raises(queue.Empty):
        fresh.client.get_shell_msg(timeout=0)
