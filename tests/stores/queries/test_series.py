"""Metrics as a chart draws them: in few points, and with none of their extremes lost."""

from __future__ import annotations

from math import inf, isnan, nan

import pytest

from nbtrack.errors import InvalidValue
from nbtrack.journal import lines
from nbtrack.records.views import MetricSeries
from nbtrack.stores.local.duckdb import DuckDBStore
from tests.support.panel_project import START_US, STATES, Write, points_text, run_text, write_as_two

ODD_KEY = 'it\'s `odd` "$k0" {runs}; --'


def only(found: list[MetricSeries]) -> MetricSeries:
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("state", STATES)
def test_a_short_series_comes_as_it_is(store: DuckDBStore, write: Write, state: str) -> None:
    """Ordered by step and then by time, however the points arrived."""
    texts = [
        run_text("a"),
        lines.metric_line("a", "m", 3.0, step=2, t=START_US),
        lines.metric_line("a", "m", 2.0, step=1, t=START_US + 9),
        lines.metric_line("a", "m", 1.0, step=1, t=START_US + 5),
    ]
    write_as_two(store, write, texts, state)

    found = only(store.read_series(["a"], ["m"], x="step"))
    assert found == MetricSeries(
        run_id="a",
        key="m",
        x=[1, 1, 2],
        low=[1, 2, 3],
        high=[1, 2, 3],
        last=[1, 2, 3],
        count=3,
    )


@pytest.mark.parametrize("state", STATES)
def test_a_long_series_comes_in_equal_parts(store: DuckDBStore, write: Write, state: str) -> None:
    """Of each its lowest, highest and last value, and where the last one stands."""
    values = [0.0, 9.0, 1.0, 5.0, -2.0, 6.0, 7.0, 3.0]
    texts = [run_text("a"), points_text("a", "m", values[:5])]
    texts.append(points_text("a", "m", values[5:], first_step=5))
    write_as_two(store, write, texts, state)

    found = only(store.read_series(["a"], ["m"], x="step", buckets=2))
    assert (found.x, found.last, found.count) == ([3, 7], [5, 3], 8)
    assert (found.low, found.high) == ([0, -2], [9, 7])


def test_an_empty_part_is_left_out(store: DuckDBStore, write: Write) -> None:
    """Nobody logged there."""
    write(run_text("a"), points_text("a", "m", [1, 2]))
    write(points_text("a", "m", [8, 9], first_step=100))

    assert only(store.read_series(["a"], ["m"], x="step", buckets=3)).x == [1, 101]


def test_x_is_a_step_a_time_or_the_time_since_the_start(store: DuckDBStore, write: Write) -> None:
    """Milliseconds since 1970 and seconds; in parts too."""
    write(run_text("a"), points_text("a", "m", [1, 2, 3], first_step=7))

    assert only(store.read_series(["a"], ["m"], x="step")).x == [7, 8, 9]
    assert only(store.read_series(["a"], ["m"], x="relative")).x == [0, 1, 2]
    begin = START_US // 1000
    assert only(store.read_series(["a"], ["m"], x="time")).x == [begin, begin + 1000, begin + 2000]
    assert only(store.read_series(["a"], ["m"], x="relative", buckets=1)).x == [2]


def test_the_last_value_is_the_last_on_the_axis(store: DuckDBStore, write: Write) -> None:
    """A step logged late is last by time and not by step."""
    write(run_text("a"), lines.metric_line("a", "m", 1.0, step=0, t=START_US + 10))
    write(lines.metric_line("a", "m", 2.0, step=5, t=START_US))

    assert only(store.read_series(["a"], ["m"], x="step", buckets=1)).last == [2]
    assert only(store.read_series(["a"], ["m"], x="time", buckets=1)).last == [1]


@pytest.mark.parametrize(
    ("axis", "origin", "one"), [("step", 0, 1), ("relative", 0, 1), ("time", START_US / 1000, 1000)]
)
def test_bounds_zoom_in(
    store: DuckDBStore, write: Write, axis: str, origin: float, one: float
) -> None:
    """Both belong to it; the parts are those of what lies between."""
    write(run_text("a"), points_text("a", "m", range(10)))

    def last(low: float | None, high: float | None, buckets: int = 300) -> list[float]:
        bounds = {
            name: None if bound is None else origin + bound * one
            for name, bound in {"low": low, "high": high}.items()
        }
        return only(store.read_series(["a"], ["m"], x=axis, buckets=buckets, **bounds)).last

    assert last(2, 5) == last(1.5, 5.5) == [2, 3, 4, 5]
    assert last(2, 5, buckets=2) == [3, 5]
    assert last(None, 2) == [0, 1, 2]
    assert last(7.5, None) == [8, 9]
    assert store.read_series(["a"], ["m"], x=axis, low=-50, high=-40) == []


