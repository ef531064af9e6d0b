"""What Trainer calls: its logs, once each, as points of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from transformers import TrainerCallback

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.known_models import ByModel
from nbtrack.hooks.training.loop import Loop
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

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self._begin()

    def on_log(self, _args: Any, state: Any, _control: Any, logs: Any, **_: Any) -> None:
        self._logs.take(state.global_step, logs)

    def on_predict(self, _args: Any, state: Any, _control: Any, metrics: Any, **_: Any) -> None:
        self._logs.take(state.global_step, metrics or {})


logs_of_trainers: ByModel[Logs] = ByModel()


@contextmanager
def following(
    trainer: Any, logs: Logs, *, begin: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """*begin* is called when all is set up and nothing is trained yet."""
    callback = LogsCallback(logs, begin)
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
