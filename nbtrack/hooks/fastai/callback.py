"""What a learner calls in each epoch."""

from __future__ import annotations

from fastai.callback.core import Callback, CancelFitException

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.loop import Loop, numbers

RATE = "learning_rate"


class _State:
    """Apart from the callback, each of whose attributes fastai looks for in the learner."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.rate: float | None = None
        self.is_trained = False  # the epoch
        self.is_begun = False  # one batch has come


class NbtrackCallback(Callback):  # type: ignore[misc]  # fastai ships no types for it
    """Behind the `Recorder`, which knows the values, and before those that act on them.

    It is a learner's for one call. The epochs of a `fine_tune`, which fits twice, are counted on.
    """

    order = 51

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._nbtrack = _State(loop)

    def before_batch(self) -> None:
        """The user wants it to end: here, when everybody has seen the batch before."""
        state = self._nbtrack
        if state.is_begun and state.loop.stop_is_wanted():
            raise CancelFitException
        state.is_begun = True

    def after_train(self) -> None:
        self._nbtrack.is_trained = True

    def after_epoch(self) -> None:
        """Of one that was skipped, or of a validation, there is nothing to say."""
        state = self._nbtrack
        if state.is_trained:
            state.is_trained = False
            with guarded("follow the epochs of a training"):
                step = state.loop.first_step + self.learn.epoch
                state.loop.add_named(step, self._values() | self._rate())

    def after_fit(self) -> None:
        loop = self._nbtrack.loop
        loop.first_step = 0 if loop.last_step is None else loop.last_step + 1

    def _values(self) -> dict[str, float]:
        recorder = self.learn.recorder
        return dict(numbers(zip(recorder.metric_names[1:], recorder.values[-1])))

    def _rate(self) -> dict[str, float]:
        """That of the last layers, where it changes."""
        rate = float(self.learn.opt.hypers[-1]["lr"])
        if rate == self._nbtrack.rate:
            return {}
        self._nbtrack.rate = rate
        return {RATE: rate}