def test_what_was_shown_is_found_again(store: DuckDBStore, write: Write) -> None:
    """A bound that is the x of a point holds that point, at any microsecond."""
    odd = [START_US + n * 1_234_567 for n in range(1, 30)]
    write(run_text("a"), *[lines.metric_line("a", "m", 1.0, step=0, t=t) for t in odd])

    for axis in ("time", "relative"):
        for x in only(store.read_series(["a"], ["m"], x=axis)).x:
            assert only(store.read_series(["a"], ["m"], x=axis, low=x, high=x)).x == [x]


def test_what_is_not_finite_is_shown_and_is_no_extreme(store: DuckDBStore, write: Write) -> None:
    """Also in parts that hold nothing else."""
    write(run_text("a"), points_text("a", "m", [1.0, nan, 2.0, inf, -inf, nan]))

    found = only(store.read_series(["a"], ["m"], x="step", buckets=3))
    assert (found.low, found.high) == ([1, 2, None], [1, 2, None])
    assert isnan(found.last[0])
    assert found.last[1] == inf
    found = only(store.read_series(["a"], ["m"], x="step"))
    assert (found.low[:4], found.last[4]) == ([1, None, 2, None], -inf)


def test_series_come_in_the_order_asked_for(store: DuckDBStore, write: Write) -> None:
    """Run by run; what is not there, or asked for twice, is not repeated."""
    write(run_text("a"), points_text("a", "m", [1]), points_text("a", ODD_KEY, [2]))
    write(run_text("b"), points_text("b", "m", [3]), points_text("b", "other", [4]))

    found = store.read_series(["b", "nobody", "a", "b"], ["m", "gone", ODD_KEY], x="step")
    assert [(each.run_id, each.key, each.last) for each in found] == [
        ("b", "m", [3]),
        ("a", "m", [1]),
        ("a", ODD_KEY, [2]),
    ]
    assert store.read_series([], ["m"], x="step") == store.read_series(["a"], [], x="step") == []


def test_short_and_long_series_are_read_together(store: DuckDBStore, write: Write) -> None:
    """Each in as many parts as it needs."""
    write(run_text("a"), points_text("a", "long", range(100)), points_text("a", "short", [1, 2]))

    found = store.read_series(["a"], ["long", "short"], x="step", buckets=10)
    assert [len(each.x) for each in found] == [10, 2]
    assert found[0].x == [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]


def test_points_may_be_counted_alone(store: DuckDBStore, write: Write) -> None:
    """Between the bounds, too."""
    write(run_text("a"), points_text("a", "long", range(100)), points_text("a", "one", [1]))

    found = store.read_series(["a"], ["long", "one", "none"], x="step", buckets=0)
    assert [(each.key, each.count, each.x, each.last) for each in found] == [
        ("long", 100, [], []),
        ("one", 1, [], []),
    ]
    assert only(store.read_series(["a"], ["long"], x="step", buckets=0, high=9)).count == 10


def test_steps_at_the_ends_of_what_a_number_holds(store: DuckDBStore, write: Write) -> None:
    """They are far apart, and still two parts; so are many points at one step."""
    ends = (-(2**63) + 1, 2**63 - 1)
    write(run_text("a"), *[lines.metric_line("a", "m", 1.0, step=s, t=START_US) for s in ends])
    write(*[lines.metric_line("a", "same", float(i), step=4, t=START_US + i) for i in range(9)])

    assert len(only(store.read_series(["a"], ["m"], x="step", buckets=1)).x) == 1
    far = only(store.read_series(["a"], ["m"], x="step", low=-1e300, high=1e300))
    assert far.x == [float(end) for end in ends]
    same = only(store.read_series(["a"], ["same"], x="step", buckets=3))
    assert (same.x, same.low, same.high, same.last) == ([4], [0], [8], [8])


@pytest.mark.parametrize("wrong", [{"x": "epoch"}, {"buckets": -1}, {"low": nan}])
def test_what_makes_no_sense_is_refused(store: DuckDBStore, wrong: dict[str, object]) -> None:
    """The message names it."""
    with pytest.raises(InvalidValue):
        store.read_series(["a"], ["m"], **({"x": "step"} | wrong))
