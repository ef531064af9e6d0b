"""A `%%track` line cut into words, key=value pairs and flags.

The line is free text ("is it better?", "don't"), so shell rules do not fit. A quote counts only
where it opens a word or follows `=`; brackets keep a value together (`sizes=[64, 64]`), and
braces do so everywhere (`{cfg['my lr']}`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from nbtrack.errors import InvalidValue

USAGE = (
    "usage: %%track [name words…] [key=value …] [-e/--experiment NAME] [-t/--tag key=value …] "
    "[-m/--note TEXT] [--metrics a,b:min] [--artifacts GLOB …] [--no-warn a,b] [--quiet] [--live]"
)

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "\"'"
_FLAG = re.compile(r"--?[^\W\d][^\s=]*")


class UsageError(InvalidValue):
    """A line that cannot be understood; the message ends with the usage."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}\n{USAGE}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    kind: Literal["text", "pair", "flag", "end of flags"]
    text: str  # what it says, without its quotes; of a pair, its value
    typed: str
    key: str = ""
    is_joined: bool = False  # a flag typed as --flag=value: its value is the next word


def split_words(line: str) -> list[Word]:
    """Raises UsageError for an open quote or bracket and for `key=` without its other half."""
    words: list[Word] = []
    at, flags_end = 0, False
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        word, at = _flag_at(line, at) if not flags_end else (None, at)
        if word is None:
            word, at = _plain_at(line, at)
        flags_end = flags_end or word.kind == "end of flags"
        words.append(word)
    return words


def group_end(text: str, start: int) -> int | None:
    """Where the bracket at *start* closes, seen as Python: brackets nest, strings are opaque."""
    waiting: list[str] = []
    at = start
    while at < len(text):
        char = text[at]
        if char in _CLOSING:
            waiting.append(_CLOSING[char])
        elif waiting and char == waiting[-1]:
            waiting.pop()
            if not waiting:
                return at
        elif char in _QUOTES:
            at = quote_end(text, at) or at
        at += 1
    return None


def quote_end(text: str, start: int) -> int | None:
    """Where the string that opens at *start* closes; `\\"` does not close a `"`."""
    at = start + 1
    while at < len(text) and text[at] != text[start]:
        at += 2 if text[at] == "\\" and text[at + 1 : at + 2] == text[start] else 1
    return at if at < len(text) else None


def _flag_at(line: str, start: int) -> tuple[Word | None, int]:
    if line.startswith("--", start) and _ends_word(line, start + 2):
        return Word(kind="end of flags", text="--", typed="--"), start + 2
    found = _FLAG.match(line, start)
    if found is None:
        return None, start
    flag, end = found.group(), found.end()
    is_joined = line[end : end + 1] == "="
    if is_joined:
        _require_value(line, end + 1, key=flag)
    return Word(kind="flag", text=flag, typed=flag, is_joined=is_joined), end + is_joined


def _plain_at(line: str, start: int) -> tuple[Word, int]:
    if line[start] in _QUOTES:
        end = quote_end(line, start)
        if end is not None and _ends_word(line, end + 1, also="="):
            return _text_or_pair(line, start, end + 1, text=_unquoted(line[start : end + 1]))
        if line[start] == '"':
            raise UsageError(_quote_problem(line, start, end))
    end = _text_end(line, start)
    return _text_or_pair(line, start, end, text=line[start:end])


def _text_end(line: str, start: int) -> int:
    """The end of an unquoted word or key: a space or `=`, but none inside braces."""
    at = start
    while at < len(line) and not _ends_word(line, at, also="="):
        if line[at] == "{":
            at = group_end(line, at) or at
        at += 1
    return at


def _text_or_pair(line: str, start: int, end: int, *, text: str) -> tuple[Word, int]:
    if line[end : end + 1] != "=":
        return Word(kind="text", text=text, typed=line[start:end]), end
    _require_value(line, end + 1, key=text)
    value, value_end = _value_at(line, end + 1)
    return Word(kind="pair", key=text, text=value, typed=line[start:value_end]), value_end


def _require_value(line: str, at: int, *, key: str) -> None:
    if not key:
        raise UsageError(f"No key before {_word_from(line, at - 1)!r}: write key=value, no spaces.")
    if _ends_word(line, at):
        empty = "" if key.startswith("-") else f', or {key}="" for an empty one'
        raise UsageError(f"No value after {key + '='!r}: write {key}=VALUE, no spaces{empty}.")
    if line[at] == "=":
        raise UsageError(
            f"{key + '=='!r} compares; a param is {key}=VALUE. Quote it if it is text."
        )


def _value_at(line: str, start: int) -> tuple[str, int]:
    if line[start] not in _QUOTES:
        value_end = _value_end(line, start)
        return line[start:value_end], value_end
    end = quote_end(line, start)
    if end is None or not _ends_word(line, end + 1):
        raise UsageError(_quote_problem(line, start, end))
    return _unquoted(line[start : end + 1]), end + 1


def _value_end(line: str, start: int) -> int:
    at = start
    while not _ends_word(line, at):
        if line[at] in _CLOSING:
            closing = group_end(line, at)
            if closing is None:
                raise UsageError(f"{line[at]!r} in {line[start:]!r} is never closed.")
            at = closing
        at += 1
    return at


def _unquoted(typed: str) -> str:
    """Only the quote itself can be escaped, so that C:\\new stays a path."""
    quote = typed[0]
    return typed[1:-1].replace(f"\\{quote}", quote)


def _ends_word(line: str, at: int, also: str = "") -> bool:
    return at >= len(line) or line[at].isspace() or line[at] in also


def _quote_problem(line: str, start: int, end: int | None) -> str:
    if end is None:
        return f"The quote that opens {line[start:]!r} is never closed."
    glued = _word_from(line, end + 1)
    return f"{glued!r} is glued to the closing quote of {line[start : end + 1]}: add a space."


def _word_from(line: str, at: int) -> str:
    return (line[at:].split() or [""])[0]
