"""What a notebook shows of our errors, and of the user's, in a real kernel."""

from __future__ import annotations

import re

import pytest

from tests.support.kernel import Kernel, Reply


def shown(reply: Reply) -> str:
    [error] = reply.of("error")
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error["traceback"]))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nbtrack.get_run('0' * 32)", "RunNotFound: No run '000"),
        ("nbtrack.log_param('', 1)", "InvalidValue: "),
        ("nbtrack.search_runs(filter_string='metrics.x >')", "InvalidFilter: "),
        ("nbtrack.pyfunc.load_model('models:/nope/1')", "RegisteredModelNotFound: No registered"),
        ("nbtrack.MlflowClient().get_experiment('77')", "ExperimentNotFound: No experiment '77'"),
        ("nbtrack.log_artifact('nowhere.csv')", "FileMissing: "),
        ("nbtrack.compare('ghost', 'other')", "NotFound: No run 'ghost'"),
        ("nbtrack.sql('select')", "InvalidValue: "),
    ],
)
def test_an_error_of_ours_is_the_users_line_and_our_sentence(kernel: Kernel, line: str, told: str):
    """As IPython shows any error, and nothing of what happened in between."""
    text = shown(kernel.run(f"a = 1\n{line}"))

    assert f"----> 2 {line}" in text
    assert f"\n{told}" in text
    assert "File " not in text.partition(f"\n{told}")[0], text  # only the cell
    assert text.count("Traceback") == 1


def test_functions_of_the_user_stay(kernel: Kernel):
    """Also one that we call, and whatever a library of theirs does on the way to us."""
    kernel.run(
        "import functools, pathlib\n"
        "pathlib.Path('steps.py').write_text("
        "'import nbtrack\\ndef look(n):\\n    return nbtrack.get_run(n)\\n')\n"
        "from steps import look"
    )
    text = shown(kernel.run("functools.reduce(lambda a, b: look(b), ['a', 'b'])"))

    assert "functools.reduce(" in text
    assert "steps.py" in text
    assert "return nbtrack.get_run(n)" in text
    assert "nbtrack/" not in text.partition("RunNotFound: ")[0]


def test_what_the_user_raised_before_is_told(kernel: Kernel):
    """The error that they were handling stays above ours; those we handled do not."""
    text = shown(
        kernel.run("try:\n    {}['mine']\nexcept KeyError:\n    nbtrack.get_run('ab' * 16)")
    )

    assert "KeyError: 'mine'" in text
    assert "During handling of the above exception" in text
    assert text.count("Traceback") == 2
    assert "nbtrack/" not in text.partition("RunNotFound: ")[0]


def test_errors_of_the_user_are_not_touched(new_kernel):
    """The text is the same with and without us, also when an error of ours is its cause."""
    kernel = new_kernel()
    kernel.run("import nbtrack")
    failing = (
        "1 / 0",
        "try:\n    nbtrack.get_run('ab' * 16)\nexcept KeyError as exc:\n"
        "    raise ValueError('mine') from exc",
        "nbtrack.get_run()",
    )
    with_us = [shown(kernel.run(code)) for code in failing]
    kernel.run("%unload_ext nbtrack")
    without = [shown(kernel.run(code)) for code in failing]

    assert [_plain(text) for text in with_us] == [_plain(text) for text in without]


def _plain(text: str) -> str:
    return re.sub(r"In\[\d+\]|0x[0-9a-f]+", "_", text)


def test_verbose_shows_everything(new_kernel):
    """%xmode Verbose is as without us; so is everything after %unload_ext."""
    kernel = new_kernel()
    kernel.run("import nbtrack\n%xmode Verbose")
    line = "nbtrack.get_run('ab' * 16)"
    verbose = _plain(shown(kernel.run(line)))
    kernel.run("%unload_ext nbtrack")
    unloaded = _plain(shown(kernel.run(line)))
    kernel.run("%xmode Context")

    assert verbose == unloaded
    assert "/nbtrack/" in verbose
    assert "/nbtrack/" in shown(kernel.run(line))


def test_the_exception_is_whole(kernel: Kernel):
    """`except`, `sys.last_value` and the debugger see our frames."""
    kernel.run("nbtrack.get_run('ab' * 16)")
    kernel.run(
        "import sys, traceback\n"
        "def files(tb): return [f.filename for f in traceback.extract_tb(tb)]\n"
        "try:\n    nbtrack.get_run('ab' * 16)\nexcept nbtrack.errors.RunNotFound as exc:\n"
        "    caught = files(exc.__traceback__)"
    )
    for known in (
        "caught",
        "files(sys.last_traceback)",
        "files(sys.last_value.__traceback__)",
        "files(get_ipython().InteractiveTB.tb)",
    ):
        assert kernel.value(f"any('/nbtrack/' in each for each in {known})") == "True", known


def test_an_error_while_something_is_drawn(kernel: Kernel):
    """No line of the user's is to blame: the sentence stands alone."""
    kernel.run(
        "class Drawn:\n"
        "    def __repr__(self): return 'drawn'\n"
        "import functools\n"
        "Drawn._repr_html_ = staticmethod(functools.partial(nbtrack.get_run, 'ab' * 16))"
    )
    reply = kernel.run("Drawn()")

    assert reply.result == "drawn"
    assert shown(reply).startswith("RunNotFound: No run")
