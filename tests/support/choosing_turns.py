"""Find the tests that may take turns, from a run of all of them.

pytest -n 2 --all --cov --cov-context=test --cov-branch=no --junitxml=all.xml
python -m tests.support.choosing_turns .coverage all.xml > tests/support/by_turns.txt

Each commit keeps: what is not slow; of each file of slow tests the quickest ones, up to SHARE of
its time and at least one; and whatever else reaches lines that these do not, the most lines a
second first, up to NEARLY of all lines that any test reaches. The rest takes turns.
"""

from __future__ import annotations

import sqlite3
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

from coverage.numbits import numbits_to_nums

from tests.support.turns import function_of

SHARE = 0.12
NEARLY = 0.997
QUICK_SECONDS = 0.25  # what takes no longer is not worth a turn

Lines = set[tuple[int, int]]  # file's number, line's number


def main(database: Path, report: Path) -> None:
    seconds, reached = read_seconds(report), read_lines(database)
    kept = _quickest_of_files(seconds)
    kept |= _that_reach_more(kept, seconds, reached)
    _tell(seconds, reached, kept)
    names = sorted(seconds.keys() - kept)
    sys.stdout.write("# Made by choosing_turns.py: slow tests whose lines others reach, too.\n")
    sys.stdout.writelines(f"{name}\n" for name in names)


def read_seconds(report: Path) -> dict[str, float]:
    """Of each test function, with its fixtures."""
    found: defaultdict[str, float] = defaultdict(float)
    for case in ET.parse(report).iter("testcase"):
        module, name = case.get("classname", ""), case.get("name", "")
        found[function_of(f"{module.replace('.', '/')}.py::{name}")] += float(case.get("time", 0))
    return dict(found)


def read_lines(database: Path) -> dict[str, Lines]:
    """What each test function reaches; "": what is run when modules are imported."""
    found: defaultdict[str, Lines] = defaultdict(set)
    query = (
        "select context, file_id, numbits from line_bits join context on context_id = context.id"
    )
    with sqlite3.connect(database) as connection:
        for context, file_id, bits in connection.execute(query):
            lines = found[function_of(context.partition("|")[0])]
            lines.update((file_id, line) for line in numbits_to_nums(bits))
    return dict(found)


def _quickest_of_files(seconds: dict[str, float]) -> set[str]:
    files: defaultdict[str, list[str]] = defaultdict(list)
    for function in sorted(seconds, key=seconds.__getitem__):
        files[function.partition("::")[0]].append(function)
    kept = set[str]()
    for functions in files.values():
        room = SHARE * sum(map(seconds.__getitem__, functions))
        for place, function in enumerate(functions):
            room -= seconds[function]
            if place == 0 or room >= 0 or seconds[function] < QUICK_SECONDS:
                kept.add(function)
    return kept


def _that_reach_more(
    kept: set[str], seconds: dict[str, float], reached: dict[str, Lines]
) -> set[str]:
    """Greedily; a set that was worth little before is worth no more later."""
    every: Lines = set().union(*reached.values())
    seen: Lines = set().union(reached.get("", set()), *(reached.get(each, set()) for each in kept))
    left = {each: lines - seen for each, lines in reached.items() if each in seconds}
    more = set[str]()
    while len(seen) < NEARLY * len(every):
        best = max(left, key=lambda each: len(left[each]) / (seconds[each] + 0.01))
        more.add(best)
        seen |= left[best]
        left = {each: rest for each, lines in left.items() if (rest := lines - seen)}
    return more


def _tell(seconds: dict[str, float], reached: dict[str, Lines], kept: set[str]) -> None:
    every: Lines = set().union(*reached.values())
    seen: Lines = set().union(reached.get("", set()), *(reached.get(each, set()) for each in kept))
    taken, whole = sum(map(seconds.__getitem__, kept)), sum(seconds.values())
    sys.stderr.write(
        f"{len(kept)} of {len(seconds)} functions at each commit, {taken:.0f} of {whole:.0f} s, "
        f"{len(seen) / len(every):.1%} of the lines\n"
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
