"""`LoopRecord`: what the training loops of one run leave in it.

A step costs a few microseconds: its loss stays a tensor on its device, and about twice a second
those that came are read at once and written. The rest is written when the run ends, in whatever
way, and so is the model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from nbtrack.base.guard import guarded
from nbtrack.hooks.pytorch.evaluations import BatchLoss, Evaluation, is_among
from nbtrack.hooks.pytorch.first_call import FirstCall
from nbtrack.hooks.pytorch.loop_length import loop_length
from nbtrack.hooks.pytorch.numbers import numbers_of
from nbtrack.hooks.pytorch.roots import Group
from nbtrack.hooks.pytorch.settings import (
    device_of,
    optimizer_params,
    scheduler_params,
    summary_of,
    write_settings,
)
from nbtrack.hooks.pytorch.surroundings import Surroundings, own_frames, surroundings_of
from nbtrack.hooks.training.stopping import stop_is_wanted
from nbtrack.hooks.training.storable_keys import free_key, storable_key
from nbtrack.journal.lines import now_us
from nbtrack.recording import training_progress
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.training_progress import TrainingProgress
from nbtrack.records.origins import Origin, Origins
from nbtrack.records.runs import Metric

FIRST_WRITE_SECONDS = 1.0  # by then it is known how many optimizers there are
LIVE_SECONDS = 0.5  # between two writes
_PACE = "steps_per_sec"
_BOOKKEEPING = ("epoch", "learning_rate", _PACE)


KeepModel = Callable[[ActiveRun, Module, str, FirstCall], None]  # under a name
Remember = Callable[[ActiveRun, Module], None]  # which run trains a model


class Steps:
    """Those of one optimizer, counted from 0."""

    def __init__(self, optimizer: Optimizer, around: Surroundings, *, name: str) -> None:
        self.optimizer = ref(optimizer)
        self.around = around
        self.name = name
        self.first = self.count = 0
        self.call = FirstCall(around.model) if around.model is not None else None
        self.rate: float | None = None
        self.names: dict[str, str] | None = None  # of metrics
        self.progress: TrainingProgress | None = None  # None: its loop's length is not known


class Step(NamedTuple):
    of: Steps
    number: int
    ms: int
    rate: Any
    epoch: int | None  # if it begins one
    group: Group
    place: int
    has_closure: bool
    norm: Tensor | None


class LoopRecord:
    def __init__(
        self, run: ActiveRun, *, thread: object, remember: Remember, keep_model: KeepModel
    ) -> None:
        """*thread* stands for the one whose loops these are."""
        self._run, self.thread = run, thread
        self._remember, self._keep_model = remember, keep_model
        self._steps: WeakKeyDictionary[Optimizer, Steps] = WeakKeyDictionary()
        self._all: list[Steps] = []  # also those whose optimizers are gone
        self._last: Steps | None = None
        self._waiting: list[Step] = []
        self._evaluations: list[Evaluation] = []
        self._evaluated: list[Callable[[], Any]] = []  # data, in the order that it was
        self._next_write = time.monotonic() + FIRST_WRITE_SECONDS
        self._noted: set[str] = set()
        self._kept: set[str] = set()  # paths of models
        self._paced: Step | None = None
        self.epochs = 0
        run.at_end.append(self.finish)

    def knows(self, optimizer: Optimizer) -> bool:
        return self._steps_of(optimizer) is not None

    def _steps_of(self, optimizer: Optimizer) -> Steps | None:
        """It is mostly the one that was asked about before."""
        last = self._last
        if last is None or last.optimizer() is not optimizer:
            self._last = last = self._steps.get(optimizer)
        return last

    @property
    def optimizers(self) -> int:
        return len(self._steps)

    def add(
        self,
        optimizer: Optimizer,
        group: Group,
        place: int,
        *,
        has_closure: bool,
        begins_epoch: bool,
    ) -> bool:
        """Whether the loop is to stop."""
        steps = self._steps_of(optimizer) or self._begin(optimizer)
        is_due = time.monotonic() >= self._next_write
        epoch = None
        if begins_epoch:
            self.epochs += 1
            epoch = self.epochs
        rate = optimizer.param_groups[0].get("lr")
        norm = _norm(optimizer) if is_due or steps.count == steps.first else None
        self._waiting.append(
            Step(steps, steps.count, now_us() // 1000, rate, epoch, group, place, has_closure, norm)
        )
        steps.count += 1
        if steps.progress is not None:
            steps.progress.done += 1
        if is_due:
            self.write(open_group=group)
        return is_due and _trains_alone() and stop_is_wanted(self._run)

    def evaluate(self, evaluation: Evaluation, criterion: str, loss: BatchLoss) -> None:
        if not evaluation.losses:
            self._evaluations.append(evaluation)
            evaluation.step = max((each.count for each in self._all), default=1) - 1
            evaluation.ms = now_us() // 1000
        evaluation.losses.append(loss)
        evaluation.criteria.add(criterion)

    def write(self, *, open_group: Group | None = None, is_open: bool = True) -> None:
        """What waits, but for the steps of *open_group*, which may get more of them."""
        ready, self._waiting = _divided(self._waiting, open_group)
        done = len(self._evaluations) - (1 if is_open else 0)
        evaluations, self._evaluations = self._evaluations[:done], self._evaluations[done:]
        points = [
            *_points(ready, self._named),
            *self._pace(ready),
            *self._evaluation_points(evaluations),
        ]
        if points:
            self._run.log_batch(metrics=points)
            self._note_origins({point.key for point in points})
        self._next_write = time.monotonic() + LIVE_SECONDS
        self._end_progress()

    def _end_progress(self, *, of_all: bool = False) -> None:
        for steps in self._all:
            progress = steps.progress
            if progress is not None and (of_all or progress.done >= progress.total):
                progress.end()
                steps.progress = None

    def finish(self) -> None:
        """The run ends."""
        with guarded("write the last steps of a training loop"):
            self.write(is_open=False)
        self._end_progress(of_all=True)
        models = {id(each.around.model): each for each in self._all if each.around.model}
        for steps in models.values():
            self._keep(steps, is_only=len(models) == 1)

    # --- an optimizer that steps for the first time

    def _begin(self, optimizer: Optimizer) -> Steps:
        self._let_go()
        around = surroundings_of(optimizer)
        steps = Steps(optimizer, around, name=self._free_name(around))
        if self._run.is_resumed and not self._all:
            self._go_on(steps)
        self._steps[optimizer] = steps
        self._all.append(steps)
        if around.model is not None:
            self._remember(self._run, around.model)
        with guarded("record the settings of an optimizer"):
            self._write_settings(optimizer, steps)
        steps.around = around._replace(scheduler=None)  # which holds the optimizer
        with guarded("tell how long a training loop is"):
            if (length := loop_length(own_frames(), optimizer)) is not None:
                steps.progress = training_progress.begin(
                    self._run, length.steps, noun="step", may_end_early=length.may_end_early
                )
        with guarded("record the summary of a model"):
            if around.model is not None:
                name = "model_summary" if len(self._all) == 1 else f"model_summary_{steps.name}"
                self._run.log_text(summary_of(around.model), f"{name}.txt")
        return steps

    def _free_name(self, around: Surroundings) -> str:
        """Fold after fold, and wherever a function trains, optimizers have the same name."""
        name = storable_key(around.name or f"optimizer_{len(self._all) + 1}")
        return free_key(name, [each.name for each in self._all])

    def _go_on(self, steps: Steps) -> None:
        """With what an earlier process recorded in this run."""
        with guarded("look for the last step of a resumed run"):
            steps.first = steps.count = self._run.next_step("train-loss")
            epochs = self._run.store.read_metrics(self._run.run_id, "train-epoch")
            self.epochs = int(epochs[-1].value) if epochs else 0

    def _write_settings(self, optimizer: Optimizer, steps: Steps) -> None:
        found = optimizer_params(optimizer)
        if steps.around.scheduler is not None:
            found |= scheduler_params(steps.around.scheduler)
        found["device"] = device_of(optimizer), Origin.BOOKKEEPING
        if len(self._all) > 1:
            found = {f"{steps.name}_{key}": value for key, value in found.items()}
        write_settings(self._run, found)

    def _let_go(self) -> None:
        """Of the models whose optimizers are gone: one loop after another must not fill the
        memory. They are kept as they are now."""
        for steps in self._all:
            if steps.optimizer() is None and steps.around.model is not None:
                self._keep(steps, is_only=False)
                steps.around = steps.around._replace(model=None)

    def _keep(self, steps: Steps, *, is_only: bool) -> None:
        model, name = steps.around.model, steps.around.model_name or steps.name
        if model is not None and steps.call is not None:
            steps.call.close()
            with guarded("keep the model of a training loop"):
                path = free_key("model" if is_only else f"model_{name}", self._kept)
                self._kept.add(path)
                self._keep_model(self._run, model, path, steps.call)

    # --- points

    def _named(self, steps: Steps, metric: str) -> str:
        """`train-loss`, as boosting libraries name theirs; `train-loss-opt_d` of several."""
        if steps.names is None:
            several = len(self._all) > 1
            end = f"-{steps.name}" if several else ""
            names = ("loss", "learning_rate", "gradient_norm", "epoch", _PACE)
            steps.names = {name: f"train-{name}{end}" for name in names}
            steps.names |= {name: f"train-{name}" for name in ("epoch", _PACE)}
        return steps.names[metric]

    def _pace(self, ready: Sequence[Step]) -> list[Metric]:
        """Of the first optimizer, since it was told last: evaluations between count as well."""
        own = [step for step in ready if step.of is self._all[0]]
        first, last = self._paced or next(iter(own), None), next(reversed(own), None)
        if first is None or last is None:
            return []
        self._paced = last
        seconds = (last.ms - first.ms) / 1000
        if seconds <= 0:
            return []
        pace = (last.number - first.number) / seconds
        return [Metric(self._named(last.of, _PACE), pace, last.ms, last.number)]

    def _evaluation_points(self, evaluations: Iterable[Evaluation]) -> list[Metric]:
        found = []
        for each in evaluations:
            if len(each.criteria) == 1:
                mean = each.mean()
                found.append(Metric(self._eval_key(each.data), mean, each.ms, each.step))
        return found

    def _eval_key(self, known: Callable[[], Any]) -> str:
        data = known()
        if not is_among(data, self._evaluated):
            self._evaluated.append(known)
        number = next(i for i, each in enumerate(self._evaluated) if each() is data)
        return "eval-loss" if not number else f"eval_{number + 1}-loss"

    def _note_origins(self, keys: Collection[str]) -> None:
        new = {key: _origin(key) for key in keys if key not in self._noted}
        if new:
            self._noted.update(new)
            self._run.note_origins(Origins(metrics=new))


def _trains_alone() -> bool:
    """Of several processes one alone must not stop: the others would wait for it."""
    together = torch.distributed
    is_one_of_several = together.is_available() and together.is_initialized()
    return not is_one_of_several or bool(together.get_world_size() == 1)


def _origin(key: str) -> Origin:
    data, _, metric = key.partition("-")
    if data != "train":
        return Origin.MEASURED
    return Origin.BOOKKEEPING if metric.startswith(_BOOKKEEPING) else Origin.TRAINING


def _divided(waiting: list[Step], open_group: Group | None) -> tuple[list[Step], list[Step]]:
    end = len(waiting)
    while end and open_group is not None and waiting[end - 1].group is open_group:
        end -= 1
    return waiting[:end], waiting[end:]


def _points(steps: Iterable[Step], named: Callable[[Steps, str], str]) -> list[Metric]:
    found: list[tuple[Step, str, Tensor | float]] = []
    points: list[Metric] = []
    for step in steps:
        name = partial(named, step.of)
        losses = step.group.losses(place=step.place, has_closure=step.has_closure)
        found += [(step, name("loss"), loss) for loss in losses]
        if step.norm is not None:
            found.append((step, name("gradient_norm"), step.norm))
        if step.epoch is not None:
            points.append(Metric(name("epoch"), float(step.epoch), step.ms, step.number))
        points += _rate_points(step, name("learning_rate"))
    return points + _summed(found)


def _summed(found: list[tuple[Step, str, Tensor | float]]) -> list[Metric]:
    sums: dict[tuple[str, int], Metric] = {}
    for (step, key, _), value in zip(found, numbers_of([each[2] for each in found]), strict=True):
        before = sums.get((key, step.number))
        total = value if before is None else before.value + value
        sums[key, step.number] = Metric(key, total, step.ms, step.number)
    return list(sums.values())


def _rate_points(step: Step, key: str) -> list[Metric]:
    """Where it changes, and just before that: a line through them is no ramp."""
    steps, rate = step.of, step.rate
    if isinstance(rate, Tensor):
        rate = float(rate) if rate.device.type == "cpu" else None
    before, steps.rate = steps.rate, rate
    if rate is None or rate == before:
        return []
    points = [Metric(key, float(rate), step.ms, step.number)]
    if before is not None:
        points.insert(0, Metric(key, float(before), step.ms, step.number - 1))
    return points


def _norm(optimizer: Optimizer) -> Tensor | None:
    """Of the gradients of this step, clipped ones if they were; None if they cannot be had."""
    total = getattr(torch.nn.utils, "get_total_norm", None)
    if total is None or getattr(optimizer, "grad_scale", None) is not None:
        return None
    found = (each.grad for group in optimizer.param_groups for each in group["params"])
    grads = [each for each in found if each is not None]
    if not grads or any(each.is_sparse for each in grads):
        return None
    with torch.no_grad():
        norm: Tensor = total(grads)
    return norm.detach()
