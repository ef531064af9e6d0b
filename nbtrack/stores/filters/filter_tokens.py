"""A filter string cut into tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import lru_cache

from nbtrack.errors import InvalidFilter


class Kind(StrEnum):
    WORD = auto()  # a key or a keyword: metrics.val/loss, and, like
    NUMBER = auto()
    TEXT = auto()  # in single or double quotes: a value, or a name inside a key
    NAME = auto()  # in backticks: a name inside a key
    OPERATOR = auto()
    MARK = auto()  # ( ) ,
    SIGN = auto()  # + - *, in rules only
    END = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    kind: Kind
    raw: str
    position: int

    @property
    def end(self) -> int:
        return self.position + len(self.raw)

    @property
    def keyword(self) -> str:
        return self.raw.lower() if self.kind is Kind.WORD else ""

    @property
    def content(self) -> str:
        """What stands between the quotes: a doubled quote is one, a backslash escapes only it."""
        quote = self.raw[0]
        inside = self.raw[1:-1].replace(quote * 2, quote)
        return inside if quote == "`" else inside.replace("\\" + quote, quote)

    def __str__(self) -> str:
        return "the end" if self.kind is Kind.END else self.raw


# Alternatives are tried in this order. A number is one only if no letter, dot or dash is
# glued to it: 1x and 2026-03-01 are words.
PATTERNS = {
    Kind.TEXT: r""" '(?:''|\\'|[^'])*' | "(?:""|\\"|[^"])*" """,
    Kind.NAME: r"`(?:``|[^`])*`",
    Kind.OPERATOR: r"<=|>=|!=|<>|==|=|<|>",
    Kind.MARK: r"[(),]",
    Kind.NUMBER: r"""[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?|nan)
                     (?![\w.:/-])""",
    Kind.WORD: r"[\w.][\w.:/-]*",
}
RULE_PATTERNS = {**PATTERNS, Kind.SIGN: r"[-+*]"}


def tokenise(text: str, patterns: Mapping[Kind, str] = PATTERNS) -> list[Token]:
    """Every token of *text*, the END token last; raises InvalidFilter."""
    refuse_unstorable(text)
    return list(_tokens(text, _pattern(tuple(patterns.items()))))


@lru_cache
def _pattern(patterns: tuple[tuple[Kind, str], ...]) -> re.Pattern[str]:
    any_of_them = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in patterns)
    return re.compile(rf"\s*(?:{any_of_them})", re.VERBOSE | re.IGNORECASE)


def wrong(text: str, position: int, problem: str) -> InvalidFilter:
    """The error to raise, the filter on one line, so that the caret stands in its place."""
    return InvalidFilter(on_one_line(text), position, problem)


def on_one_line(text: str) -> str:
    return re.sub(r"\s", " ", text)


def refuse_unstorable(text: object) -> None:
    if not isinstance(text, str):
        raise wrong(repr(text), 0, f"A filter is a string, not {type(text).__name__}.")
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        shown = text.encode("utf-8", "backslashreplace").decode()
        problem = "This is half a character (a lone surrogate): no text has one."
        raise wrong(shown, exc.start, problem) from None


def _tokens(text: str, token: re.Pattern[str]) -> Iterator[Token]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = token.match(text, position)
        if match is None:
            raise _odd_character(text, end - len(text[position:end].lstrip()))
        kind = Kind(str(match.lastgroup))
        yield Token(kind=kind, raw=match.group(kind), position=match.start(kind))
        position = match.end()
    yield Token(kind=Kind.END, raw="", position=end)


def _odd_character(text: str, position: int) -> InvalidFilter:
    character = text[position]
    if character in "'\"`":
        problem = f"This {character} is never closed: put another one after the text."
        return wrong(text, position, problem)
    return wrong(
        text,
        position,
        f"Unexpected {character!r}. Text stands in quotes: 'a {character} b'; "
        f"so does a name with such a character: metrics.`a {character} b`.",
    )
