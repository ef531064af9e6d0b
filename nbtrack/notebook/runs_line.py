"""What a `%runs` line says."""

from __future__ import annotations

import re
from typing import Any

from nbtrack.errors import InvalidValue

USAGE = "usage: %runs [filter] [--sort KEY] [--top N]"
# A flag outside of quotes; its value may be quoted.
_PIECE = re.compile(r"""(?P<quoted>"[^"]*"|'[^']*'|`[^`]*`)|(?:(?<=\s)|^)(?P<flag>--[\w-]+)""")
_VALUE = re.compile(r"""(?:\s*=\s*|\s+)("[^"]*"|'[^']*'|\S+)""")


def parse_runs_line(line: str) -> dict[str, Any]:
    """Arguments of `runs`. Raises InvalidValue with the usage."""
    found: dict[str, Any] = {}
    kept: list[str] = []
    at = 0
    while (piece := _next_flag(line, at)) is not None:
        kept.append(line[at : piece.start()])
        flag, at = piece.group("flag"), piece.end()
        value = _VALUE.match(line, at)
        if flag not in ("--sort", "--top") or value is None:
            raise InvalidValue(_problem(flag, has_value=value is not None))
        found[flag[2:]] = value.group(1).strip("\"'")
        at = value.end()
    kept.append(line[at:])
    return {**_checked(found), "filter_string": "".join(kept).strip() or None}


def _next_flag(line: str, at: int) -> re.Match[str] | None:
    for piece in _PIECE.finditer(line, at):
        if piece.group("flag"):
            return piece
    return None


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    if "top" in found:
        if not found["top"].isdigit() or not int(found["top"]):
            raise InvalidValue(f"--top is {found['top']!r}; give a number from 1.\n{USAGE}")
        found["top"] = int(found["top"])
    return found


def _problem(flag: str, *, has_value: bool) -> str:
    if flag in ("--sort", "--top") and not has_value:
        return f"{flag} needs a value after it.\n{USAGE}"
    return f"Unknown flag {flag!r}.\n{USAGE}"
