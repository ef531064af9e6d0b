"""Secrets in the source of a cell: which names hold one, and the source with them masked."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nbtrack.capture.cell_text import parse_quietly, split_lines, without_magics
from nbtrack.capture.secret_literals import MASK, masked_literal, secret_literals, text_literals
from nbtrack.capture.secret_names import is_secret_name
from nbtrack.capture.secret_shapes import mask_assignments, mask_code, mask_magic, mask_shapes

__all__ = ["MASK", "is_secret_name", "mask_secrets"]

# Without one of these in it, a text can only hold secrets that are known by their shape.
_HINT = re.compile(
    r"key|token|secret|pass|pwd|pw\b|cred|auth|private|bearer|:[^@\s]*@|login", re.IGNORECASE
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
    if _HINT.search(source_text):
        source_text = _without_named_secrets(source_text)
    return mask_shapes(source_text)


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
    hidden = [_edit(lines.span(node), text) for node in secret_literals(tree)]
    spans = [lines.span(node) for node in text_literals(tree)]
    magic_spans = [lines.whole(index) for index in magics]
    inside = [
        _Edit(start, end, mask_assignments(text[start:end]))
        for start, end in (*spans, *_comments(text, sorted([*spans, *magic_spans])))
    ]
    typed = [_Edit(start, end, mask_magic(text[start:end])) for start, end in magic_spans]
    return _applied(text, [*hidden, *inside, *typed])


def _edit(span: tuple[int, int], text: str) -> _Edit:
    return _Edit(*span, masked_literal(text[slice(*span)]))


def _masked_as_text(text: str, magics: Iterable[int]) -> str:
    """Code that does not parse; the lines at *magics* may be `NAME=value` without quotes."""
    typed = set(magics)
    lines = enumerate(split_lines(text))
    return mask_code("".join(mask_magic(line) if at in typed else line for at, line in lines))


def _comments(text: str, strings: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of comments: from a `#` outside of *strings* (sorted) to the end of its line."""
    at = text.find("#")
    waiting = iter(strings)
    string = next(waiting, None)
    while at >= 0:
        while string is not None and string[1] <= at:
            string = next(waiting, None)
        if string is not None and string[0] <= at:
            at = text.find("#", string[1])
            continue
        end = re.compile(r"[\r\n]|\Z").search(text, at)
        stop = end.start() if end else len(text)
        yield at, stop
        at = text.find("#", stop)


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
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

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
