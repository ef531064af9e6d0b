"""What a live chart keeps, how it finds new points, and what its progress line says."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from nbtrack.journal import lines
from nbtrack.panels.live.progress import Bar, Pace, progress_line, tqdm_bar
from nbtrack.panels.live.series import MOST_NEW, MOST_PLACES, LiveSeries, Place, charts_of
from nbtrack.remote.mlflow_server.batches import sort_lines
from nbtrack.stores.local.journal_tail import MOST_BYTES, JournalTail
from nbtrack.stores.local.trace import trace_of_lines

RUN = "a" * 32


def place(step: int, value: float, t: float = 0.0) -> Place:
    return Place(step, t, value, value, value)


def test_a_series_never_outgrows_its_chart():
    """Neighbours become one, which keeps the lowest, the highest and the last of them."""
    series = LiveSeries(RUN, "loss")
    for start in range(0, 5000, 10):
        series.add([place(step, step % 1000) for step in range(start, start + 10)])

    assert len(series.places) <= MOST_PLACES
    assert min(each.low for each in series.places) == 0
    assert max(each.high for each in series.places) == 999
    assert series.places[-1].step == 4999


def test_a_burst_is_thinned_before_it_is_sent():
    """Ten thousand points of one look become forty places."""
    new = LiveSeries(RUN, "loss").add([place(step, -step) for step in range(10_000)])

    assert len(new) == MOST_NEW
    assert (new[0].high, new[-1].low, new[-1].step) == (0, -9999, 9999)


def test_nan_is_no_extreme():
    """A diverged loss is shown as it is, and the band is of the finite values."""
    series = LiveSeries(RUN, "loss")
    series.add([place(step, math.nan if step % 2 else step) for step in range(MOST_NEW * 2)])
    record = series.record(series.places)

    assert math.isnan(record.last[0])
    assert (record.low[0], record.high[0]) == (0, 0)


def test_time_is_the_axis_where_there_are_no_steps():
    """MLflow's default step is 0 for each point: then the clock goes on instead."""
    series = LiveSeries(RUN, "loss")
    series.add([place(0, 1.0, t=0.5), place(0, 2.0, t=1.5)])
    assert (series.axis, series.record(series.places).x) == ("relative", [0.5, 1.5])

    series.add([place(1, 3.0, t=2.5)])
    assert (series.axis, series.record(series.places).x) == ("step", [0, 0, 1])


@pytest.mark.parametrize(
    ("axes", "curves", "charts"),
    [
        ("loss acc val_loss", "loss acc val_loss", [["loss", "val_loss"], ["acc"]]),
        ("train-loss eval-loss", "train-loss", [["train-loss"], ["eval-loss"]]),
        ("loss val_loss:time acc", "loss val_loss acc", [["loss"], ["val_loss"], ["acc"]]),
    ],
)
def test_curves_of_training_and_validation_share_a_chart(axes, curves, charts):
    """In their order; but not what has one point yet, nor what goes by the clock."""
    named = [name.partition(":") for name in axes.split()]
    by_name = {key: "relative" if axis else "step" for key, _, axis in named}

    assert charts_of(by_name, curves.split()) == charts


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    (tmp_path / "journal").mkdir()
    return tmp_path / "journal" / "writer-1.jsonl"


def point(step: int, value: float = 1.0, key: str = "loss") -> str:
    return lines.metric_line(RUN, key, value, step=step, t=1_000_000 + step)


def test_the_tail_reads_what_is_folded_alone(journal: Path):
    """A line that does not begin as ours do is none to whoever folds it, or says whose it is."""
    tail = JournalTail(journal.parent.parent)
    name = lines.tag_line(RUN, "mlflow.runName", "false", t=0)
    journal.write_text(f" {point(0)} {name}{point(1)}")

    assert [each.step for each in tail.read()] == [1]
    assert tail.names == {}


def test_the_tail_gives_each_point_once(journal: Path):
    """A torn line waits for its end; other lines, and points of other kinds, are passed over."""
    tail = JournalTail(journal.parent.parent)
    other = lines.param_line(RUN, "note", point(9), t=1)
    journal.write_text(point(0, 0.5) + other + point(1, math.nan, 'a"b') + point(2)[:20])
    first = tail.read()
    with journal.open("a") as file:
        file.write(point(2)[20:] + point(3, -math.inf))
    second = tail.read()

    assert [(p.key, p.step) for p in first] == [("loss", 0), ('a"b', 1)]
    assert math.isnan(first[1].value)
    assert [(p.step, p.value) for p in second] == [(2, 1.0), (3, -math.inf)]
    assert tail.read() == []


