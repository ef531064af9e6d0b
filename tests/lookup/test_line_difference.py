"""Two texts line by line: what is the same, and that long ones take no longer than they must."""

from __future__ import annotations

import random
import time

import pytest

from nbtrack.lookup.line_difference import SignedLine, added_and_removed, signed_lines

LONG = [f"x{n} = {n}" for n in range(10_000)]


def test_lines_stand_beside_their_like() -> None:
    """Changed lines pair up; what one side has more of stands alone."""
    found = signed_lines("a\nb\nc", "a\nB\nc\nd")

    assert found == [("=", "a", "a"), ("~", "b", "B"), ("=", "c", "c"), ("+", None, "d")]
    assert added_and_removed(found) == (2, 1)


def test_a_text_may_be_empty() -> None:
    assert signed_lines("", "") == []
    assert signed_lines("", "a") == [SignedLine("+", None, "a")]
    assert signed_lines("a", "") == [SignedLine("-", "a", None)]


def edited(lines: list[str]) -> list[str]:
    """One in a hundred is another, one in a hundred is gone, one in a hundred is new."""
    chance = random.Random(0)
    kept = [line for line in lines if chance.random() > 0.01]
    changed = [f"{line}!" if chance.random() < 0.01 else line for line in kept]
    return [
        each for line in changed for each in ([line, "#"] if chance.random() < 0.01 else [line])
    ]


def of_two_kinds(seed: int) -> list[str]:
    """Nearly every line is there thousands of times: difflib alone would take minutes."""
    chance = random.Random(seed)
    return [line if n % 500 == 0 else chance.choice("ab") for n, line in enumerate(LONG)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LONG, edited(LONG)),
        (LONG, random.Random(0).sample(LONG, len(LONG))),
        (of_two_kinds(0), of_two_kinds(1)),
        (LONG, [f"y{line}" for line in LONG]),
    ],
    ids=["edited", "shuffled", "of two kinds", "another"],
)
def test_ten_thousand_lines_take_seconds_at_most(old: list[str], new: list[str]) -> None:
    """And each of them is told, on its side and in its order."""
    begun = time.process_time()
    found = signed_lines("\n".join(old), "\n".join(new))

    assert time.process_time() - begun < 10
    assert [line.before for line in found if line.before is not None] == old
    assert [line.after for line in found if line.after is not None] == new


def test_few_edits_of_a_long_text_are_found_as_such() -> None:
    """Though it is too long to be compared in one go."""
    new = edited(LONG)
    same = sum(line.sign == "=" for line in signed_lines("\n".join(LONG), "\n".join(new)))

    assert same == len(set(LONG) & set(new))
