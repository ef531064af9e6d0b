"""Cells as Python that runs without IPython."""

from __future__ import annotations

import pytest

from nbtrack.provenance.exports.plain_python import plain_python


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("%%track a \\\n  b=1\nx = 1", "x = 1"),
        ("# why\n\n%%track\nx", "# why\n\nx"),
        ("%track a\nx = 1\n", "pass\nx = 1\n"),
        ("%matplotlib inline\nx = 1\n", "pass\nx = 1\n"),
        ("%cd sub\n", "__import__(\"os\").chdir('sub')\n"),
        ("%%time\nx = 1\n", "x = 1\n"),
        ("for i in y:\n    %time f(i)\n", "for i in y:\n    f(i)\n"),
        ("!ls -l\n", "__import__(\"subprocess\").run('ls -l', shell=True)\n"),
        ("files = !ls\n", "files = __import__(\"subprocess\").getoutput('ls').splitlines()\n"),
        ("text = '''\n%track it\n!ls\n'''", "text = '''\n%track it\n!ls\n'''"),
        ("x=1 # as it was", "x=1 # as it was"),
    ],
)
def test_magics_become_python(typed, plain):
    """What holds none stays to the letter."""
    found = plain_python(typed)
    assert (found.source, found.needs_ipython) == (plain, False)


@pytest.mark.parametrize("typed", ["%run other.py\n", "!echo {x}\n", "%%capture out\nx = 1\n"])
def test_what_only_ipython_can_is_said(typed):
    assert plain_python(typed).needs_ipython


def test_awaiting_at_the_top_is_told_from_awaiting_in_a_function():
    assert plain_python("x = await f()").awaits
    assert not plain_python("async def f():\n    await g()").awaits
