"""`Loop`: the points of one training, written in batches while it goes on.

An iteration costs a few microseconds. About every LIVE_SECONDS what came is written, so that a
chart can follow; the rest when the training has ended, in whatever way.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.stopping import StopWatch
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.journal.lines import now_us
from nbtrack.recording import training_progress
from nbtrack.recording.training_progress import TrainingProgress
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.runs import Metric

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

LIVE_SECONDS = 0.1  # between two writes
_TRAINING = frozenset({"train", "training", "learn"})  # what frameworks call the training data
# How names begin that a framework has for what is measured on other data, and words of those that
# tell how the work goes.
_MEASURED = ("eval", "test", "val")
_BOOKKEEPING = ("epoch", "learning_rate", "lr", "runtime", "per_second", "time", "flos", "tokens")


class Loop:
    """*training_sets*: what the user calls the training data, if he has it evaluated."""

    def __init__(self, run: ActiveRun, *, training_sets: Collection[str] = ()) -> None:
        self._run = run
        self._training_sets = _TRAINING.union(training_sets)
        self._points: list[Metric] = []
        self._keys: dict[tuple[str, str], str] = {}  # by data and metric
        self._noted: set[str] = set()
        self._next_write = time.monotonic() + LIVE_SECONDS
        self._stop = StopWatch(run)
        self._progress: TrainingProgress | None = None  # None: nobody knows how long it will be
        self._first_seen: int | None = None
        self._is_counted_by_steps = True
        self.is_stopped = False  # by the user, as the hook did it
        self.first_step = 0  # of a training that goes on with a model
        self.last_step: int | None = None  # None: there was no iteration
        # Counted from 0 and from the model's first iteration, as steps are; None: nobody asked.
        self.best_iteration: int | None = None
        self.best_score: float | None = None
        self.facts: dict[str, float] = {}  # what else is known at its end

    def expects(self, total: Any, *, noun: str = "iteration", may_end_early: bool = False) -> None:
        """So many iterations: then a live chart tells how long it takes still. Anything but a
        number above 0 is not known. *may_end_early*: by early stopping or a time limit."""
        with guarded("tell how far a training is"):
            if self._progress is None and isinstance(total, int) and total > 0:
                self._progress = training_progress.begin(
                    self._run, total, noun=noun, may_end_early=may_end_early
                )

    def is_at(self, done: int) -> None:
        """So many of the iterations are done; for who adds points more seldom than that."""
        self._is_counted_by_steps = False
        if self._progress is not None:
            self._progress.done = done

    def add(self, step: int, values: Iterable[tuple[str, str, float]]) -> None:
        """What (data, metric, value) came out of the iteration *step*."""
        with guarded("follow the iterations of a training"):
            now = now_us() // 1000
            self.last_step = step
            if self._progress is not None and self._is_counted_by_steps:
                self._first_seen = step if self._first_seen is None else self._first_seen
                self._progress.done = step - self._first_seen + 1
            self._points += [
                Metric(self._key(data, metric), float(value), now, step)
                for data, metric, value in values
            ]
            if time.monotonic() >= self._next_write:
                self._write()

    def foretell(self, step: int, values: Iterable[tuple[str, str, float]]) -> None:
        """As `add` will when the training is over: for a live chart, and not recorded. *step* is
        counted from the beginning of this training."""
        self.is_at(step + 1)
        if self._progress is not None:
            now = now_us() // 1000
            self._progress.foretold.extend(
                Metric(self._key(data, metric), float(value), now, self.first_step + step)
                for data, metric, value in values
            )

    def is_to_stop(self) -> bool:
        """Whether the user wants it to end, now that it has an iteration."""
        return self.last_step is not None and self.stop_is_wanted()

    def stop_is_wanted(self) -> bool:
        """By the user, whether it has one or not."""
        return self._stop.is_wanted()

    def add_named(self, step: int, values: Mapping[str, float]) -> None:
        """The same under the framework's own names: `loss`, `eval_loss`."""
        self.add(step, [("", name, value) for name, value in values.items()])

    def close(self) -> None:
        """It is over, or has failed."""
        if self._progress is not None:
            self._progress.end()
        with guarded("write the iterations of a training"):
            self._write()
            self._write_facts()

    def _key(self, data: str, metric: str) -> str:
        key = self._keys.get((data, metric))
        if key is None:
            key = self._keys[data, metric] = curve_key(data, metric)
        return key

    def _write(self) -> None:
        points, self._points = self._points, []
        if points:
            self._run.log_batch(metrics=points)
        if len(self._keys) > len(self._noted):
            self._noted.update(self._keys.values())
            origins = {key: self._origin(*names) for names, key in self._keys.items()}
            self._run.note_origins(Origins(metrics=origins))
        self._next_write = time.monotonic() + LIVE_SECONDS

    def _origin(self, data: str, metric: str) -> Origin:
        return curve_origin(data, metric, training_sets=self._training_sets)

    def _write_facts(self) -> None:
        facts = {**self._best(), **self.facts}
        if facts:
            self._run.log_metrics(facts)
            self._run.note_origins(Origins(metrics=all_of(facts, Origin.BOOKKEEPING)))

    def _best(self) -> dict[str, float]:
        if self.best_iteration is None:
            return {}
        found = {
            "best_iteration": self.best_iteration,
            "stopped_iteration": self.last_step,
            "best_score": self.best_score,
        }
        return {name: value for name, value in found.items() if value is not None}


def curve_key(data: str, metric: str) -> str:
    """MLflow's: `valid-rmse`, and `valid-map_at_2` of a metric `map@2`."""
    name = f"{data}-{metric}" if data else metric
    return storable_key(name.replace("@", "_at_"))


def curve_origin(data: str, metric: str, *, training_sets: Collection[str] = _TRAINING) -> Origin:
    if not data:
        return _origin_of_named(metric)
    return Origin.TRAINING if data in training_sets else Origin.MEASURED


def numbers(named: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, float]]:
    """Those that are numbers, for what users put into logs may be anything."""
    for name, value in named:
        try:
            number = float(value)
        except (TypeError, ValueError):
            continue
        yield name, number


def _origin_of_named(name: str) -> Origin:
    words = f"_{name.lower()}_"
    if any(f"_{each}_" in words for each in _BOOKKEEPING):
        return Origin.BOOKKEEPING
    return Origin.MEASURED if name.startswith(_MEASURED) else Origin.TRAINING
