"""What a learner calls in each epoch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastai.callback.core import Callback

from nbtrack.base.guard import guarded
from nbtrack.hooks.training.loop import Loop, numbers

RATE = "learning_rate"


class NbtrackCallback(Callback):  # type: ignore[misc]  # fastai ships no types for it
    """Behind the `Recorder`, which knows the values, and before those that act on them.

    It is a learner's for one call. The epochs of a `fine_tune`, which fits twice, are counted on.
    """

    order = 51

    def __init__(self, loop: Loop) -> None:
        super().__init__()
        # Not attributes of their own: fastai looks for each that is set in the learner first.
        self._nbtrack = {"loop": loop, "rate": None, "is_trained": False}

    def after_train(self) -> None:
        self._nbtrack["is_trained"] = True

    def after_epoch(self) -> None:
        """Of one that was skipped, or of a validation, there is nothing to say."""
        if self._nbtrack["is_trained"]:
            self._nbtrack["is_trained"] = False
            with guarded("follow the epochs of a training"):
                loop = self._nbtrack["loop"]
                loop.add(loop.first_step + self.learn.epoch, [*self._values(), *self._rate()])

    def after_fit(self) -> None:
        loop = self._nbtrack["loop"]
        loop.first_step = 0 if loop.last_step is None else loop.last_step + 1

    def _values(self) -> Iterator[tuple[str, str, float]]:
        recorder = self.learn.recorder
        for name, number in numbers(zip(recorder.metric_names[1:], recorder.values[-1])):
            yield "train" if name.startswith("train_") else "valid", name, number

    def _rate(self) -> Iterator[tuple[str, str, float]]:
        """That of the last layers, where it changes."""
        rate: Any = float(self.learn.opt.hypers[-1]["lr"])
        if rate != self._nbtrack["rate"]:
            self._nbtrack["rate"] = rate
            yield "", RATE, rate
