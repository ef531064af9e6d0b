"""The steps of an optimizer: what of each is kept while it waits, and the points it becomes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple
from weakref import ref

from torch import Tensor
from torch.optim import Optimizer

from nbtrack.hooks.pytorch.first_call import FirstCall
from nbtrack.hooks.pytorch.numbers import numbers_of
from nbtrack.hooks.pytorch.roots import Group, Value
from nbtrack.hooks.pytorch.surroundings import Surroundings
from nbtrack.recording.training_progress import TrainingProgress

PACE = "steps_per_sec"
_OF_THE_LOOP = ("epoch", PACE)  # not of an optimizer
_METRICS = ("loss", "learning_rate", "gradient_norm", *_OF_THE_LOOP)


class Steps:
    """Those of one optimizer, counted from 0."""

    __slots__ = (
        "add",
        "around",
        "call",
        "count",
        "first",
        "name",
        "names",
        "optimizer",
        "progress",
        "rate",
        "rated",
    )

    def __init__(
        self, optimizer: Optimizer, around: Surroundings, *, name: str, add: Callable[..., bool]
    ) -> None:
        """*add* is `LoopRecord.add`, of their record."""
        self.optimizer = ref(optimizer)
        self.around = around
        self.add = add
        self.name = name
        self.first = self.count = 0
        self.call = FirstCall(around.model) if around.model is not None else None
        self.rate: float | None = None
        self.rated = -1  # at which step the last rate was told
        self.names: dict[str, str] | None = None  # of metrics
        self.progress: TrainingProgress | None = None  # None: its loop's length is not known

    def taken(self) -> int:
        """In this process."""
        return self.count - self.first

    def named(self, metric: str, *, is_only: bool) -> str:
        """`train-loss`, as boosting libraries name theirs; `train-loss-opt_d` of several."""
        if self.names is None:
            end = "" if is_only else f"-{self.name}"
            self.names = {
                each: f"train-{each}" if each in _OF_THE_LOOP else f"train-{each}{end}"
                for each in _METRICS
            }
        return self.names[metric]


class Step(NamedTuple):
    """A plain tuple of these waits, which takes a third of the time to make."""

    of: Steps
    number: int
    seconds: float  # as `time.monotonic` has them
    rate: float | None
    epoch: int | None  # if it begins one
    group: Group
    place: int
    has_closure: bool
    norm: Tensor | None


class Points:
    """Those of several metrics, to be written at once."""

    def __init__(self) -> None:
        self.began_us = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        self.curves: dict[str, tuple[list[float], list[int], list[int]]] = {}

    def add(self, key: str, value: float, step: int, time_us: int) -> None:
        curve = self.curves.get(key)
        if curve is None:
            curve = self.curves[key] = [], [], []
        values, steps, times = curve
        values.append(value)
        steps.append(step)
        times.append(time_us)

    def time_of(self, step: Step) -> int:
        """In microseconds since 1970."""
        return self.began_us + int(step.seconds * 1e6)


def divided(waiting: list[Step], open_group: Group | None) -> tuple[list[Step], list[Step]]:
    """Those whose groups are over, and the others."""
    end = len(waiting)
    while end and open_group is not None and waiting[end - 1].group is open_group:
        end -= 1
    return waiting[:end], waiting[end:]


def add_steps(points: Points, steps: Iterable[Step], *, is_only: bool) -> None:
    """*is_only*: there is but one optimizer."""
    losses: list[tuple[Step, list[Value]]] = []
    norms: list[tuple[Step, list[Value]]] = []
    for step in steps:
        if found := step.group.losses(place=step.place, has_closure=step.has_closure):
            losses.append((step, found))
        if step.norm is not None:
            norms.append((step, [step.norm]))
        if step.epoch is not None:
            key = step.of.named("epoch", is_only=is_only)
            points.add(key, float(step.epoch), step.number, points.time_of(step))
        if step.rate != step.of.rate:
            _add_rate(points, step, step.of.named("learning_rate", is_only=is_only))
    _add_sums(points, "loss", losses, is_only=is_only)
    _add_sums(points, "gradient_norm", norms, is_only=is_only)


def _add_rate(points: Points, step: Step, key: str) -> None:
    """Where it changes, and just before that: a line through them is no ramp."""
    before, step.of.rate = step.of.rate, step.rate
    if step.rate is not None:
        time_us = points.time_of(step)
        if before is not None and step.of.rated < step.number - 1:
            points.add(key, before, step.number - 1, time_us)
        points.add(key, step.rate, step.number, time_us)
        step.of.rated = step.number


def _add_sums(
    points: Points, metric: str, found: list[tuple[Step, list[Value]]], *, is_only: bool
) -> None:
    numbers = iter(numbers_of([value for _, values in found for value in values]))
    for step, values in found:
        total = sum(next(numbers) for _ in values) if len(values) > 1 else next(numbers)
        key = step.of.named(metric, is_only=is_only)
        points.add(key, total, step.number, points.time_of(step))
