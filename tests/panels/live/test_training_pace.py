"""What is told of a training that knows its length: how far it is, and how long still."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nbtrack
from nbtrack.panels.live.progress import Bar, Pace, TrainingPace, progress_line
from nbtrack.recording import training_progress
from nbtrack.recording.training_progress import TrainingProgress


@pytest.fixture
def training(project: Path) -> Iterator[TrainingProgress]:
    """Of 100 rounds, begun at 0."""
    with nbtrack.start_run() as run:
        begun = training_progress.begin(run, 100)
        begun.began = 0.0
        yield begun
        begun.end()


def pace_of(training: TrainingProgress, *times: float) -> TrainingPace:
    """A round at each of the *times*."""
    pace = TrainingPace(training)
    for done, now in enumerate(times, start=1):
        training.done = done
        pace.note(now)
    return pace


def said(pace: TrainingPace, now: float, bar: Bar | None = None) -> str:
    line = progress_line(Pace(), elapsed=now, total=None, bar=bar, now=now, training=pace)
    return str(line["text"])


def test_how_far_it_is_and_how_long_still(training: TrainingProgress) -> None:
    """Ten rounds in as many seconds: ninety are left."""
    pace = pace_of(training, *range(1, 11))

    assert said(pace, 10) == "iteration 10 of 100 · 10.0 s · 10% · about 1 min 30 s left"


def test_what_may_end_early_is_said_to(training: TrainingProgress) -> None:
    """By early stopping, say."""
    training.may_end_early = True

    assert said(pace_of(training, *range(1, 11)), 10).endswith("at most 1 min 30 s left")


def test_nothing_is_promised_in_the_first_seconds(training: TrainingProgress) -> None:
    """When the first rounds are slower than others, or quicker."""
    assert said(pace_of(training, 0.5, 1.0, 1.5), 2.0) == "iteration 3 of 100 · 2.0 s · 3%"


def test_it_goes_by_the_last_seconds(training: TrainingProgress) -> None:
    """A first round of a minute, such as a compilation, is forgotten."""
    pace = pace_of(training, *(60 + n / 10 for n in range(60)))

    assert "about 4 s left" in said(pace, 65.9)


def test_a_round_that_hangs_takes_the_promise_back(training: TrainingProgress) -> None:
    """The time left does not stand still while nothing goes on, nor does it fall below 0."""
    pace = pace_of(training, *(n / 10 for n in range(1, 51)))

    assert "about 4 s left" in said(pace, 6.0)
    assert "left" not in said(pace, 30.0)


def test_a_length_that_was_passed_is_not_believed(training: TrainingProgress) -> None:
    """Nobody is shown 120 %."""
    pace = pace_of(training, *range(1, 121))

    assert "%" not in said(pace, 120)


def test_a_bar_of_the_user_around_it_tells_of_all(training: TrainingProgress) -> None:
    """Of several trainings, where the inner one's end is not the end; one within it does not."""
    pace = pace_of(training, *range(1, 11))

    assert "iteration" not in said(pace, 10, Bar(done=1, total=4, began=-1.0))
    assert "iteration" in said(pace, 10, Bar(done=1, total=4, began=1.0))


def test_the_outermost_training_of_a_run_is_told_of(training: TrainingProgress) -> None:
    """Also of one in a run below it; of those of other runs nothing."""
    run = training.run
    with nbtrack.start_run(nested=True) as child:
        inner = training_progress.begin(child, 5)
        assert training_progress.outermost(run) is training
        assert training_progress.outermost(child) is inner
        training.end()
        assert training_progress.outermost(run) is inner
        inner.end()
    assert training_progress.outermost(run) is None
