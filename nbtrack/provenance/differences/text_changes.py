"""What changed between two texts of code, and whether that can have changed what they do."""

from __future__ import annotations

import ast
from collections import Counter

from nbtrack.capture.cell_text import parse_quietly, split_lines, without_magics
from nbtrack.lookup.line_difference import SignedLine, signed_lines
from nbtrack.provenance.differences.findings import Change

_HARMLESS = "only comments, blanks or the line of %%track"
_TRACK = ("%%track", "%track")  # they name the run


def text_change(key: str, before: str, after: str) -> Change:
    lines = signed_lines(before, after)
    is_harmless = is_same_code(before, after)
    note = line_words(lines) + (f": {_HARMLESS}" if is_harmless else "")
    return Change(sign="~", key=key, lines=lines, note=note, is_harmless=is_harmless)


def line_words(lines: list[SignedLine]) -> str:
    """2 lines changed, 1 added."""
    signs = Counter(line.sign for line in lines)
    named = ((signs["~"], "changed"), (signs["+"], "added"), (signs["-"], "removed"))
    found = [(count, word) for count, word in named if count]
    if not found:
        return "only how its lines end"
    (count, word), *others = found
    first = f"{count:,} line{'' if count == 1 else 's'} {word}"
    return ", ".join([first, *(f"{count:,} {word}" for count, word in others)])


def is_same_code(before: str, after: str) -> bool:
    """Whether both do the same in any case: comments, blanks and the line that names the run
    aside. A text that does not parse is the same as itself only."""
    if before == after:
        return True
    plain = [without_magics(text) for text in (before, after)]
    if _magics(before, plain[0][1]) != _magics(after, plain[1][1]):
        return False
    trees = [parse_quietly(text) for text, _ in plain]
    return all(trees) and _dump(trees[0]) == _dump(trees[1])


def _magics(text: str, places: list[int]) -> list[str]:
    lines = split_lines(text)
    typed = [lines[place].strip() for place in places]
    return [line for line in typed if line.partition(" ")[0] not in _TRACK]


def _dump(tree: ast.Module | None) -> str:
    """Without the `pass` that stand for lines of magics, which were compared by themselves."""
    assert tree is not None
    body = [node for node in tree.body if not isinstance(node, ast.Pass)]
    return ast.dump(ast.Module(body, []))
