"""The text of a cell before Python sees it: parsing without noise, lines that are not Python."""

from __future__ import annotations

import ast
import re
import warnings

# A backslash that may be no escape, a number run into a word: what the parser warns of.
_MAY_WARN = re.compile(r"\\|\d[^\W\d]")
_MAGIC_LINE = re.compile(r"[ \t]*(?:%%?\w|!|\?|[\w.]+\?{1,2}[ \t]*$)")
_MAGIC_VALUE = re.compile(r"([ \t]*[\w., \[\]\"']+?=[ \t]*)[%!](?=[\w!./~$(])")
_INDENT = re.compile(r"[ \t]*")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def parse_quietly(text: str) -> ast.Module | None:
    """The syntax tree, or None; `"\\d"` in the cell must not warn a second time from here."""
    try:
        if not _MAY_WARN.search(text):
            return ast.parse(text)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def split_lines(text: str) -> list[str]:
    """Lines with their ends, cut where the parser cuts: not at form feeds, as `str.splitlines`."""
    return [line for line in _LINE.findall(text) if line]


def without_magics(text: str) -> tuple[str, list[int]]:
    """Python with every magic and shell line made `pass`, and the indexes of those lines.

    Lines and columns of what is left stay where they were.
    """
    plain: list[str] = []
    magics: list[int] = []
    continued = False
    for index, line in enumerate(split_lines(text)):
        replaced = _as_python(line, continued=continued)
        if replaced is None:
            continued = False
            plain.append(line)
            continue
        magics.append(index)
        plain.append(replaced)
        continued = line.rstrip().endswith("\\")
    return "".join(plain), magics


def _as_python(line: str, *, continued: bool) -> str | None:
    """What stands for a magic line, None when the line is Python already."""
    body = line.rstrip("\r\n")
    end = line[len(body) :]
    if continued:
        return end
    if _MAGIC_LINE.match(body):
        indent = _INDENT.match(body)
        return f"{indent.group() if indent else ''}pass{end}"
    value = _MAGIC_VALUE.match(body)
    return f"{value.group(1)}...{end}" if value else None
