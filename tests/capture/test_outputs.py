"""What is copied of a cell's outputs, asked of a real kernel."""

import base64
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient

from nbtrack.capture.displays import DisplayCopy
from nbtrack.capture.outputs import OutputCopy
from tests.support.kernel import start_kernel

ROOT = Path(__file__).parents[2]

# Copies every cell but those that begin with a comment, the way the cell events will.
SET_UP = """
import json
from nbtrack.capture.displays import DisplayCopy
from nbtrack.capture.outputs import OutputCopy

_shell, _open, _last = get_ipython(), [], {}

def _start(info):
    if not info.raw_cell.startswith("#"):
        _open[:] = OutputCopy(limit=4000), DisplayCopy(_shell, max_items=3)
        _open[1].start()
        _open[0].start()

def _stop(result):
    if _open:
        text, shown = _open[0].stop(), _open[1].stop()
        items = [[i.kind, i.path, i.content.hex()] for i in shown.items]
        _last.update(stdout=text.stdout, stderr=text.stderr, items=items, left_out=shown.left_out)
        _open.clear()

_shell.events.register("pre_run_cell", _start)
_shell.events.register("post_run_cell", _stop)
"""


class Kernel:
    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, source: str, *, status: str = "ok") -> list[dict[str, Any]]:
        """Run a cell; returns the messages that a front end would show."""
        seen: list[dict[str, Any]] = []
        reply = self._client.execute_interactive(source, output_hook=seen.append, timeout=60)
        assert reply["content"]["status"] == status, reply["content"]
        return [m for m in seen if m["msg_type"] not in ("status", "execute_input")]

    def copied(self) -> dict[str, Any]:
        """What was copied of the last cell."""
        # In one message or in several, as the kernel's stream comes to flush it.
        copied: dict[str, Any] = json.loads(shown_text(self.run("# ask\nprint(json.dumps(_last))")))
        return copied


