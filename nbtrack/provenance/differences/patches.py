"""A patch as git writes it, taken apart by file."""

from __future__ import annotations

import re

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_OLD, _NEW = "--- ", "+++ "


def patched_lines(patch: str) -> dict[str, str]:
    """By path: the lines that went and came, with their signs.

    Without their places and what stands around them, which move with any other edit.
    """
    found: dict[str, list[str]] = {}
    path, old, new = "", 0, 0  # and how many lines of the hunk are to come
    for line in patch.splitlines():
        if old > 0 or new > 0:
            old -= line[:1] not in "+\\"
            new -= line[:1] not in "-\\"
            if line[:1] in ("+", "-"):
                found.setdefault(path, []).append(line)
        elif line.startswith((_OLD, _NEW)):
            path = _path(line) or path
        elif begins := _HUNK.match(line):
            old, new = (int(each or 1) for each in begins.groups())
        elif line.startswith("Binary files "):
            found.setdefault(line, []).append(line)
    return {path: "\n".join(lines) for path, lines in found.items()}


def _path(line: str) -> str | None:
    """None for a file that is not there: the other line has its name."""
    name = line[len(_OLD) :].rstrip("\t").strip('"')
    return None if name == "/dev/null" else name.removeprefix("a/").removeprefix("b/")