def test_the_tail_reads_lines_of_many_points_in_their_order(journal: Path):
    """As one that a line each has; a damaged one costs itself only."""
    tail = JournalTail(journal.parent.parent)
    points = lines.Points([1.0, math.inf, 1.0, 1.0], [1, 2, 3, 4], [8, 9, 9, 9])
    many = lines.points_lines(RUN, "loss", points)
    damaged = [
        many.replace(*each)
        for each in (
            ('"s":4', '"s":5'), ("[1.0", "[" + "1" * 400), ("[1,2,", '[null,"a",'),
            ("[0,", '["0",'),
            ("[1.0", "[" * 5000 + "1.0"), ('"t":8', '"t":"8"'), ('"p":{', '"p":[{'), ("}}", "}"),
        )
    ]  # fmt: skip
    journal.write_text(point(0) + many + point(5) + "".join(damaged) + point(6))

    assert [(p.run_id, p.key, p.step, p.value) for p in tail.read()] == [
        (RUN, "loss", step, math.inf if step == 2 else 1.0) for step in range(7)
    ]
    for line in damaged:
        assert trace_of_lines(line, RUN).metrics == {}
        assert sort_lines(line.encode()).runs == {}


def test_a_line_without_its_end_waits_for_it(journal: Path):
    tail = JournalTail(journal.parent.parent)
    journal.write_text(point(0)[:-1])
    assert tail.read() == []
    journal.write_text(point(0))
    assert [each.step for each in tail.read()] == [0]


def test_a_flood_of_long_lines_is_sampled_too(journal: Path):
    """Blocks hold whole lines, however many points these have."""
    tail = JournalTail(journal.parent.parent)
    values = [math.pi * 10**-9 * step for step in range(50_000)]
    times = [10**15 + 17**9 * step for step in range(50_000)]
    points = lines.Points(values, range(50_000), times)
    journal.write_text(lines.points_lines(RUN, "a long key " * 9, points))
    seen = [each.step for each in tail.read()]

    assert (seen[-1], seen == sorted(seen)) == (49_999, True)
    assert len({step // 5_000 for step in seen}) >= 6


def test_a_flood_is_sampled_and_its_newest_point_is_seen(journal: Path):
    """However much was logged, a look reads so many bytes, of every metric."""
    tail = JournalTail(journal.parent.parent)
    keys = ["loss", "acc"]
    text = (point(step, step / 7, key=keys[step % 2]) for step in range(50_000))
    journal.write_text("".join(text))
    seen = tail.read()

    assert len(seen) < MOST_BYTES / len(point(0)) + 1
    assert seen[-1].step == 49_999
    assert {each.key for each in seen} == set(keys)
    assert seen[0].step < 10_000
    assert all(each.value == each.step / 7 for each in seen)
    assert [each.step for each in seen] == sorted(each.step for each in seen)


def test_segments_come_and_go(journal: Path):
    """A new one is read from its beginning; one that was folded away is no fault."""
    tail = JournalTail(journal.parent.parent)
    journal.write_text(point(0))
    assert len(tail.read()) == 1
    os.unlink(journal)
    journal.with_name("writer-2.jsonl").write_text(point(1))

    assert [each.step for each in tail.read()] == [1]


def pace_of(*steps: int, every: float = 0.1) -> Pace:
    pace = Pace()
    for place, step in enumerate(steps):
        pace.note([step], place * every)
    return pace


def said(pace: Pace, total: int | None = None, bar: Bar | None = None, now: float = 10.0):
    return progress_line(pace, elapsed=now, total=total, bar=bar, now=now)


def test_without_a_total_nothing_is_promised():
    """The last step, the rate and the time so far; no share, no time left."""
    line = said(pace_of(*range(101)))

    assert line["text"] == "step 100 · 10 steps/s · 10.0 s"
    assert line["share"] is None


def test_a_total_gives_the_time_left():
    """100 of 400 steps at 10 a second: 30 seconds."""
    line = said(pace_of(*range(100)), total=400)

    assert line["share"] == 0.25
    assert "25%" in line["text"]
    assert "about 30.0 s left" in line["text"]


def test_a_total_that_was_passed_is_not_believed():
    """Nobody is shown 120 %."""
    line = said(pace_of(*range(120)), total=100)

    assert line["share"] is None
    assert "left" not in line["text"]


def test_a_bar_gives_the_time_left():
    """A quarter in ten seconds: thirty more."""
    line = said(pace_of(0, 1), bar=Bar(done=5, total=20, began=0.0))

    assert line["share"] == 0.25
    assert "about 30.0 s left" in line["text"]


def test_points_without_steps_are_counted():
    """No step is claimed where none was logged."""
    line = said(pace_of(0, 0, 0, 0))

    assert line["text"].startswith("4 points · 10 points/s")


def test_the_outermost_tqdm_bar_is_found():
    """The one that has a length and began with the cell."""
    from tqdm import tqdm

    with open(os.devnull, "w") as nowhere, tqdm(total=10, file=nowhere) as outer:
        with tqdm(total=1000, file=nowhere):
            outer.update(3)
            found = tqdm_bar(outer.start_t)
            assert found is not None
            assert (found.done, found.total) == (3, 10)
        assert tqdm_bar(outer.start_t + 1000) is None
