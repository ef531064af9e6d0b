"""Digests of points, and what is missing of them: a rule for any points, tried on many."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np

from nbtrack.transfer.imports.digests import _BLOCK, RunPointsDigest
from nbtrack.transfer.imports.run_text import comparable, missing_points
from nbtrack.transfer.sources.source_records import Points

ODD = (0.0, -0.0, math.nan, -math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 1 / 3)


def some_points(chance: random.Random) -> list[Points]:
    """Few different ones, so that many equal each other."""
    return [
        Points(
            key,
            [chance.choice(ODD) for _ in range(number)],
            [chance.choice((-3, 0, 1, 1 << 40)) for _ in range(number)],
            [chance.choice((0, 7, 1_700_000_000_000)) for _ in range(number)],
        )
        for key, number in zip("aäz", (chance.randrange(1, 9) for _ in range(3)))
    ]


def digest_of(points: list[Points]) -> str:
    digest = RunPointsDigest()
    for each in points:
        digest.add(each.key, each.values, each.steps, each.times)
    return digest.hexdigest()


def shuffled(points: Points, chance: random.Random) -> Points:
    rows = list(zip(points.values, points.steps, points.times))
    chance.shuffle(rows)
    return Points(points.key, *map(list, zip(*rows)))


def parts_of(points: Points, at: int) -> list[Points]:
    columns = points[1:4]
    parts = [Points(points.key, *(c[:at] for c in columns))]
    return [*parts, Points(points.key, *(c[at:] for c in columns))]


def test_the_digest_is_that_of_the_points_in_any_order_and_any_parts():
    """As arrays or lists; another value, step, time or key gives another one."""
    for seed in range(200):
        chance = random.Random(seed)
        points = some_points(chance)
        told = digest_of(points)

        assert digest_of([shuffled(each, chance) for each in points]) == told
        assert digest_of([part for each in points for part in parts_of(each, 1)]) == told
        assert digest_of([Points(p.key, *map(np.array, p[1:4])) for p in points]) == told
        assert digest_of(points[:2]) != told
        other = points[0]._replace(steps=[points[0].steps[0] + 5, *points[0].steps[1:]])
        assert digest_of([other, *points[1:]]) != told
        assert digest_of([points[0]._replace(key="a0"), *points[1:]]) != told


def test_a_digest_of_many_points_does_not_depend_on_their_parts():
    """Blocks end with keys, wherever the parts do."""
    many = Points("a", [1.0] * _BLOCK, list(range(_BLOCK)), [5] * _BLOCK)
    few = Points("b", [2.0], [1], [1])

    assert digest_of([many, few]) == digest_of([*parts_of(many, _BLOCK - 1), few])
    assert digest_of([many, few]) != digest_of([many])
    assert digest_of([]) == ""


def test_what_is_missing_and_what_is_there_are_all():
    """Each point as often as the source has it, however often it is here."""
    for seed in range(200):
        chance = random.Random(seed)
        points = some_points(chance)
        there = {
            p.key: Counter(
                comparable(*row) for row in zip(*p[1:4], strict=True) if chance.random() < 0.5
            )
            for p in points
        }
        added = {p.key: p for p in missing_points(points, there)}

        for each in points:
            wanted = Counter(comparable(*row) for row in zip(*each[1:4], strict=True))
            new = zip(*added[each.key][1:4], strict=True) if each.key in added else ()
            assert there[each.key] + Counter(comparable(*row) for row in new) == wanted
