"""`LoopRecord`: what the training loops of one run leave in it.

A step costs a few microseconds: its loss stays a tensor on its device, and about twice a second
those that came are read at once and written. The rest is written when the run ends, in whatever
way, and so is the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor
from torch.nn import Module
from torch.optim import Optimizer

from nbtrack.base.guard import guarded
from nbtrack.hooks.pytorch.evaluations import BatchLoss, Evaluation, is_among
from nbtrack.hooks.pytorch.first_call import FirstCall
from nbtrack.hooks.pytorch.loop_length import loop_length
from nbtrack.hooks.pytorch.numbers import rate_of
from nbtrack.hooks.pytorch.roots import Group
from nbtrack.hooks.pytorch.settings import (
    device_of,
    optimizer_params,
    scheduler_params,
    summary_of,
    write_settings,
)
from nbtrack.hooks.pytorch.steps import PACE, Points, Step, Steps, add_steps, divided
from nbtrack.hooks.pytorch.surroundings import (
    NOTHING,
    Surroundings,
    own_frames,
    surroundings_of,
)
from nbtrack.hooks.pytorch.watch import Watch
from nbtrack.hooks.training.stopping import stop_is_wanted
from nbtrack.hooks.training.storable_keys import free_key, storable_key
from nbtrack.journal.lines import now_us
from nbtrack.recording import training_progress
from nbtrack.recording.active_run import ActiveRun
from nbtrack.records.origins import Origin, Origins

FIRST_WRITE_SECONDS = 1.0  # by then it is known how many optimizers there are
LIVE_SECONDS = 0.5  # between two writes
_BOOKKEEPING = ("epoch", "learning_rate", PACE)


KeepModel = Callable[[ActiveRun, Module, str, FirstCall], None]  # under a name
Remember = Callable[[ActiveRun, Module], None]  # which run trains a model


class LoopRecord:
    def __init__(
        self, run: ActiveRun, *, thread: object, remember: Remember, keep_model: KeepModel
    ) -> None:
        """*thread* stands for the one whose loops these are."""
        self._run, self.thread = run, thread
        self._remember, self._keep_model = remember, keep_model
        self._steps: WeakKeyDictionary[Optimizer, Steps] = WeakKeyDictionary()
        self._all: list[Steps] = []  # also those whose optimizers are gone
        self._waiting: list[tuple[Any, ...]] = []  # each what a Step is made of
        self._evaluations: list[Evaluation] = []
        self._evaluated: list[Callable[[], Any]] = []  # data, in the order that it was
        self._next_write = monotonic() + FIRST_WRITE_SECONDS
        self._noted: set[str] = set()
        self._kept: set[str] = set()  # paths of models
        self._paced: Step | None = None
        self.epochs = 0
        run.at_end.append(self.finish)

    def steps_of(self, optimizer: Optimizer) -> Steps | None:
        """None: it did not step here before."""
        return self._steps.get(optimizer)

    @property
    def optimizers(self) -> int:
        return len(self._steps)

    def add(
        self, steps: Steps, optimizer: Optimizer, watch: Watch, *, place: int, has_closure: bool
    ) -> bool:
        """Whether the loop is to stop. It is called in every step: what it touches is what it
        costs, as the model has left nothing of ours in the processor's caches."""
        seconds = monotonic()
        number = steps.count  # and at once the next one: another thread may step meanwhile
        steps.count = number + 1
        is_due = seconds >= self._next_write
        passes, group = watch.passes, watch.group
        epoch = self._begin_epoch() if passes.open and passes.note_step() else None
        rate = optimizer.param_groups[0].get("lr")
        if type(rate) is not float:
            rate = rate_of(rate)
        norm = _norm(optimizer) if is_due or number == steps.first else None
        self._waiting.append((steps, number, seconds, rate, epoch, group, place, has_closure, norm))
        return is_due and self._write_due(group)

    def _begin_epoch(self) -> int:
        self.epochs += 1
        return self.epochs

    def _write_due(self, open_group: Group) -> bool:
        self.write(open_group=open_group)
        return _trains_alone() and stop_is_wanted(self._run)

    def evaluate(self, evaluation: Evaluation, criterion: str, loss: BatchLoss) -> None:
        if not evaluation.losses:
            self._evaluations.append(evaluation)
            evaluation.step = max((each.count for each in self._all), default=1) - 1
            evaluation.time_us = now_us()
        evaluation.losses.append(loss)
        evaluation.criteria.add(criterion)

    def write(self, *, open_group: Group | None = None, is_open: bool = True) -> None:
        """What waits, but for the steps of *open_group*, which may get more of them."""
        waiting, self._waiting = self._waiting, []
        ready, later = divided([Step._make(each) for each in waiting], open_group)
        self._waiting[:0] = later
        done = len(self._evaluations) - (1 if is_open else 0)
        evaluations, self._evaluations = self._evaluations[:done], self._evaluations[done:]
        points = Points()
        add_steps(points, ready, is_only=len(self._all) == 1)
        self._add_pace(points, ready)
        self._add_evaluations(points, evaluations)
        for key, (values, steps, times) in points.curves.items():
            self._run.log_curve(key, values, steps=steps, times=times)
        self._note_origins(points.curves)
        self._next_write = monotonic() + LIVE_SECONDS
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
        for steps in self._all:  # threads may know them still, and are not to hold models by that
            steps.around, steps.call = NOTHING, None

    # --- an optimizer that steps for the first time

    def begin(self, optimizer: Optimizer) -> Steps:
        self._let_go()
        around = surroundings_of(optimizer)
        steps = Steps(optimizer, around, name=self._free_name(around), add=self.add)
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
                    self._run,
                    length.steps,
                    noun="step",
                    may_end_early=length.may_end_early,
                    counted=steps.taken,
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

    def _add_pace(self, points: Points, ready: Sequence[Step]) -> None:
        """Of the first optimizer, since it was told last: evaluations between count as well."""
        own = [step for step in ready if step.of is self._all[0]]
        first, last = self._paced or next(iter(own), None), next(reversed(own), None)
        if first is None or last is None:
            return
        self._paced = last
        seconds = last.seconds - first.seconds
        if seconds > 0:
            key = last.of.named(PACE, is_only=len(self._all) == 1)
            pace = (last.number - first.number) / seconds
            points.add(key, pace, last.number, points.time_of(last))

    def _add_evaluations(self, points: Points, evaluations: Iterable[Evaluation]) -> None:
        for each in evaluations:
            if len(each.criteria) == 1:
                points.add(self._eval_key(each.data), each.mean(), each.step, each.time_us)

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
