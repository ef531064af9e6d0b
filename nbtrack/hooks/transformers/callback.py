"""What Trainer calls: its logs, once each, as points of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from transformers import EarlyStoppingCallback, TrainerCallback

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.known_models import ByModel
from nbtrack.hooks.pytorch.ranks import other_rank, tell_ranks
from nbtrack.hooks.training.loop import Loop
from nbtrack.hooks.training.stopping import stop_is_wanted
from nbtrack.recording.active_run import ActiveRun


class Logs:
    """Of one Trainer, on one run."""

    def __init__(self, run: ActiveRun) -> None:
        self.run = run
        self.loop = Loop(run)
        self._newest: dict[str, tuple[int, float]] = {}

    def take(self, step: int, logs: Mapping[str, Any]) -> None:
        """Trainer tells the epoch with every log, and a log of an evaluation again if asked to."""
        with guarded("follow the logs of a Trainer"):
            new = {k: v for k, v in _numbers(logs) if self._newest.get(k) != (step, v)}
            self._newest |= {name: (step, value) for name, value in new.items()}
            self.loop.add_named(step, new)

    def begin_again(self) -> None:
        """After the training: an evaluation."""
        self.loop = Loop(self.run)


class LogsCallback(TrainerCallback):  # type: ignore[misc]  # its types take long to read
    """To be the first one: another may take from the logs, as PrinterCallback does."""

    def __init__(self, logs: Logs, begin: Callable[[], None]) -> None:
        self._logs, self._begin = logs, begin
        self._first_step = 0  # of this training
        self.may_end_early = False

    def on_train_begin(self, _args: Any, state: Any, *_: Any, **__: Any) -> None:
        self._begin()
        with guarded("tell the other ranks of a run"):
            tell_ranks(self._logs.run)
        with guarded("tell how long a Trainer trains"):
            self._first_step = state.global_step  # of one that goes on with a checkpoint
            total = state.max_steps - self._first_step
            self._logs.loop.expects(total, noun="step", may_end_early=self.may_end_early)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._logs.loop.is_at(state.global_step - self._first_step)
        # Of several processes one alone must not stop: the others would wait for it.
        if args.world_size == 1 and stop_is_wanted(self._logs.run):
            control.should_training_stop = True

    def on_log(self, _args: Any, state: Any, _control: Any, logs: Any, **_: Any) -> None:
        self._logs.take(state.global_step, logs)

    def on_predict(self, _args: Any, state: Any, _control: Any, metrics: Any, **_: Any) -> None:
        self._logs.take(state.global_step, metrics or {})


class RankCallback(TrainerCallback):  # type: ignore[misc]  # its types take long to read
    """In a process that is not the first of those that train one model."""

    def on_step_end(self, *_: Any, **__: Any) -> None:
        with guarded("record the machine of another rank"):
            other_rank().look(flavor="transformers")


logs_of_trainers: ByModel[Logs] = ByModel()


@contextmanager
def following(
    trainer: Any, logs: Logs, *, begin: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """*begin* is called when all is set up and nothing is trained yet."""
    callback = LogsCallback(logs, begin)
    with guarded("look whether a Trainer may end early"):
        callbacks = trainer.callback_handler.callbacks
        callback.may_end_early = any(isinstance(c, EarlyStoppingCallback) for c in callbacks)
    with _first(trainer, callback):
        yield


def following_rank(trainer: Any) -> AbstractContextManager[None]:
    return _first(trainer, RankCallback())


@contextmanager
def _first(trainer: Any, callback: TrainerCallback) -> Iterator[None]:
    """Of the trainer's callbacks."""
    with guarded("follow a Trainer"):
        trainer.callback_handler.callbacks.insert(0, callback)
    try:
        yield
    finally:
        with guarded("leave a Trainer"):
            trainer.remove_callback(callback)


def _numbers(logs: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in logs.items():
        if hasattr(value, "item") and not getattr(value, "shape", ()):
            value = value.item()
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)
