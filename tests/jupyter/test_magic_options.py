"""JupyterLab's page colours the options that the magics have."""

from __future__ import annotations

from tests.page.magic_options import FILE, MANY, declaration, options


def test_the_page_has_what_the_parsers_say():
    """After a change there: `python -m tests.page.magic_options`."""
    assert FILE.read_text() == declaration()


def test_a_parser_says_how_many_words_an_option_takes():
    track = options()["%%track"]

    assert [track[flag] for flag in ("--quiet", "--note", "--artifacts")] == [0, 1, MANY]
