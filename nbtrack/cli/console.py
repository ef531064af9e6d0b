"""Text for people who read a terminal, a file or a pipe. No colours, so none to switch off."""

from __future__ import annotations

import argparse
import io
import re
import shutil
import sys
from collections.abc import Iterable

from nbtrack.display.markup import visible
from nbtrack.display.text_table import as_ascii

_PIPE_WIDTH = 160  # columns of a table that goes to a file
_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def make_output_safe() -> None:
    """A character that the terminal does not know is written out, and raises nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(*lines: str) -> None:
    """Write *lines* as they are: what comes from a run has been through `harmless` before."""
    text = "\n".join(lines) + "\n"
    sys.stdout.write(as_ascii_lines(text) if is_ascii_only() else text)


def as_ascii_lines(text: str) -> str:
    return "\n".join(as_ascii(line) for line in text.split("\n"))


def is_ascii_only() -> bool:
    return "utf" not in (sys.stdout.encoding or "utf-8").lower()


def width() -> int:
    """Columns to fill: the terminal's, else enough for a file."""
    return shutil.get_terminal_size((_PIPE_WIDTH, 24)).columns


def harmless(text: str) -> str:
    """One line of text from a run, with whatever could steer the terminal made visible."""
    return visible(_ESCAPE.sub("", text))


def harmless_lines(text: str, *, indent: str = "  ") -> list[str]:
    """The same for text with lines of its own, such as source and tracebacks."""
    plain = _ESCAPE.sub("", text).expandtabs(4)
    return [(indent + visible(line)).rstrip() for line in plain.splitlines()]


def count(number: int, thing: str, things: str | None = None) -> str:
    """1 run, 3 runs, 1,204 runs; 2 copies where the plural is not the word and an s."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def listed(lines: Iterable[str], *, most: int = 20) -> list[str]:
    """The first *most* lines, and how many more there are."""
    found = list(lines)
    rest = len(found) - most
    return found if rest <= 0 else [*found[:most], f"  … and {rest:,} more"]


def port_number(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, a number from 0 to 65535")
    return int(text)
