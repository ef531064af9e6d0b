"""Points that are read without the parser are those that the parser reads."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from nbtrack.journal import lines
from nbtrack.journal.lines import Points
from nbtrack.stores.postgres.plain_points import take_points
from nbtrack.stores.postgres.staging import Rows, Staging

RUNS = [f"{number:032x}" for number in range(5)]
VALUES = [0.1, -0.0, 3.0, 1e-05, 1.5e16, 1e22, -2.5e-09, 123456789.123456789]
STEPS = [0, 1, 2, 3]
NOW = 1_767_225_600_000_000


@pytest.fixture(scope="module")
def staging() -> Iterator[Staging]:
    opened = Staging()
    yield opened
    opened.close()


def points(chance: random.Random, count: int) -> list[str]:
    return [
        lines.metric_line(
            chance.choice(RUNS), chance.choice(["loss", "läge 1", "a b"]), chance.choice(VALUES),
            step=chance.randrange(-3, 9), t=NOW + chance.randrange(5),
        )
        for _ in range(count)
    ]  # fmt: skip


def many_points(chance: random.Random, count: int) -> list[str]:
    """Lines, each of several points."""
    found = list[str]()
    for _ in range(count):
        size = chance.randrange(4, 7)
        columns = lines.Points(
            chance.choices(VALUES, k=size),
            [chance.randrange(-3, 9) for _ in range(size)],
            [NOW + chance.randrange(-5, 5) for _ in range(size)],
        )
        found.append(lines.points_lines(chance.choice(RUNS), chance.choice(["loss", "b"]), columns))
    return found


def told(rows: Rows) -> Any:
    found = rows.points
    assert found is not None
    columns = [found.columns[name].tolist() for name in ("run_key", "key", "step", "t", "value")]
    every = [(rows.run_ids[run - 1], found.keys[key], *rest) for run, key, *rest in zip(*columns)]
    latest = [(rows.run_ids[run - 1], found.keys[key], *rest) for run, key, *rest in found.latest]
    others = {
        table: sorted((rows.run_ids[row[0] - 1], *row[1:]) for row in of_table)
        for table, of_table in rows.of_table.items()
    }
    return sorted(every), sorted(latest), others


@pytest.mark.parametrize("seed", range(8))
def test_it_reads_what_the_parser_reads(staging: Staging, seed: int) -> None:
    chance = random.Random(seed)
    others = [lines.param_line(run, "lr", "0.1", t=NOW) for run in RUNS[seed % 3 :: 2]]
    written = [*points(chance, 60), *many_points(chance, 9), *others]
    chance.shuffle(written)
    text = "".join(written)
    assert take_points(text, [])[0] is not None

    assert told(staging.rows_of(text.encode())) == told(staging._parsed(text.encode()))


@pytest.mark.parametrize(
    "odd",
    [
        lines.metric_line(RUNS[0], "loss", float("nan"), step=0, t=NOW),
        lines.metric_line(RUNS[0], 'a "key"', 1.0, step=0, t=NOW),
        lines.metric_line("another id", "loss", 1.0, step=0, t=NOW),
        lines.metric_line(RUNS[0], "loss", 1.0, step=2**63 - 1, t=NOW),
        lines.metric_line(RUNS[0], "loss", 1.0, step=0, t=-1),
        lines.metric_line(RUNS[0], "loss", 1e300, step=0, t=NOW),
        '{"k":"metric","r":"%s","n":"loss","v":01,"s":0,"t":1}\n' % RUNS[0],  # noqa: UP031 - braces
        '{"k":"metric","r":"%s","n":"lo\tss","v":1,"s":0,"t":1}\n' % RUNS[0],  # noqa: UP031 - braces
        '{"k":"metric","r":"%s","n":"loss","v":1,"s":0,"t":1} \n' % RUNS[0],  # noqa: UP031 - braces
        '{"k":"metric","r":"%s","n":"loss","v":1,"s":٣,"t":1}\n' % RUNS[0],  # noqa: UP031 - braces
        lines.points_lines(
            RUNS[0], "loss", Points([1.0, 2.0, 3.0, float("inf")], STEPS, [NOW] * 4)
        ),
        lines.points_lines(RUNS[0], "loss", Points(VALUES[:4], [0, 1, 2, 2**63 - 1], [NOW] * 4)),
        lines.points_lines(RUNS[0], "loss", Points(VALUES[:4], STEPS, [1, 2, 3, -1])),
        lines.points_lines(RUNS[0], "loss", Points(VALUES[:4], STEPS, [NOW, NOW, NOW, NOW * 99])),
        lines.points_lines(RUNS[0], "loss", Points(VALUES[:4], STEPS, [NOW] * 4)).replace(
            '"s":4', '"s":999'
        ),
        lines.points_lines(RUNS[0], "loss", Points(VALUES[:4], STEPS, [NOW] * 4)).replace(
            "[0,1,2,3]", "[0]"
        ),
    ],
)
def test_what_looks_otherwise_is_left_to_the_parser(odd: str) -> None:
    text = lines.metric_line(RUNS[0], "loss", 1.0, step=0, t=NOW) + odd

    assert take_points(text, []) == (None, text)


def test_the_end_of_a_segment_needs_no_parser() -> None:
    """Each process ends one, and the parser takes as long as 5,000 points."""
    opened = Staging()

    assert opened.rows_of(lines.CLOSE_LINE.encode()) == Rows()
    assert opened._connection is None
