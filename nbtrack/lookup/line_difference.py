"""What differs between two texts, line by line, in a time that grows with their length.

difflib's time grows with the product of both lengths. So it only sees what fits into
MOST_COMPARED; longer texts are first cut at lines that each has once, and what is still too long
between two such lines counts as removed and added as a whole. Nothing is left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Sign = Literal["=", "~", "-", "+"]  # the same, changed, removed, added

MOST_COMPARED = 250_000  # pairs of lines that difflib may hold against each other: 500 x 500


class SignedLine(NamedTuple):
    """A line of one text beside its like in the other; None where one has no such line."""

    sign: Sign
    before: str | None
    after: str | None


class _Span(NamedTuple):
    """Some lines of one text, and those of the other that they are held against."""

    i: int
    i_end: int
    j: int
    j_end: int


def signed_lines(before: str, after: str) -> list[SignedLine]:
    """Two texts side by side, line by line."""
    left, right = before.splitlines(), after.splitlines()
    lines: list[SignedLine] = []
    i, j = 0, 0
    for same_i, same_j in [*_matches(left, right), (len(left), len(right))]:
        lines += _changed(left[i:same_i], right[j:same_j])
        lines += [SignedLine("=", each, each) for each in left[same_i : same_i + 1]]
        i, j = same_i + 1, same_j + 1
    return lines


def added_and_removed(lines: Iterable[SignedLine]) -> tuple[int, int]:
    """How many lines came, and how many went; one that changed did both."""
    signs = Counter(line.sign for line in lines)
    return signs["~"] + signs["+"], signs["~"] + signs["-"]


def _changed(left: Sequence[str], right: Sequence[str]) -> Iterator[SignedLine]:
    both = min(len(left), len(right))
    yield from (SignedLine("~", old, new) for old, new in zip(left, right))
    yield from (SignedLine("-", old, None) for old in left[both:])
    yield from (SignedLine("+", None, new) for new in right[both:])


# --- which lines are the same


def _matches(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places of equal lines in both, in order."""
    span = _Span(0, len(left), 0, len(right))
    head = _common(left, right)
    tail = _common(left[head:][::-1], right[head:][::-1])
    middle = _Span(head, span.i_end - tail, head, span.j_end - tail)
    yield from ((n, n) for n in range(head))
    for part in _parts(left, right, middle):
        yield from _compared(left, right, part)
    yield from ((span.i_end - n, span.j_end - n) for n in range(tail, 0, -1))


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(left, right))
    return next((n for n, (a, b) in pairs if a != b), min(len(left), len(right)))


def _parts(left: Sequence[str], right: Sequence[str], span: _Span) -> Iterator[_Span]:
    """*span*, cut at lines that each text has once if it is too long to be compared at once."""
    if _is_short(span):
        yield span
        return
    i, j = span.i, span.j
    for same_i, same_j in _in_order(_once_in_both(left, right, span)):
        yield _Span(i, same_i, j, same_j)
        yield _Span(same_i, same_i + 1, same_j, same_j + 1)
        i, j = same_i + 1, same_j + 1
    yield _Span(i, span.i_end, j, span.j_end)


def _is_short(span: _Span) -> bool:
    return (span.i_end - span.i) * (span.j_end - span.j) <= MOST_COMPARED


def _once_in_both(
    left: Sequence[str], right: Sequence[str], span: _Span
) -> Iterator[tuple[int, int]]:
    old, new = Counter(left[span.i : span.i_end]), Counter(right[span.j : span.j_end])
    places = {right[j]: j for j in range(span.j, span.j_end) if new[right[j]] == 1}
    for i in range(span.i, span.i_end):
        if old[left[i]] == 1 and left[i] in places:
            yield i, places[left[i]]


def _in_order(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """As many of *pairs*, which are in the order of one text, as are in that of the other."""
    ends: list[int] = []  # the least place at which a chain of each length ends
    chains: list[_Chain] = []
    for i, j in pairs:
        length = bisect_left(ends, j)
        chain = _Chain(i, j, chains[length - 1] if length else None)
        ends[length : length + 1] = [j]
        chains[length : length + 1] = [chain]
    return list(_unwound(chains[-1]))[::-1] if chains else []


class _Chain(NamedTuple):
    i: int
    j: int
    before: _Chain | None


def _unwound(chain: _Chain | None) -> Iterator[tuple[int, int]]:
    while chain is not None:
        yield chain.i, chain.j
        chain = chain.before


def _compared(left: Sequence[str], right: Sequence[str], span: _Span) -> Iterator[tuple[int, int]]:
    old, new = left[span.i : span.i_end], right[span.j : span.j_end]
    if old == new:
        yield from zip(range(span.i, span.i_end), range(span.j, span.j_end))
    if old == new or not _is_short(span):
        return
    for i, j, size in SequenceMatcher(None, old, new, False).get_matching_blocks():
        yield from ((span.i + i + n, span.j + j + n) for n in range(size))
