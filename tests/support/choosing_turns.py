"""Find the files whose slow tests may take turns, from a run of all tests.

pytest -n 2 --all --cov --cov-config=LINES --cov-context=test --junitxml=all.xml
python -m tests.support.choosing_turns .coverage all.xml > tests/support/by_turns.txt

LINES is a file with "[run]", "source = nbtrack", and no branches, which of so many tests would take
gigabytes. Each commit keeps what is not slow; of each room the files with the shortest slow tests,
up to SHARE of its time and at least one; and those that reach lines which these do not, the most
lines a second first, up to NEARLY of what any test reaches. The rest takes turns.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from coverage.numbits import numbits_to_nums

from tests.support.turns import TURNS, file_of

ALWAYS = ("tests/test_package.py",)  # README's first command: it is what everybody begins with
SHARE = 0.05
NEARLY = 0.98

Lines = set[tuple[int, int]]  # file's number, line's number


def main(database: Path, report: Path) -> None:
    quick = quick_tests()
    seconds, (every, always, reached) = read_seconds(report, quick), read_lines(database, quick)
    kept = _shortest_of_rooms(seconds).union(ALWAYS)
    kept |= _that_reach_more(kept, always, len(every), seconds, reached)
    seen = always.union(*(reached.get(file, set()) for file in kept))
    taken = sum(map(seconds.__getitem__, kept))
    sys.stderr.write(
        f"slow tests of {len(kept)} of {len(seconds)} files at each commit, {taken:.0f} of "
        f"{sum(seconds.values()):.0f} s, {len(seen) / len(every):.1%} of the lines\n"
    )
    sys.stdout.write("# Made by choosing_turns.py: files whose slow tests reach what others do;\n")
    sys.stdout.write("# a paragraph for each turn, and all take about as long.\n")
    turns = dealt({file: seconds[file] for file in seconds.keys() - kept})
    sys.stdout.write("\n".join("".join(f"{file}\n" for file in sorted(turn)) for turn in turns))


def dealt(seconds: dict[str, float]) -> list[list[str]]:
    """The files of each turn: the longest first, to whoever has least until then."""
    turns: list[list[str]] = [[] for _ in range(TURNS)]
    for file in sorted(seconds, key=lambda file: (-seconds[file], file)):
        min(turns, key=lambda turn: sum(map(seconds.__getitem__, turn))).append(file)
    return turns


def quick_tests() -> set[str]:
    """Their ids."""
    words = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "not slow")
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return {line for line in found.splitlines() if "::" in line}


def read_seconds(report: Path, quick: set[str]) -> dict[str, float]:
    """Of the slow tests of each file, with their fixtures."""
    found: defaultdict[str, float] = defaultdict(float)
    for case in ET.parse(report).iter("testcase"):
        file = f"{case.get('classname', '').replace('.', '/')}.py"
        if f"{file}::{case.get('name')}" not in quick and Path(file).exists():
            found[file] += float(case.get("time", 0))
    return dict(found)


def read_lines(database: Path, quick: set[str]) -> tuple[Lines, Lines, dict[str, Lines]]:
    """What any test reaches; what is reached by quick ones, or by an import; and what by the slow
    ones of each file."""
    every, always = set[tuple[int, int]](), set[tuple[int, int]]()
    found: defaultdict[str, Lines] = defaultdict(set)
    query = (
        "select context, file_id, numbits from line_bits join context on context_id = context.id"
    )
    with sqlite3.connect(database) as connection:
        for context, file_id, bits in connection.execute(query):
            test = context.partition("|")[0]
            lines = {(file_id, line) for line in numbits_to_nums(bits)}
            every |= lines
            if not test or test in quick:
                always |= lines
            else:
                found[file_of(test)] |= lines
    return every, always, dict(found)


def _shortest_of_rooms(seconds: dict[str, float]) -> set[str]:
    rooms: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted(seconds, key=seconds.__getitem__):
        rooms["/".join(file.split("/")[:-1][:2])].append(file)
    return {file for files in rooms.values() for file in _first_of(files, seconds)}


def _first_of(files: Iterable[str], seconds: dict[str, float]) -> list[str]:
    kept, room = list[str](), SHARE * sum(map(seconds.__getitem__, files))
    for file in files:
        room -= seconds[file]
        if kept and room < 0:
            break
        kept.append(file)
    return kept


def _that_reach_more(
    kept: set[str], always: Lines, every: int, seconds: dict[str, float], reached: dict[str, Lines]
) -> set[str]:
    """Greedily."""
    seen: Lines = always.union(*(reached.get(file, set()) for file in kept))
    left = {file: lines - seen for file, lines in reached.items() if file in seconds}
    more = set[str]()
    while left and len(seen) < NEARLY * every:
        best = max(left, key=lambda file: len(left[file]) / (seconds[file] + 0.01))
        more.add(best)
        seen |= left[best]
        left = {file: rest for file, lines in left.items() if (rest := lines - seen)}
    return more


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
