"""A batch says what its points say one by one, however they are gathered in lines."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.journal import lines
from nbtrack.recording import given_times
from nbtrack.recording.batched_points import batched_lines
from nbtrack.records.runs import Metric

RUN = "0" * 32
MODEL = "m-" + "1" * 32


def a_point(chance: random.Random, *, steps: Sequence[int], now: int) -> Metric:
    """Often equal to another one in all but its value."""
    return Metric(
        chance.choice(["loss", "acc", "val/loss"]),
        chance.choice([0.5, -1, True, float("nan"), 1e300]),
        chance.choice([0, 1_700_000_000_000, 1_700_000_000_001, now]),
        chance.choice(steps),
        chance.choice([None] * 20 + [MODEL]),
    )


def from_one_state(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any]) -> tuple[Any, ...]:
    """What *make* answers when this was given before, and what is remembered then."""
    monkeypatch.setattr(given_times, "_first", 3)
    state = ("_numbers", "_of_now")
    for name in state:
        monkeypatch.setattr(given_times, name, dict[int, int]())
    for step in (0, 1):
        given_times.later_than_equals(1_700_000_000_000, RUN, "loss", step)
    return (make(), *(getattr(given_times, name) for name in state))


def told(text: str) -> list[tuple[object, ...]]:
    """Each point, and each line that says more of one."""
    found: list[tuple[object, ...]] = []
    for line in map(json.loads, text.splitlines()):
        if line["k"] == "points":
            found += [("metric", line["n"], *map(str, p)) for p in zip(*lines.told_points(line))]
        else:
            point = float(line["v"]), line["s"], line["t"]
            found.append((line["k"], line["n"], *map(str, point), *line.get("x", {}).values()))
    return sorted(found)


@pytest.mark.parametrize("seed", range(40))
def test_a_batch_says_what_its_points_say(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    now = lines.now_us() // 1000
    if chance.random() < 0.5:
        now = 1_700_000_000_002  # not now at all
    steps = chance.choice([(0, 1, 2, -7), (5, 6)])  # only some were given before
    number = chance.choice([1, 2, 5, 200])
    points = [a_point(chance, steps=steps, now=now) for _ in range(number)]
    if chance.random() < 0.5:  # none equals another one
        points = [point._replace(step=number) for number, point in enumerate(points)]
    together = from_one_state(monkeypatch, lambda: told(batched_lines(RUN, points)[0]))
    by_name = sorted(points, key=lambda point: [p.key for p in points].index(point.key))
    alone = from_one_state(
        monkeypatch, lambda: told("".join(batched_lines(RUN, [point])[0] for point in by_name))
    )
    assert together == alone


@pytest.mark.parametrize("most", [3, 50, 10_000])
def test_not_all_is_remembered(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_times, "MOST_REMEMBERED", most)
    points = [Metric("loss", 0.5, 1_700_000_000_000, step) for step in range(60)]
    first, second = (batched_lines(RUN, points)[0] for _ in range(2))
    for step, (before, after) in enumerate(zip(times_of(first), times_of(second), strict=True)):
        assert before < after, f"step {step}"


def times_of(text: str) -> list[int]:
    """By the order of points."""
    return [t for line in map(json.loads, text.splitlines()) for t in lines.told_points(line).times]


def test_threads_that_log_equal_points_share_no_place() -> None:
    """Of one metric and time: each point has a number of its own."""
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    points = [[Metric("a", 1.0, 5_000 + turn, step) for step in range(4)] for turn in range(1000)]

    def all_lines(_: int) -> list[str]:
        return [batched_lines(RUN, each)[0] for each in points]

    try:
        with ThreadPoolExecutor(2) as pool:
            texts = [text for found in pool.map(all_lines, range(2)) for text in found]
    finally:
        sys.setswitchinterval(switch)
    told_lines = [json.loads(line) for text in texts for line in text.splitlines()]
    places = [
        place
        for points in map(lines.told_points, told_lines)
        for place in zip(points.steps, points.times, strict=True)
    ]
    assert len(places) == len(set(places)) == 2 * 1000 * 4


@pytest.mark.parametrize("key", [["a"], 7, None])
def test_a_key_that_is_no_text_is_refused_by_name(key: Any) -> None:
    points = [Metric("a", 1.0, 0, 0), Metric(key, 1.0, 0, 0)]
    with pytest.raises(InvalidValue, match="The key is"):
        batched_lines(RUN, points)
