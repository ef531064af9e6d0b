"""What JupyterLab's page has to know of the lines of our magics, to colour them: their options, and
how many words each takes, as the parsers themselves have it.

`python -m tests.page.magic_options` writes it again; `test_magic_options.py` says when to.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from nbtrack.cells.arguments import FLAGS, parse_arguments
from nbtrack.cells.completion import COMMANDS
from nbtrack.errors import InvalidValue
from nbtrack.lookup.compare_line import BASELINE, parse_compare_line
from nbtrack.lookup.runs_line import FLAGS as RUNS_FLAGS
from nbtrack.lookup.runs_line import parse_runs_line
from nbtrack.panels.shared.assets import PANELS

FILE = PANELS.parent / "jupyter/data/labextensions/nbtrack/static/magic_options.js"
MANY = 99  # words: all up to the next option, or pair
_VALUES = ("a", "a=b", "leak", "1")  # of each kind that some option takes
_TEXT = """\
// What the parsers of our magics say: by magic its options, and how many words each takes; and what
// may stand alone behind %%track. Written by `python -m tests.page.magic_options`.

/** @type {Record<string, Record<string, number>>} */
export const OPTIONS = {
%s};

export const COMMANDS = %s;
"""
# What is no option's of such a line.
_Rest = Callable[[str], str | None]


def declaration() -> str:
    """The text of the module."""
    lines = [f'  "{magic}": {_written(found)},\n' for magic, found in options().items()]
    return _TEXT % ("".join(lines), json.dumps(COMMANDS))


def options() -> dict[str, dict[str, int]]:
    track = _words_of(FLAGS, lambda line: parse_arguments(line).name)
    return {
        "%%track": track,
        "%track": track,
        "%runs": _words_of(RUNS_FLAGS, lambda line: parse_runs_line(line)["filter_string"]),
        "%compare": _words_of([BASELINE], lambda line: parse_compare_line(f"{line} run").runs[0]),
        "%experiment": {},
        "%registry": {},
    }


def _words_of(flags: Iterable[str], rest: _Rest) -> dict[str, int]:
    return {flag: _words_taken(flag, rest) for flag in flags}


def _words_taken(flag: str, rest: _Rest) -> int:
    if _is_right(flag, rest):
        return 0
    value = next(each for each in _VALUES if _is_right(f"{flag} {each}", rest))
    return 1 if rest(f"{flag} {value} behind") == "behind" else MANY


def _is_right(line: str, rest: _Rest) -> bool:
    try:
        rest(line)
    except InvalidValue:
        return False
    return True


def _written(counts: dict[str, int]) -> str:
    pairs = [f"{json.dumps(flag)}: {count}" for flag, count in counts.items()]
    line = f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if len(line) < 80:
        return line
    return "{\n" + "".join(f"    {pair},\n" for pair in pairs) + "  }"


if __name__ == "__main__":
    FILE.write_text(declaration(), encoding="utf-8")
