"""The callback that tells what a module logs, at the steps that Lightning's own loggers count.

It is the first of its trainer's callbacks. What the others and the module log in the same event is
therefore seen in the next one, when Lightning has put it with the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor

from nbtrack.base.guard import Guard, guarded
from nbtrack.base.imported import imported, is_instance
from nbtrack.hooks.lightning.checkpoints import Checkpoints
from nbtrack.hooks.lightning.hook import libraries
from nbtrack.hooks.lightning.points import Points
from nbtrack.hooks.lightning.rates import Rates
from nbtrack.hooks.lightning.settings import log_every, stopping_metrics, write_fit_settings
from nbtrack.hooks.pytorch.first_call import FirstCall
from nbtrack.hooks.pytorch.hook import Flags
from nbtrack.hooks.pytorch.ranks import other_rank, tell_ranks
from nbtrack.hooks.training.stopping import stop_is_wanted
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.run_writer import RunWriter
from nbtrack.records.origins import Origin, Origins, all_of

_STEP = Guard("record a step of a Lightning fit")
# Lightning calls these without a look whether there is anything to call.
_NEEDED = ("on_save_checkpoint", "on_load_checkpoint")


class Recorder:
    """Of one call of a trainer. *package* is the trainer's; what it is sent to another process as
    begins anew there."""

    def __init__(self, package: str, run: RunWriter, flags: Flags) -> None:
        self._made_of = package, run, flags
        self._run, self._flags = run, flags
        self.points = Points(run)
        self._rates = Rates(package)
        self._checkpoints = Checkpoints(run, flags)
        self._held: dict[str, Tensor] = {}  # of the step that goes on
        self._step = 0
        self._every = 1  # of so many steps one is recorded
        self._ended_epoch: int | None = None  # what it logged as a whole is yet to come
        self._evaluated: dict[int, int] = {}  # batches, by the number of their loader
        self._loaders: set[int] = set()  # begun in this evaluation, but for the first
        self._of_loaders: dict[str, Tensor] = {}  # what those that are done have come to
        self._is_fit = False
        self.error: BaseException | None = None
        self.first_call: FirstCall | None = None  # of the module
        if isinstance(flags.checkpoint_save_freq, int):
            self.on_train_batch_end = self._save_after_steps

    def __reduce__(self) -> tuple[Any, ...]:
        return recorder, self._made_of

    def close(self) -> None:
        if self.first_call is not None:
            self.first_call.close()
        if self.points.is_silent:
            with guarded("end the run of another rank"):
                other_rank().end()
        with guarded("write what a Lightning module logged"):
            self.points.write()

    # --- what Lightning calls in a fit

    def on_fit_start(self, trainer: Any, module: Any) -> None:
        with guarded("record the settings of a Lightning fit"):
            self._is_fit = True
            self._every = log_every(trainer, self._flags)
            if trainer.is_global_zero:
                tell_ranks(self._run)
                write_fit_settings(self._run, trainer, module)
                self.first_call = FirstCall(module)
            else:
                self.points.is_silent = True

    def _look_whether_to_stop(self, trainer: Any) -> None:
        """After this batch. Of several processes one alone must not: the others would wait."""
        run = self._run
        if trainer.world_size == 1 and isinstance(run, ActiveRun) and stop_is_wanted(run):
            trainer.should_stop = True

    def on_train_start(self, trainer: Any, module: Any) -> None:  # noqa: ARG002 - Lightning's
        with _STEP:
            self._step = _stepped(trainer)
            self._rates.begin(trainer)

    def on_train_epoch_start(self, trainer: Any, module: Any) -> None:  # noqa: ARG002
        with _STEP:
            self._end_epoch(_logged(trainer))

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, place: int) -> None:  # noqa: ARG002
        with _STEP:
            if place == 1 and self.first_call is not None:
                self.first_call.close()  # it may be one that is never called as a whole
            self._held.update(self.points.fresh(_logged(trainer)))
            self._end_step(_stepped(trainer))
            self._look_whether_to_stop(trainer)
            if self.points.is_silent:
                other_rank().look()

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:  # noqa: ARG002
        with _STEP:
            self._held.update(self.points.fresh(_logged(trainer)))
            self._end_step(_stepped(trainer))
            self._ended_epoch = trainer.current_epoch
        if self._flags.checkpoint_save_freq == "epoch":
            self._checkpoints.save(trainer)

    def on_train_end(self, trainer: Any, module: Any) -> None:  # noqa: ARG002
        with guarded("record the end of a Lightning fit"):
            self._end_epoch(_logged(trainer))
            self.points.write()
            if self.points.is_silent:
                other_rank().end()
            elif found := stopping_metrics(trainer):
                self._run.log_metrics(found)
                self._run.note_origins(Origins(metrics=all_of(found, Origin.BOOKKEEPING)))

    def on_exception(self, trainer: Any, module: Any, exception: BaseException) -> None:  # noqa: ARG002
        """What was logged in the batch that it came from is kept too."""
        self.error = exception
        with guarded("record what was logged before an exception"):
            # To look deeper could wait for other processes.
            is_alone = trainer.training and trainer.world_size == 1
            logged = trainer.logged_metrics if is_alone else _logged(trainer)
            self._end_epoch(logged)
            self._held.update(self.points.fresh(logged))
            self._end_step(self._step + 1)
        self.close()

    def _save_after_steps(self, trainer: Any, *_: Any) -> None:
        step = trainer.global_step
        if step and step % int(self._flags.checkpoint_save_freq) == 0:
            self._checkpoints.save(trainer)

    # --- and in an evaluation, which may be in a fit

    def on_validation_start(self, trainer: Any, module: Any) -> None:  # noqa: ARG002
        """In the middle of a step, when its batch is done."""
        with _STEP:
            self._held.update(self.points.fresh(_logged(trainer)))

    def on_validation_batch_start(
        self,
        trainer: Any,
        module: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        place: int,  # noqa: ARG002
        dataloader_idx: int = 0,
    ) -> None:
        """With the first batch of a loader it is known what the loader before came to."""
        if dataloader_idx and dataloader_idx not in self._loaders and not trainer.sanity_checking:
            with _STEP:
                self._loaders.add(dataloader_idx)
                self._of_loaders.update(self.points.fresh(_logged(trainer)))

    def on_validation_batch_end(
        self,
        trainer: Any,
        module: Any,  # noqa: ARG002
        outputs: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        place: int,  # noqa: ARG002
        dataloader_idx: int = 0,
    ) -> None:
        """What is logged of a batch alone stands at the number of that batch, as for loggers."""
        with _STEP:
            if not trainer.sanity_checking:
                number = self._evaluated.get(dataloader_idx, 0)
                self._evaluated[dataloader_idx] = number + 1
                fresh = self.points.fresh(trainer.logged_metrics)
                self.points.add(fresh, number, Origin.MEASURED)

    def on_validation_end(self, trainer: Any, module: Any) -> None:  # noqa: ARG002
        with _STEP:
            if not trainer.sanity_checking:
                found = {**self._of_loaders, **self.points.fresh(_logged(trainer))}
                self._loaders, self._of_loaders = set(), {}
                if not self._is_fit or self._is_due(trainer.current_epoch):
                    self.points.add(found, _stepped(trainer), Origin.MEASURED)

    on_test_batch_start, on_test_batch_end = on_validation_batch_start, on_validation_batch_end
    on_test_end = on_validation_end

    # --- what they have in common

    def _end_step(self, next_step: int) -> None:
        """Of batches whose gradients are accumulated the last one counts, as for loggers."""
        held, self._held = self._held, {}
        if next_step > self._step:
            if held and (self._step + 1) % self._every == 0:
                self.points.add(held, self._step, Origin.TRAINING)
            self.points.add(self._rates.fresh(), self._step, Origin.BOOKKEEPING)
            self._step = next_step

    def _end_epoch(self, logged: Mapping[str, Any]) -> None:
        """What Lightning computes of a whole epoch belongs to its last step."""
        epoch, self._ended_epoch = self._ended_epoch, None
        if epoch is not None and self._is_due(epoch):
            step = max(self._step - 1, 0)
            self.points.add(self.points.fresh(logged), step, Origin.TRAINING)
            if "epoch" not in logged:
                number = torch.tensor(float(epoch))
                self.points.add({"epoch": number}, step, Origin.BOOKKEEPING)

    def _is_due(self, epoch: int) -> bool:
        return (epoch + 1) % max(self._flags.log_every_n_epoch or 1, 1) == 0


class RankRecorder:
    """In a process that is not the first of those that train one module, and began by itself."""

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, place: int) -> None:  # noqa: ARG002
        with guarded("record the machine of another rank"):
            other_rank().look()

    def close(self) -> None:
        """Its run ends with the call of the trainer."""


def recorder(package: str, run: RunWriter, flags: Flags) -> Recorder:
    made: Recorder = _kind(package, Recorder)(package, run, flags)
    return made


def recording_rank(trainer: Any) -> AbstractContextManager[None]:
    return recording(trainer, _kind(package_of(trainer), RankRecorder)())


@contextmanager
def recording(trainer: Any, found: Recorder | RankRecorder) -> Iterator[None]:
    """While it goes on *found* is the first of the trainer's callbacks."""
    with guarded("follow a call of a Lightning trainer"):
        trainer.callbacks.insert(0, found)
    try:
        yield
    finally:
        with guarded("stop following a call of a Lightning trainer"):
            _take_out(trainer.callbacks, found)
        found.close()


def _take_out(callbacks: list[Any], found: object) -> None:
    """The list may be another one than before: a module that brings callbacks makes one."""
    for place, each in enumerate(callbacks):
        if each is found:
            del callbacks[place]
            return


def package_of(trainer: Any) -> str:
    """That of its class. Another package's callbacks are none to a trainer."""
    return next(name for name in libraries if is_instance(trainer, name, "Trainer"))


@cache
def _kind(package: str, of: type) -> Any:
    """Events that it does not take are no functions: so Lightning does not call them at all."""
    base = imported(package, "Callback")
    events = [name for name in vars(base) if name.startswith("on_") and name not in _NEEDED]
    unused = {name: None for name in events if not hasattr(of, name)}
    return type(f"Nbtrack{of.__name__}", (of, base), unused)


def _logged(trainer: Any) -> Mapping[str, Any]:
    """As it is: to ask for it in public computes what there is of an epoch so far."""
    found: Mapping[str, Any] = trainer._logger_connector._logged_metrics
    return found


def _stepped(trainer: Any) -> int:
    """How many batches ended with a step; `global_step` counts those of each optimizer."""
    return int(trainer.fit_loop.epoch_loop._batches_that_stepped)
