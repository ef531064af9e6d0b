"""What a `%runs` line says."""

from __future__ import annotations

import re
from typing import Any

from nbtrack.errors import InvalidValue

USAGE = "usage: %runs [filter] [--sort KEY] [--top N] [-e/--experiment NAME … | --all] [--charts]"
FLAGS = {
    "--sort": "sort",
    "--top": "top",
    "--all": "all",
    "--charts": "charts",
    "-e": "experiment",
    "--experiment": "experiment",
}
# A flag outside of quotes; its value may be quoted. -1 and -inf are numbers.
_PIECE = re.compile(
    r"""(?P<quoted>"[^"]*"|'[^']*'|`[^`]*`)|(?:(?<=\s)|^)(?P<flag>--[\w-]+|-[A-Za-z](?=[\s=]|$))"""
)
_VALUE = re.compile(r"""(?:\s*=\s*|\s+)("[^"]*"|'[^']*'|\S+)""")
_COMPARED = re.compile(r"[<>=]|\b(?:like|ilike|in|null)\b", re.IGNORECASE)
_IN_QUOTES = re.compile(r'"([^"]*)"|\'([^\']*)\'')


def parse_runs_line(line: str) -> dict[str, Any]:
    """Arguments of `runs`. Raises InvalidValue with the usage."""
    found: dict[str, list[str]] = {}
    kept: list[str] = []
    at = 0
    while (piece := _next_flag(line, at)) is not None:
        kept.append(line[at : piece.start()])
        name, value, at = _read_flag(line, piece)
        found.setdefault(name, []).append(value)
    kept.append(line[at:])
    return {**_checked(found), "filter_string": _filter("".join(kept).strip())}


def _next_flag(line: str, at: int) -> re.Match[str] | None:
    for piece in _PIECE.finditer(line, at):
        if piece.group("flag"):
            return piece
    return None


def _read_flag(line: str, piece: re.Match[str]) -> tuple[str, str, int]:
    """Its name, its value, and where the line goes on."""
    flag = piece.group("flag")
    if flag not in FLAGS:
        raise InvalidValue(f"Unknown flag {flag!r}.\n{USAGE}")
    if FLAGS[flag] in ("all", "charts"):
        return FLAGS[flag], "", piece.end()
    value = _VALUE.match(line, piece.end())
    if value is None:
        raise InvalidValue(f"{flag} needs a value after it.\n{USAGE}")
    return FLAGS[flag], value.group(1).strip("\"'"), value.end()


def _checked(found: dict[str, list[str]]) -> dict[str, Any]:
    if "all" in found and "experiment" in found:
        raise InvalidValue(f"--all means every experiment: name none beside it.\n{USAGE}")
    arguments: dict[str, Any] = {}
    if "sort" in found:
        arguments["sort"] = found["sort"][-1]
    if "top" in found:
        arguments["top"] = _number(found["top"][-1])
    if "all" in found:
        arguments["experiment"] = "all"
    if "charts" in found:
        arguments["charts"] = True
    if "experiment" in found:
        arguments["experiment"] = found["experiment"]
    return arguments


def _number(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise InvalidValue(f"--top is {text!r}; give a number from 1.\n{USAGE}")
    return int(text)


def _filter(text: str) -> str | None:
    """As in a shell, the whole of it may stand in quotes; only words in them are one phrase."""
    whole = _IN_QUOTES.fullmatch(text)
    inside = whole and (whole.group(1) or whole.group(2))
    return inside if inside and _COMPARED.search(inside) else text or None
