"""The progress line of a live panel: the last step, how fast, how long still.

A remaining time is given only where a total is known: by the user, from a tqdm bar, or from the
training itself; what began first is about all of it. It is that of the last seconds' pace, and
nothing is said of the first ones, or once a step takes longer than it should.
"""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass
from typing import Any

from nbtrack.base.guard import tried
from nbtrack.display.number_format import format_duration
from nbtrack.recording.training_progress import TrainingProgress

WINDOW_SECONDS = 15.0  # the rate is of so long
SILENT_SECONDS = 3.0  # before a training's remaining time is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """How far a tqdm bar is, and when it began (seconds since 1970)."""

    done: float
    total: float
    began: float


class Pace:
    """Steps by time. Without steps, points are counted."""

    def __init__(self) -> None:
        self.first_step: int | None = None
        self.last_step = 0
        self.points = 0
        self._seen: deque[tuple[float, float]] = deque()  # time, steps or points done

    @property
    def has_steps(self) -> bool:
        return self.first_step is not None and self.last_step > self.first_step

    @property
    def done(self) -> int:
        """Steps begun, the first one included; or points."""
        if self.first_step is None:
            return 0
        return self.last_step - self.first_step + 1 if self.has_steps else self.points

    def note(self, steps: list[int], now: float) -> None:
        if not steps:
            return
        had_steps = self.has_steps
        self.first_step = min(steps) if self.first_step is None else self.first_step
        self.last_step = max(self.last_step, *steps)
        self.points += len(steps)
        if had_steps != self.has_steps:
            self._seen.clear()  # what was counted before were points
        self._seen.append((now, self.done))
        while now - self._seen[0][0] > WINDOW_SECONDS and len(self._seen) > 2:
            self._seen.popleft()

    def rate(self) -> float | None:
        """A second."""
        if len(self._seen) < 2:
            return None
        (began, before), (now, done) = self._seen[0], self._seen[-1]
        return (done - before) / (now - began) if now > began and done > before else None


class TrainingPace:
    """How fast a training goes that knows its length."""

    def __init__(self, training: TrainingProgress) -> None:
        self.training = training
        self._seen: deque[tuple[float, int]] = deque([(training.began, 0)])  # time, rounds done

    def note(self, now: float) -> None:
        if self.training.done == self._seen[-1][1]:
            return
        self._seen.append((now, self.training.done))
        while now - self._seen[0][0] > WINDOW_SECONDS and len(self._seen) > 2:
            self._seen.popleft()

    @property
    def share(self) -> float | None:
        share = self.training.done / self.training.total
        return share if share <= 1 else None

    def left(self, now: float) -> float | None:
        """In seconds; None: nobody can say."""
        (began, before), (last, done) = self._seen[0], self._seen[-1]
        if now - self.training.began < SILENT_SECONDS or last <= began or done <= before:
            return None
        seconds = (self.training.total - done) * (last - began) / (done - before) - (now - last)
        return seconds if seconds > 0 else None

    def words(self, now: float) -> list[str]:
        """`iteration 120 of 500 · 24% · about 3 s left`."""
        training, left = self.training, self.left(now)
        if self.share is None:
            return []
        words = [f"{training.noun} {training.done:,} of {training.total:,}", f"{self.share:.0%}"]
        if left is not None:
            about = "at most" if training.may_end_early else "about"
            words.append(f"{about} {_whole_seconds(left)} left")
        return words


def progress_line(
    pace: Pace,
    *,
    elapsed: float,
    total: int | None,
    bar: Bar | None,
    now: float,
    training: TrainingPace | None = None,
) -> dict[str, Any]:
    """{"text": words, "share": 0 to 1 or None}."""
    is_inner = bar is not None and training is not None and bar.began < training.training.began
    if training is not None and not (total or is_inner) and (told := training.words(now)):
        told.insert(1, format_duration(elapsed))
        return {"text": " · ".join(told), "share": training.share}
    words = []
    rate = pace.rate()
    if pace.has_steps:
        words.append(f"step {pace.last_step:,}")
    elif pace.points:
        words.append("1 point" if pace.points == 1 else f"{pace.points:,} points")
    if rate is not None:
        words.append(f"{_rate(rate)} {'steps' if pace.has_steps else 'points'}/s")
    words.append(format_duration(elapsed))
    share, left = _left(pace, rate, total=total, bar=bar, now=now)
    if share is not None:
        words.append(f"{share:.0%}")
    if left is not None:
        words.append(f"about {format_duration(left)} left")
    return {"text": " · ".join(words), "share": share}


def tqdm_bar(since: float) -> Bar | None:
    """The outermost bar with a known length that began after *since* (seconds since 1970)."""
    tqdm = sys.modules.get("tqdm")
    return None if tqdm is None else tried(lambda: _bar(tqdm, since), on_fault=lambda _: None)


def _left(
    pace: Pace, rate: float | None, *, total: int | None, bar: Bar | None, now: float
) -> tuple[float | None, float | None]:
    if total:
        share = pace.done / total
        if share > 1:
            return None, None  # the total was wrong, and nothing is known
        return share, (total - pace.done) / rate if rate and share < 1 else None
    if bar is None or not bar.done:
        return None, None
    share = min(bar.done / bar.total, 1.0)
    return share, (bar.total - bar.done) * (now - bar.began) / bar.done if share < 1 else None


def _bar(tqdm: Any, since: float) -> Bar | None:
    # tqdm keeps them in a set of weak references, for its own redrawing; there is no public way.
    found = [bar for bar in list(tqdm.tqdm._instances) if bar.total and bar.start_t >= since]
    if not found:
        return None
    bar = min(found, key=lambda each: abs(each.pos))
    return Bar(done=float(bar.n), total=float(bar.total), began=bar.start_t)


def _whole_seconds(seconds: float) -> str:
    return f"{max(round(seconds), 1)} s" if seconds < 59 else format_duration(seconds)


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
