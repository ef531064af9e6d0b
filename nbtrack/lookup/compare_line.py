"""What a `%compare` line says."""

from __future__ import annotations

import shlex
from collections import deque
from typing import NamedTuple

from nbtrack.errors import InvalidValue

USAGE = "usage: %compare RUN RUN … [--baseline RUN]   (names of several words in quotes)"
BASELINE = "--baseline"


class CompareLine(NamedTuple):
    runs: list[str]
    baseline: str | None


def parse_compare_line(line: str) -> CompareLine:
    """Raises InvalidValue with the usage."""
    words, runs, baseline = deque(_words(line)), list[str](), None
    while words:
        word = words.popleft()
        flag, is_joined, value = word.partition("=")
        if flag == BASELINE:
            baseline = value if is_joined else _next(words)
        elif word.startswith("--"):
            raise InvalidValue(f"Unknown flag {flag!r}.\n{USAGE}")
        else:
            runs.append(word)
    if not runs:
        raise InvalidValue(f"%compare needs runs: ids, or names.\n{USAGE}")
    return CompareLine(runs, baseline)


def _words(line: str) -> list[str]:
    """As a shell splits them; a backslash is a character like others."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters, reader.escape = True, "", ""
    try:
        return list(reader)
    except ValueError:
        raise InvalidValue(f"A quote in {line.strip()!r} is never closed.\n{USAGE}") from None


def _next(words: deque[str]) -> str:
    if not words:
        raise InvalidValue(f"{BASELINE} needs a run after it.\n{USAGE}")
    return words.popleft()
