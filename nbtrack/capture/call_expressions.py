"""The source text of the call that a frame is executing, argument by argument.

Python knows which part of the source an instruction comes from (PEP 657), and `linecache` has
the lines of scripts, notebook cells and doctests. Only the text of that one call is parsed, once.
"""

from __future__ import annotations

import ast
import linecache
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from types import CodeType, FrameType

_MOST_CALLS = 4096  # kept in mind
_BEGAN = time.time()

Span = tuple[int, int, int, int]  # first line, its column, last line, its column: in UTF-8 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallText:
    """*function* is the last name of what is called ("" if it has none).

    *arguments* has keywords by name, and by position what stands before the first `*args`; *nodes*
    are the same, parsed, with their places in the file.
    """

    function: str
    arguments: Mapping[int | str, str] = field(default_factory=dict)
    nodes: Mapping[int | str, ast.expr] = field(default_factory=dict)
    span: Span | None = None


UNKNOWN = CallText(function="")
# By id, because hashing a code object takes longer than all the rest; the reference tells
# whether the id still means the same code.
_known: dict[tuple[int, int], tuple[weakref.ref[CodeType], CallText]] = {}


def call_of(frame: FrameType) -> CallText:
    """What *frame* is calling right now; UNKNOWN without source, or if it is no plain call."""
    code = frame.f_code
    key = (id(code), frame.f_lasti)
    known = _known.get(key)
    if known is not None and known[0]() is code:
        return known[1]
    found = _read_call(frame)
    if len(_known) >= _MOST_CALLS:
        _known.clear()
    _known[key] = weakref.ref(code), found
    return found


def is_text_current(frame: FrameType) -> bool:
    """Whether the source cannot have been edited since it was imported.

    Notebook cells never are. Of a file, what was saved after nbtrack began to look is doubted.
    """
    name = frame.f_code.co_filename
    if not linecache.getlines(name, frame.f_globals):
        return False
    entry = linecache.cache.get(name)  # doctest has its lines elsewhere
    saved = entry[1] if entry is not None and len(entry) > 1 else None
    return saved is None or saved < _BEGAN


def span_of(node: ast.expr) -> Span:
    return (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)


def _read_call(frame: FrameType) -> CallText:
    span = _running_span(frame)
    text = "" if span is None else _text_at(span, frame)
    try:
        node = ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return UNKNOWN  # a file that was changed since it was imported, for one
    if span is None or not isinstance(node, ast.Call):
        return UNKNOWN
    lines = f"({text}\n)".encode().splitlines(keepends=True)
    nodes = dict(_arguments(node))
    texts = {key: _text_of(value, lines) for key, value in nodes.items()}
    _move(node, span)
    return CallText(function=_last_name(node.func), arguments=texts, nodes=nodes, span=span)


def _running_span(frame: FrameType) -> Span | None:
    """Where the instruction that *frame* is at stands in the source."""
    positions = islice(frame.f_code.co_positions(), frame.f_lasti // 2, None)
    first, last, start, end = next(positions, (None, None, None, None))
    if first is None or last is None or start is None or end is None:
        return None
    return first, start, last, end


def _text_at(span: Span, frame: FrameType) -> str:
    first, start, last, end = span
    source = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    lines = [line.encode() for line in source[first - 1 : last]]
    return _between(lines, start, end) if len(lines) == last - first + 1 else ""


def _move(call: ast.Call, span: Span) -> None:
    """From where it stands in the text in parentheses to where it stands in the file."""
    for node in ast.walk(call):
        if isinstance(node, ast.expr):
            node.col_offset += span[1] - 1 if node.lineno == 1 else 0
            node.end_col_offset = (node.end_col_offset or 0) + (
                span[1] - 1 if node.end_lineno == 1 else 0
            )
            node.lineno += span[0] - 1
            node.end_lineno = (node.end_lineno or 0) + span[0] - 1


def _arguments(call: ast.Call) -> Iterator[tuple[int | str, ast.expr]]:
    for place, value in enumerate(call.args):
        if isinstance(value, ast.Starred):
            break
        yield place, value
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg, keyword.value


def _text_of(node: ast.expr, lines: list[bytes]) -> str:
    """As typed, on one line."""
    last = node.end_lineno or node.lineno
    text = _between(lines[node.lineno - 1 : last], node.col_offset, node.end_col_offset or 0)
    return text if last == node.lineno else " ".join(line.strip() for line in text.splitlines())


def _between(lines: list[bytes], start: int, end: int) -> str:
    """From byte *start* of the first line to byte *end* of the last one."""
    lines = [*lines[:-1], lines[-1][:end]]
    return b"".join([lines[0][start:], *lines[1:]]).decode("utf-8", "replace")


def _last_name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
