"""Secrets in the source of a cell: which names hold one, and the source with them masked."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from nbtrack.capture.cell_text import parse_quietly, split_lines, without_magics
from nbtrack.capture.secret_literals import MASK, masked_literal, secret_literals, text_literals
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.secret_shapes import mask_assignments, mask_code, mask_magic, mask_shapes

__all__ = ["MASK", "is_secret_name", "mask_secrets"]

# A part of every name that holds a secret, and of the shell options for a login. A line without
# one, in a statement without one, can only hold secrets that are known by their shape.
_HINTS = (
    *("key", "token", "secret", "pass", "pwd", "pw", "cred", "auth", "private", "bearer"),
    *("login", "-u", "--user"),
)
# Cells in another language: any line may be `NAME=value`, even where it happens to be Python too.
_FOREIGN = re.compile(
    r"\s*%%(?:bash|sh|script|cmd|system|sx|!|writefile|file|sql|html|javascript|js|markdown|latex"
    r"|perl|ruby|svg|R)\b"
)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int  # characters from the start of the cell
    end: int
    text: str


def mask_secrets(source_text: str) -> str:
    """*source_text* with `***` for each literal that is, or is given to, a secret.

    Everything else stays, and so does the number of lines; Python stays Python. Magic lines,
    shell lines and cells that do not parse are read as plain text.
    """
    if _is_hint(source_text):
        source_text = _without_named_secrets(source_text)
    return mask_shapes(source_text)


def _is_hint(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def _without_named_secrets(text: str) -> str:
    if _FOREIGN.match(text):
        return _masked_as_text(text, range(len(split_lines(text))))
    tree, magics = parse_quietly(text), list[int]()
    if tree is None:
        plain, magics = without_magics(text)
        tree = parse_quietly(plain)
    if tree is None:
        return _masked_as_text(text, magics)
    try:
        return _masked_as_python(text, tree, magics=magics)
    except RecursionError:
        return _masked_as_text(text, magics)


def _masked_as_python(text: str, tree: ast.Module, *, magics: list[int]) -> str:
    lines = _Lines(text)
    statements = [statement for statement in tree.body if lines.hint_in(statement)]
    hidden = [_edit(lines.span(node), text) for node in secret_literals(statements)]
    strings = [lines.span(node) for node in text_literals(statements)]
    typed = [lines.whole(index) for index in magics]
    comments = _comments(text, lines.hinted, known=sorted([*strings, *typed]))
    inside = [
        _Edit(start, end, mask_assignments(text[start:end])) for start, end in (*strings, *comments)
    ]
    lines_typed = [_Edit(start, end, mask_magic(text[start:end])) for start, end in typed]
    return _applied(text, [*hidden, *inside, *lines_typed])


def _edit(span: tuple[int, int], text: str) -> _Edit:
    return _Edit(*span, masked_literal(text[slice(*span)]))


def _masked_as_text(text: str, magics: Iterable[int]) -> str:
    """Code that does not parse; the lines at *magics* may be `NAME=value` without quotes."""
    typed = set(magics)
    lines = enumerate(split_lines(text))
    return mask_code("".join(mask_magic(line) if at in typed else line for at, line in lines))


def _comments(
    text: str, lines: Iterable[tuple[int, int]], *, known: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Spans of the comments in *lines*: from a `#` outside of the *known* strings to the end."""
    waiting = iter(known)
    string = next(waiting, None)
    for start, end in lines:
        at = text.find("#", start, end)
        while at >= 0:
            while string is not None and string[1] <= at:
                string = next(waiting, None)
            if string is None or at < string[0]:
                yield at, at + len(text[at:end].rstrip("\r\n"))
                break
            at = text.find("#", string[1], end)


def _applied(text: str, edits: Iterable[_Edit]) -> str:
    """Edits put into the text; of two that overlap the first and outermost counts."""
    parts: list[str] = []
    done = 0
    # Stable: at the same place a hidden literal comes before its text searched for names.
    for edit in sorted(edits, key=lambda one: (one.start, -one.end)):
        if edit.start >= done:
            parts += [text[done : edit.start], edit.text]
            done = edit.end
    return "".join([*parts, text[done:]])


class _Lines:
    """Where lines begin, to turn the parser's lines and UTF-8 columns into places in the text."""

    def __init__(self, text: str) -> None:
        self._lines = split_lines(text)
        self._starts = [0, *accumulate(map(len, self._lines))]
        self._hinted = [index for index, line in enumerate(self._lines) if _is_hint(line)]

    @property
    def hinted(self) -> list[tuple[int, int]]:
        return [self.whole(index) for index in self._hinted]

    def hint_in(self, statement: ast.stmt) -> bool:
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        first = min((part.lineno for part in decorators), default=statement.lineno) - 1
        at = bisect_left(self._hinted, first)
        return at < len(self._hinted) and self._hinted[at] < (statement.end_lineno or first + 1)

    def span(self, node: ast.expr) -> tuple[int, int]:
        end_line = node.end_lineno or node.lineno
        end_column = node.end_col_offset or node.col_offset
        return self._place(node.lineno, node.col_offset), self._place(end_line, end_column)

    def whole(self, index: int) -> tuple[int, int]:
        return self._starts[index], self._starts[index + 1]

    def _place(self, line_number: int, column: int) -> int:
        line = self._lines[line_number - 1]
        if not line.isascii():
            column = len(line.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
        return self._starts[line_number - 1] + column