def shown_text(messages: list[dict[str, Any]]) -> str:
    return "".join(m["content"]["text"] for m in messages if m["msg_type"] == "stream")


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    # ipykernel leaves the file descriptors alone when it believes to run inside of pytest.
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    manager, client = start_kernel(cwd=str(ROOT), env=env)
    kernel = Kernel(client)
    assert kernel.run(f"# set up{SET_UP}") == []
    yield kernel
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_both_streams_are_copied_and_still_shown(kernel: Kernel) -> None:
    """The user sees what was printed, and so does the copy, each stream by itself."""
    shown = kernel.run("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    copied = kernel.copied()

    assert sorted(m["content"]["text"] for m in shown) == ["err\n", "out\n"]
    assert (copied["stdout"], copied["stderr"]) == ("out\n", "err\n")


def test_other_threads_subprocesses_and_descriptors_are_copied(kernel: Kernel) -> None:
    """What reaches the cell's output around sys.stdout is copied too."""
    kernel.run(
        "import os, subprocess, threading\n"
        "t = threading.Thread(target=print, args=('from a thread',)); t.start(); t.join()\n"
        "_ = subprocess.run(['echo', 'from a subprocess'])\n"
        "_ = os.write(1, b'line\\n' * 10_000 + b'from a descriptor\\n')"
    )
    stdout = kernel.copied()["stdout"]

    for who in ("a thread", "a subprocess", "a descriptor"):
        assert f"from {who}\n" in stdout


def test_a_copy_leaves_no_trace_and_hands_on_to_the_echo_before_it(kernel: Kernel) -> None:
    """An echo that was there gets the text as well, and is back in its place afterwards."""
    kernel.run("# before\nimport io, sys\nmine = sys.stdout.echo = io.StringIO()")
    kernel.run("print('hello')")
    shown = kernel.run(
        "# after\nsame = sys.stdout.echo is mine\nsys.stdout.echo = None\n"
        "print(same, repr(mine.getvalue()))"
    )

    assert shown_text(shown) == "True 'hello\\n'\n"
    assert kernel.copied()["stdout"] == "hello\n"


def test_a_progress_bar_is_copied_in_its_last_state(kernel: Kernel) -> None:
    """Carriage returns redraw a line; only what stood there in the end is kept."""
    kernel.run(
        "import sys\n"
        "for i in range(51): sys.stderr.write(f'\\r{i}/50')\n"
        "for i in range(3): print(f'{i} of 2', end='\\r')\n"
        "print('\\ndone')"
    )
    copied = kernel.copied()

    assert copied["stdout"] == "2 of 2\ndone\n"
    assert copied["stderr"] == "50/50"


def test_long_output_keeps_its_ends_in_whole_lines(kernel: Kernel) -> None:
    """Past the limit lines in the middle are left out, and counted."""
    kernel.run("for i in range(100_000): print('line', i)")
    lines = kernel.copied()["stdout"].splitlines()
    (gap,) = [i for i, line in enumerate(lines) if line.startswith("…")]

    assert lines[0] == "line 0"
    assert lines[-1] == "line 99999"
    assert lines[gap] == f"… {100_000 - (len(lines) - 1)} lines left out …"
    assert all(line.startswith("line ") for line in lines[:gap] + lines[gap + 1 :])


def test_text_that_is_no_utf8_is_copied_as_escapes(kernel: Kernel) -> None:
    """A lone surrogate cannot be stored; it becomes an escape, and the rest stays."""
    kernel.run("sys.stdout.echo.write('a\\udcffb\\n')")

    assert kernel.copied()["stdout"] == "a\\udcffb\n"


def test_an_error_in_the_cell_keeps_what_was_printed_before(kernel: Kernel) -> None:
    """A failing cell is copied up to its failure."""
    kernel.run("print('before')\n1 / 0", status="error")

    assert kernel.copied()["stdout"] == "before\n"


def test_figures_shown_at_the_end_of_the_cell_are_copied(kernel: Kernel) -> None:
    """matplotlib's inline figures come after the last line, and the first cell is no exception."""
    shown = kernel.run(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure(); plt.plot([3]);"
    )
    png = next(m["content"]["data"]["image/png"] for m in shown if m["msg_type"] == "display_data")
    items = kernel.copied()["items"]

    assert [(kind, path) for kind, path, _ in items] == [
        ("figure", "figures/figure_1.png"),
        ("figure", "figures/figure_2.png"),
    ]
    assert bytes.fromhex(items[0][2]) == base64.b64decode(png)


def test_a_table_as_last_value_is_copied_as_html(kernel: Kernel) -> None:
    """The last value is displayed by another way than display(); tables are copied from both."""
    shown = kernel.run("import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndisplay(df)\ndf")
    items = kernel.copied()["items"]

    assert [m["msg_type"] for m in shown] == ["display_data", "execute_result"]
    assert [path for _, path, _ in items] == ["tables/table_1.html", "tables/table_2.html"]
    assert b"<table" in bytes.fromhex(items[1][2])


def test_text_html_without_a_table_is_not_copied(kernel: Kernel) -> None:
    """Only figures and tables are results; other HTML is not kept."""
    kernel.run("from IPython.display import HTML\ndisplay(HTML('<b>hi</b>'), 3)")

    assert kernel.copied()["items"] == []


def test_cleared_and_updated_displays_are_copied_in_their_last_state(kernel: Kernel) -> None:
    """A live figure that is redrawn ten times is one figure, as on the screen."""
    kernel.run(
        "from IPython.display import SVG, clear_output\n"
        "for i in range(10):\n"
        "    clear_output(wait=True)\n"
        "    display(SVG(f'<svg><text>{i}</text></svg>'))\n"
        "handle = display(SVG('<svg>old</svg>'), display_id=True)\n"
        "handle.update(SVG('<svg>new</svg>'))"
    )
    contents = [bytes.fromhex(content).decode() for _, _, content in kernel.copied()["items"]]

    assert contents == ["<svg><text>9</text></svg>", "<svg>new</svg>"]


def test_displays_past_the_limit_are_counted(kernel: Kernel) -> None:
    """The first few are kept, the others only counted; the user sees them all."""
    shown = kernel.run("for i in range(5): display(SVG('<svg/>'))")
    copied = kernel.copied()

    assert len(shown) == 5
    assert (len(copied["items"]), copied["left_out"]) == (3, 2)


def test_a_forked_child_prints_without_the_copy(kernel: Kernel) -> None:
    """A child made by fork can print, even when a thread held the copy's lock at that moment."""
    shown = kernel.run(
        "import os, sys, threading\n"
        "lock, held, done = sys.stdout.echo._kept._lock, threading.Event(), threading.Event()\n"
        "def hold():\n"
        "    with lock: held.set(); done.wait()\n"
        "threading.Thread(target=hold).start(); held.wait()\n"
        "if (pid := os.fork()) == 0:\n"
        "    print('from the child', flush=True)\n"
        "    os._exit(0)\n"
        "done.set()\n"
        "_ = os.waitpid(pid, 0)"
    )

    assert "from the child" in shown_text(shown) + shown_text(kernel.run("# later"))


def test_captured_text_is_read_back_and_left_in_place() -> None:
    """A StringIO, as %%capture puts there, is copied from where the cell began."""
    with redirect_stdout(io.StringIO()) as captured:
        sys.stdout.write("earlier\n")
        copy = OutputCopy()
        copy.start()
        sys.stdout.write("now\n")
        text = copy.stop()

    assert text.stdout == "now\n"
    assert captured.getvalue() == "earlier\nnow\n"


def test_a_plain_stream_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal or a script nothing is copied, and nothing is replaced."""
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    copy = OutputCopy()
    copy.start()
    stream.write("hello\n")

    assert copy.stop().stdout == ""
    assert sys.stdout is stream


def test_without_hooks_the_last_value_comes_from_the_history() -> None:
    """A shell whose display hook takes no hooks (a terminal, older kernels) still gives it, also
    where the history has none, as before IPython 9.1."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_cell("import pandas as pd")
    copy = DisplayCopy(shell)
    copy.start()
    with redirect_stdout(io.StringIO()):
        shell.run_cell("pd.DataFrame({'a': [1]})", store_history=True)

    assert [item.path for item in copy.stop().items] == ["tables/table_1.html"]
    older = SimpleNamespace(
        display_pub=shell.display_pub, displayhook=shell.displayhook, history_manager=None
    )
    copies = [DisplayCopy(older), DisplayCopy(older)]
    for copy in copies:
        copy.start()
    with redirect_stdout(io.StringIO()):
        shell.run_cell("pd.DataFrame({'a': [1]})", store_history=True)
    for copy in reversed(copies):
        assert [item.path for item in copy.stop().items] == ["tables/table_1.html"]
    assert "write_format_data" not in vars(shell.displayhook)  # all is as it was


def figures(kernel: Kernel) -> dict[str, Any]:
    """What was kept of the last cell, by path."""
    return {path: bytes.fromhex(content) for _, path, content in kernel.copied()["items"]}


@pytest.mark.parametrize("shown", ["fig", "fig.show()", "display(fig)"])
def test_a_plotly_figure_is_copied_as_its_json(kernel: Kernel, shown: str) -> None:
    """plotly reads it back as the same figure."""
    pytest.importorskip("plotly")
    import plotly.io

    kernel.run("import plotly.graph_objects as go\nfig = go.Figure(go.Bar(x=['a'], y=[2]))")
    kernel.run(shown)
    [(path, content)] = figures(kernel).items()

    assert path == "figures/figure_1.plotly.json"
    assert plotly.io.from_json(content.decode()).data[0].y == (2,)


@pytest.mark.parametrize("renderer", ["default", "mimetype", "html"])
def test_an_altair_chart_is_copied_as_vega_lite(kernel: Kernel, renderer: str) -> None:
    """Also where only a page with scripts is shown; text in the data cannot pass for a chart."""
    kernel.run(
        f"import altair as alt\nalt.renderers.enable({renderer!r})\n"
        'tricks = \'})({"$schema": "/vega-lite/", "mark": "no"}) é </script>\'\n'
        "chart = alt.Chart(alt.Data(values=[{'a': tricks}])).mark_bar().encode(x='a:N')"
    )
    kernel.run("chart")
    [(path, content)] = figures(kernel).items()
    spec = json.loads(content)

    assert path == "figures/figure_1.vl.json"
    assert spec["mark"] == {"type": "bar"}
    assert spec["data"]["values"][0]["a"].endswith("é </script>")


def test_a_chart_that_is_shown_as_an_image_too_is_one_figure(kernel: Kernel) -> None:
    """Both files have its number."""
    kernel.run(
        "display({'application/vnd.vegalite.v5+json': {'mark': 'bar'}, 'image/svg+xml': '<svg/>',"
        " 'text/html': '<table></table>'}, raw=True)\n"
        "display({'application/vnd.vega.v6.json': {'marks': []}}, raw=True)"
    )
    assert figures(kernel) == {
        "figures/figure_1.svg": b"<svg/>",
        "figures/figure_1.vl.json": b'{"mark": "bar"}',
        "figures/figure_2.vg.json": b'{"marks": []}',
    }


def test_a_bokeh_figure_is_copied_as_its_json_item(kernel: Kernel) -> None:
    """As bokeh.embed.json_item makes it; what loads BokehJS is no figure."""
    pytest.importorskip("bokeh")
    kernel.run(
        "from bokeh.plotting import figure, show\nfrom bokeh.io import output_notebook\n"
        "output_notebook()\n"
        "p = figure(title='mine')\np.line([1, 2], [3, 4])\nshow(p)"
    )
    [(path, content)] = figures(kernel).items()
    item = json.loads(content)

    assert path == "figures/figure_1.bokeh.json"
    assert set(item) == {"target_id", "root_id", "doc", "version"}
    assert item["doc"]["roots"][0]["id"] == item["root_id"]
    assert item["doc"]["roots"][0]["attributes"]["title"]["attributes"]["text"] == "mine"


def test_a_figure_that_is_too_large_is_counted(kernel: Kernel) -> None:
    """It is not written to find out, and the next one is kept."""
    kernel.run(
        "large = {'data': [{'y': [0.5] * 2_000_000}]}\n"
        "display({'application/vnd.plotly.v1+json': large, 'image/svg+xml': '<svg/>'}, raw=True)\n"
        "display({'application/vnd.plotly.v1+json': large}, raw=True)\n"
        "display({'application/vnd.plotly.v1+json': {'data': []}}, raw=True)"
    )
    copied = kernel.copied()

    assert copied["left_out"] == 1
    assert [path for _, path, _ in copied["items"]] == [
        "figures/figure_1.svg",
        "figures/figure_2.plotly.json",
    ]


def test_a_live_figure_is_copied_in_its_last_state(kernel: Kernel) -> None:
    """As an image is."""
    kernel.run(
        "for n in range(5):\n"
        "    display({'application/vnd.plotly.v1+json': {'n': n}}, raw=True, display_id='one',"
        " update=n > 0)"
    )
    assert figures(kernel) == {"figures/figure_1.plotly.json": b'{"n": 4}'}
