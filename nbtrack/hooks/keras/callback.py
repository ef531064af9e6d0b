"""What Keras calls in each epoch, or at each step if that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.loop import Loop, numbers

RATE = "learning_rate"  # what Keras calls it in logs


class LoopCallback(keras.callbacks.Callback):  # type: ignore[misc]  # keras ships no types for it
    """To be the first one, so that it is told of an epoch in which another one fails.

    The logs of an epoch are read when all callbacks have seen them: as in `History`, what they
    add to them counts.
    """

    def __init__(self, loop: Loop, *, begun: Callable[[Any], None]) -> None:
        super().__init__()
        self._loop, self._begun = loop, begun
        self._waiting: tuple[int, Mapping[str, Any]] | None = None
        self._rate: float | None = None
        self._first_epoch: int | None = None
        self._has_begun = False

    def on_train_begin(self, logs: Any = None) -> None:  # noqa: ARG002 - as Keras calls it
        self._tell_begun()

    def _tell_begun(self) -> None:
        """When all layers are known: by TensorFlow that may be in the first step."""
        if not self._has_begun and getattr(self.model, "built", True):
            self._has_begun = True
            self._begun(self.model)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.flush()
        if self._first_epoch is None:
            self._first_epoch = epoch
            with guarded("tell how many epochs there will be"):
                total = self.params["epochs"] - epoch
                self._loop.expects(total, noun="epoch", may_end_early=True)

    def _note_end(self, epoch: int) -> None:
        """Of an epoch: how far it is, and whether it is to be the last one."""
        self._tell_begun()
        with guarded("tell how far a training is"):
            self._loop.is_at(epoch - (self._first_epoch or 0) + 1)
            if self._loop.stop_is_wanted():
                self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.flush()
        self._note_end(epoch)
        with guarded("follow the epochs of a training"):
            self._note_rate(epoch)
            self._waiting = epoch, {} if logs is None else logs

    def flush(self) -> None:
        """What is known of the last epoch."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            epoch, logs = waiting
            self._loop.add_named(epoch, values_in(logs))

    def _note_rate(self, epoch: int) -> None:
        """Where it changes; the first one too."""
        rate = rate_of(self.model)
        if rate is not None and rate != self._rate:
            self._rate = rate
            self._loop.add_named(epoch, {RATE: rate})


class StepCallback(LoopCallback):
    """Of every *every*-th step; a class of its own, since Keras asks who looks at steps."""

    def __init__(self, loop: Loop, *, begun: Callable[[Any], None], every: int) -> None:
        super().__init__(loop, begun=begun)
        self._every = every

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._note_end(epoch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
        with guarded("follow the steps of a training"):
            step = int(self.model.optimizer.iterations)
            if step % self._every == 0 and logs:
                self._loop.add_named(step, values_in(logs))


def values_in(logs: Mapping[str, Any]) -> dict[str, float]:
    """What is a number in *logs*, but for the rate."""
    return {name: number for name, number in numbers(logs.items()) if name != RATE}


def rate_of(model: Any) -> float | None:
    optimizer = getattr(model, "optimizer", None)
    rate = getattr(optimizer, RATE, None)
    return None if rate is None else float(rate)
