"""The way of a point into a live chart: journal -> a thread of its own -> the page.

The thread works while the cell trains, and rests so long after each look that it takes less than
two parts in a hundred of the time; the cell's own thread never waits for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.charts.run_styles import run_colours, run_labels
from nbtrack.panels.live.progress import Pace, TrainingPace, progress_line, tqdm_bar
from nbtrack.panels.live.series import LiveSeries, Place, as_message, chart_message, charts_of
from nbtrack.recording import training_progress
from nbtrack.recording.active_run import ActiveRun
from nbtrack.records.origins import is_of_machine
from nbtrack.records.runs import Metric, Run
from nbtrack.records.views import Axis, MetricSeries
from nbtrack.stores.local.journal_tail import JournalTail, TailPoint
from nbtrack.stores.opening import folder_of

LOOK_SECONDS = 0.1
REST_PER_COST = 70.0  # rest so many times as long as the look took of the processor
LONGEST_REST = 1.0
PROGRESS_SECONDS = 1.0  # the clock goes on without points, too
WHOLE_SECONDS = 3.0  # a page that came late, or missed something, has all of it then
MOST_METRICS = 24

Push = Callable[[str, Any], None]


class LiveFeed:
    """Follows *run* and the runs below it."""

    def __init__(
        self,
        run: ActiveRun,
        *,
        push: Push,
        total: int | None = None,
        metrics: Sequence[str] | None = None,
    ) -> None:
        self.run = run
        self.series: dict[tuple[str, str], LiveSeries] = {}  # by run and metric
        self.names: dict[str, str | None] = {run.run_id: run.info.run_name}
        self.status = "RUNNING"
        self._push, self._total = push, total
        self._metrics = None if metrics is None else frozenset(metrics)
        self._left_out: set[str] = set()  # metrics that have no room
        self._foretold: set[tuple[str, str]] = set()  # series that were shown before recorded
        self._tail = JournalTail(folder_of(run.store.uri))
        self._pace = Pace()
        self._training: TrainingPace | None = None
        self._began = run.began_us / 1e6 or time.time()
        self._started = time.time()
        self._ended: float | None = None
        self._count = 0  # of messages, so that a page sees when it missed one
        self._pushed_at = self._whole_at = 0.0
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nbtrack-live", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, status: str) -> None:
        """The cell has ended: one more look, and the thread is over."""
        self._done.set()
        self._thread.join()
        self.status, self._ended = status, time.time()
        with guarded("finish the live chart"):
            self.look()

    def look(self) -> None:
        """Read what is new, and push it."""
        with self._lock:
            news = self._read()
            now = time.monotonic()
            if now - self._whole_at > WHOLE_SECONDS:
                self._whole_at = self._pushed_at = now
                self._push("points", self._whole())
            elif news or now - self._pushed_at > PROGRESS_SECONDS:
                self._pushed_at = now
                self._push("points", self._message(news))

    def whole(self) -> dict[str, Any]:
        """All that the chart shows: for a page that has just come."""
        with self._lock:
            return self._whole()

    def push_end(self, series: Sequence[MetricSeries]) -> None:
        """What the store knows in the end takes the place of what was seen on the way."""
        with self._lock:
            axes = self.axes()
            news = [as_message(each, axes[each.key], is_whole=True) for each in series]
            charts = self.charts({each.key for each in series if len(each.x) > 1})
            told = {"charts": [chart_message(chart) for chart in charts], "whole": True}
            self._push("points", {**self._message(news), **told})

    def add_runs(self, runs: Sequence[Run]) -> None:
        """Runs below ours, as the store knows them: some may have been too quick to be seen."""
        with self._lock:
            for each in runs:
                run_id = each.info.run_id
                self.names[run_id] = each.info.run_name
                for key in each.data.metrics:
                    if self._has_room(key):
                        self.series.setdefault((run_id, key), LiveSeries(run_id, key))

    def records(self) -> list[MetricSeries]:
        with self._lock:
            return [each.record(each.places) for each in self.series.values()]

    def axes(self) -> dict[str, Axis]:
        """By metric; where one run has steps, all of them are drawn by step."""
        found: dict[str, Axis] = {}
        for each in self.series.values():
            is_by_step = each.axis == "step" or found.get(each.key) == "step"
            found[each.key] = "step" if is_by_step else "relative"
        return found

    def charts(self, curves: Container[str]) -> list[list[str]]:
        """The metrics of each, where *curves* have lines to draw."""
        return charts_of(self.axes(), curves)

    def _work(self) -> None:
        rest = 0.02
        while not self._done.wait(rest):
            began = time.thread_time()
            with guarded("draw the live chart", on_fault=self._done.set):
                self.look()
            cost = time.thread_time() - began
            rest = min(max(LOOK_SECONDS, REST_PER_COST * cost), LONGEST_REST)

    def _read(self) -> list[dict[str, Any]]:
        """What is new, as a page takes it in."""
        told = training_progress.take_foretold(self.run)
        foretold = self._by_series(map(_tail_point, told))
        self._foretold |= foretold.keys()
        news = self._taken(foretold)
        return news + self._taken(self._by_series(filter(self._is_new, self._tail.read())))

    def _is_new(self, point: TailPoint) -> bool:
        """What was foretold is shown when it is recorded."""
        known = point.run_id, point.key
        shown = self.series[known].places if known in self._foretold else ()
        return not shown or point.step > shown[-1].step

    def _by_series(self, points: Iterable[TailPoint]) -> dict[tuple[str, str], list[Place]]:
        found: dict[tuple[str, str], list[Place]] = {}
        steps: list[int] = []
        for point in points:
            if self._is_wanted(point):
                seconds = point.t / 1e6 - self._began
                place = Place(point.step, seconds, point.value, point.value, point.value)
                found.setdefault((point.run_id, point.key), []).append(place)
                steps.append(point.step)
        self._pace.note(steps, time.time())
        return found

    def _taken(self, by_series: Mapping[tuple[str, str], list[Place]]) -> list[dict[str, Any]]:
        news = []
        for known, places in by_series.items():
            series = self.series.setdefault(known, LiveSeries(*known))
            axis = series.axis
            new = series.add(places)
            is_whole = axis != series.axis  # the first steps: what came before has another x now
            record = series.record(series.places if is_whole else new)
            news.append(as_message(record, series.axis, is_whole=is_whole))
        return news

    def _is_wanted(self, point: TailPoint) -> bool:
        if point.run_id not in self.names and not self._is_below(point.run_id):
            return False
        return self._has_room(point.key)

    def _has_room(self, key: str) -> bool:
        if self._metrics is not None:
            return key in self._metrics
        if is_of_machine(key):
            return False
        known = {known for _, known in self.series}
        if key in known or len(known) < MOST_METRICS:
            return True
        self._left_out.add(key)
        return False

    def _is_below(self, run_id: str) -> bool:
        """Whether it is a child of ours, or a child's child; then it is named from now on."""
        above, seen = self._tail.parents.get(run_id), {run_id}
        while above is not None and above not in self.names and above not in seen:
            seen.add(above)
            above = self._tail.parents.get(above)
        if above not in self.names:
            return False
        self.names[run_id] = self._tail.names.get(run_id)
        return True

    def _whole(self) -> dict[str, Any]:
        news = [
            as_message(each.record(each.places), each.axis, is_whole=True)
            for each in self.series.values()
        ]
        return {**self._message(news), "whole": True}

    def _message(self, news: list[dict[str, Any]]) -> dict[str, Any]:
        self._count += 1
        now = self._ended or time.time()
        progress = progress_line(
            self._pace,
            elapsed=now - self._began,
            total=self._total,
            bar=tqdm_bar(self._started),
            now=now,
            training=self._training_pace(now),
        )
        return {
            "count": self._count,
            "series": news,
            "runs": self._runs(),
            "charts": [chart_message(chart) for chart in self.charts(self._curves())],
            "status": self.status,
            "progress": progress,
            "left_out": len(self._left_out),
        }

    def _curves(self) -> set[str]:
        return {each.key for each in self.series.values() if len(each.places) > 1}

    def _training_pace(self, now: float) -> TrainingPace | None:
        """Of the training that goes on, if it knows its length."""
        training = None if self._ended else training_progress.outermost(self.run)
        if training is None:
            self._training = None
        elif self._training is None or self._training.training is not training:
            self._training = TrainingPace(training)
        if self._training is not None:
            self._training.note(now)
        return self._training

    def _runs(self) -> list[dict[str, str]]:
        ids = list(dict.fromkeys(run_id for run_id, _ in self.series)) or [self.run.run_id]
        labels, styles = run_labels(ids, self.names), run_colours(ids)
        return [{"id": i, "label": labels[i], "colour": styles[i].colour} for i in ids]


def _tail_point(told: tuple[str, Metric]) -> TailPoint:
    run_id, point = told
    return TailPoint(run_id, point.key, point.step, point.timestamp * 1000, point.value)
