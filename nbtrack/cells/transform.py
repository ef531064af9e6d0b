"""`%%track …` becomes a call of the line magic, on its own line, before IPython reads the cell.

So IPython runs an ordinary cell: the last value shows, `await` works, an error stops Run All and
its line numbers are right. A magic that runs the cell itself loses one or another of these.

The transform is the last of `shell.input_transformers_cleanup`: prompts and common indentation
are gone by then, and neither the cell magics nor the help syntax (`is it better?`) have been
looked for. `%%time` and `%%capture` above it send the rest of the cell through it again.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

CELL_FORM = "%% "  # the line magic's argument begins with this if the line was typed with %%
# The space: IPython keeps cells out of the history that hold "get_ipython().run_line_magic(" and,
# anywhere, the word "paste".
CALL_START = "get_ipython().run_line_magic ('track',"

_TRACK = re.compile(r"(%%?)track(?!\S)(.*)", re.DOTALL)
_OTHER_LANGUAGES = re.compile(
    r"!|(?i:html|svg|javascript|js|latex|markdown|bash|sh|cmd|script|perl|ruby)"
    r"|pypy|python[23]?|sx|system|file|writefile"
)


def rewrite_track_line(lines: list[str]) -> list[str]:
    """Rewrite a first line `%%track …` or `%track …`; blank lines and comments may stand above.

    Pure, keeps the number of lines, and gives back what it has once rewritten as it is. Help
    (`%%track?`) is left to IPython.
    """
    first = _first_code_line(lines, 0)
    found = _TRACK.match(lines[first]) if first < len(lines) else None
    if found is None:
        return lines
    line, last = _joined(lines, first, found.group(2))
    below = _magic_on(lines, _first_code_line(lines, last + 1))
    if below:
        call, rest = _refusal(found.group(1), below), ["\n"] * (len(lines) - last - 1)
    elif line in ("?", "??"):
        call, rest = f"{found.group(1)}track{line}", lines[last + 1 :]
    else:
        call, rest = _call(found.group(1), line), lines[last + 1 :]
    return [*lines[:first], f"{call}\n", *["\n"] * (last - first), *rest]


class TrackLineTransform:
    """What is registered with IPython."""

    # Completeness checks skip transforms that say so. They then see a cell magic, so that a
    # terminal waits for a blank line after %%track instead of running its first line alone.
    has_side_effects = True

    def __call__(self, lines: list[str]) -> list[str]:
        return rewrite_track_line(lines)


def register(shell: Any) -> None:
    """Twice is once, also after this module was reloaded."""
    unregister(shell)
    shell.input_transformers_cleanup.append(TrackLineTransform())


def unregister(shell: Any) -> None:
    transforms = shell.input_transformers_cleanup
    transforms[:] = [each for each in transforms if not _is_ours(each)]


def split_form(line: str) -> tuple[bool, str]:
    """Whether the line magic's argument comes from `%%track`, and what was typed after it."""
    if line == CELL_FORM.strip() or line.startswith(CELL_FORM):
        return True, line[len(CELL_FORM) :]
    return False, line


def without_call(transformed: str) -> str:
    """A cell as Python sees it, but for the call that `%%track` became: it is none of its own."""
    lines = transformed.splitlines(keepends=True)
    return "".join("\n" if line.startswith(CALL_START) else line for line in lines)


def refuse_magic_below(track: str, below: str) -> NoReturn:
    """Called by the rewritten cell, as an error that IPython shows without a traceback."""
    from IPython.core.error import UsageError

    name = below.removeprefix("%%")
    if name == "track":
        raise UsageError(f"{below} stands twice in this cell: one line is enough.")
    if _OTHER_LANGUAGES.fullmatch(name):
        raise UsageError(f"{below} runs no Python here that {track} could record: remove {track}.")
    raise UsageError(f"put {below} above {track}: a cell magic has to be the first line.")


def _first_code_line(lines: list[str], start: int) -> int:
    at = start
    while at < len(lines) and (not lines[at].strip() or lines[at].lstrip().startswith("#")):
        at += 1
    return at


def _joined(lines: list[str], first: int, text: str) -> tuple[str, int]:
    """The argument, with backslash-continued lines joined, and the number of its last line."""
    parts, last = [text.strip()], first
    while parts[-1].endswith("\\") and last + 1 < len(lines):
        last += 1
        parts[-1] = parts[-1][:-1].rstrip()
        parts.append(lines[last].strip())
    return " ".join(part for part in parts if part), last


def _magic_on(lines: list[str], at: int) -> str | None:
    if at < len(lines) and lines[at].startswith("%%"):
        return lines[at].split()[0]
    return None


def _call(form: str, line: str) -> str:
    argument = f"{CELL_FORM}{line}".rstrip() if form == "%%" else line
    return f"{CALL_START} {argument!r})"


def _refusal(form: str, below: str) -> str:
    # Not through the magic: the cell has to stop even where there is none.
    module = f"__import__({__name__!r}, fromlist=['refuse_magic_below'])"
    return f"{module}.refuse_magic_below({f'{form}track'!r}, {below!r})"


def _is_ours(transform: object) -> bool:
    kind = type(transform)
    return (kind.__module__, kind.__name__) == (__name__, TrackLineTransform.__name__)
