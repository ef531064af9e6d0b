"""Around `Trainer.evaluate` and `Trainer.predict`: their numbers go to the run of the training, or
to the one that is active, if nothing was trained. Those within a training are a part of it, and
come here no more than any call within another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.callers import users_frame
from nbtrack.hooks.measured.predictions import remember
from nbtrack.hooks.measured.users_call import UsersCall
from nbtrack.hooks.training.run_choice import run_of_evaluation
from nbtrack.hooks.transformers.callback import Logs, following, logs_of_trainers
from nbtrack.hooks.transformers.hook import library


def around_evaluate(
    original: Callable[..., Any], trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    with _followed(trainer):
        return original(trainer, *args, **kwargs)


def around_predict(
    original: Callable[..., Any], trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    with _followed(trainer):
        result = original(trainer, *args, **kwargs)
    with guarded("remember which model made a prediction"):
        if (frame := users_frame()) is not None:
            call = UsersCall(frame, original, args, kwargs)
            remember(call, trainer, result.predictions, asked_about=None)
    return result


@contextmanager
def _followed(trainer: Any) -> Iterator[None]:
    logs = None
    with guarded("find the run of an evaluation"):
        logs = _logs_of(trainer)
    if logs is None:
        yield
        return
    logs.begin_again()
    try:
        with following(trainer, logs):
            yield
    finally:
        logs.loop.close()


def _logs_of(trainer: Any) -> Logs | None:
    if not trainer.is_world_process_zero():
        return None
    known = logs_of_trainers.find(trainer)
    if known is not None and not known.run.is_deleted:
        return known
    run = run_of_evaluation(library)
    return None if run is None else Logs(run)
