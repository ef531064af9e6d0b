"""Around a training: the outermost call is recorded, and goes on as if nobody looked.

What is known before is written before: a training that takes the process with it leaves its
params.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.patching import Around
from nbtrack.hooks.training.run_choice import FitRun
from nbtrack.journal.lines import now_us
from nbtrack.records.origins import Origin, Origins
from nbtrack.records.runs import Param, RunStatus, RunTag

FIT_ERROR_TAG = "nbtrack.fit_error"
MOST_ERROR = 500  # characters


class Record:
    """One outermost training, from before it begins to after it has ended.

    *args* and *kwargs* are what the user passed, with the instance if it is a method of one; the
    framework is given those, or what a subclass makes of them.
    """

    seconds = 0.0  # that the training took

    def __init__(self, chosen: FitRun, what: str, args: Any, kwargs: dict[str, Any]) -> None:
        self.run, self._ends_with_fit = chosen
        self.what = what  # is trained, in messages
        self.args, self.kwargs = args, kwargs

    def write_beginning(self) -> None:
        """What is known before."""

    def following(self) -> AbstractContextManager[object]:
        """What is done while it runs."""
        return nullcontext()

    def write_result(self, result: Any) -> None:
        """What is known when it is over."""

    def write(
        self, params: Mapping[str, str], tags: Mapping[str, str], origins: Mapping[str, Origin]
    ) -> None:
        """*origins* are those of *params*."""
        self.run.hook_params.update(params)
        self.run.log_batch(
            params=[Param(key=key, value=value) for key, value in params.items()],
            tags=[RunTag(key=key, value=value) for key, value in tags.items()],
        )
        self.run.note_origins(Origins(params={k: o for k, o in origins.items() if k in params}))

    def begin(self) -> None:
        try:
            with guarded(f"record the beginning of {self.what}"):
                self.write_beginning()
        except BaseException as exc:  # the user interrupts us
            self.fail(exc)
            raise

    def fail(self, error: BaseException) -> None:
        ended_us = now_us()
        with guarded(f"record that {self.what} failed"):
            text = f"{self.what}: {type(error).__name__}: {error}"
            self.run.set_tag(FIT_ERROR_TAG, text[:MOST_ERROR])
        is_interrupt = isinstance(error, KeyboardInterrupt)
        self._end(RunStatus.KILLED if is_interrupt else RunStatus.FAILED, ended_us)

    def finish(self, result: Any) -> None:
        ended_us = now_us()
        try:
            with guarded(f"record {self.what}"):
                self.write_result(result)
        finally:  # also when the user interrupts us
            self._end(RunStatus.FINISHED, ended_us)

    def _end(self, status: RunStatus, ended_us: int) -> None:
        if self._ends_with_fit:
            with guarded(f"end the run of {self.what}"):
                self.run.end(status, end_us=ended_us)


# (original, instance or None, args, kwargs); None: not to be recorded, or it cannot be.
Begin = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Record | None]


def recorded(begin: Begin) -> Around:
    """What to put around a training that *begin* makes the record of."""

    # The framework is called from here and nowhere deeper: `patching` hides this frame alone.
    def around(
        original: Callable[..., Any], instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        record = begin(original, instance, args, kwargs)
        if record is None:
            return original(*(args if instance is None else (instance, *args)), **kwargs)
        began = time.perf_counter()
        try:
            with record.following():
                result = original(*record.args, **record.kwargs)
        except BaseException as exc:
            record.fail(exc)
            raise
        record.seconds = time.perf_counter() - began
        record.finish(result)
        return result

    return around
