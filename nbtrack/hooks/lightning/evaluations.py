"""Around `Trainer.validate` and `Trainer.test`: what they tell is of the run that trained the
module, or, if nobody knows that, of the active one and marked so.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.lightning.callback import package_of, recorder, recording
from nbtrack.hooks.lightning.fits import unwrapped
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.nesting import is_inside_recorded_call
from nbtrack.hooks.pytorch.hook import library as torch_library
from nbtrack.hooks.training.arguments import UsersArguments, users_arguments
from nbtrack.hooks.training.record import Record, recorded
from nbtrack.hooks.training.run_choice import FitRun, run_of_evaluation
from nbtrack.recording.active_run import ActiveRun


class EvaluationRecord(Record):
    """It ends no run, and is no reason for one to have failed."""

    def __init__(
        self, run: ActiveRun, trainer: Any, given: dict[str, Any], *, is_known: bool
    ) -> None:
        super().__init__(FitRun(run, ends_with_fit=False), "an evaluation", (trainer,), given)
        self._trainer, self._is_known = trainer, is_known
        self._recorder = recorder(package_of(trainer), run, torch_library.flags)

    def following(self) -> AbstractContextManager[object]:
        return recording(self._trainer, self._recorder)

    def write_result(self, result: Any) -> None:  # noqa: ARG002 - the recorder was told of it
        if not self._is_known:
            for key in self._recorder.points.keys:
                metric_log_of(self.run).mark_unknown(key)

    def fail(self, error: BaseException) -> None:
        """What was measured before is written."""


def _begin(
    original: Callable[..., Any], trainer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> EvaluationRecord | None:
    if is_inside_recorded_call():
        return None
    with guarded("record the evaluation of a Lightning module"):
        arguments = users_arguments(original, (trainer, *args), kwargs, is_method=True)
        if arguments is not None and trainer.is_global_zero:
            return _begun(trainer, arguments)
    return None


def _begun(trainer: Any, arguments: UsersArguments) -> EvaluationRecord | None:
    module = arguments.get("model")
    known = known_models.run_of(unwrapped(trainer.lightning_module if module is None else module))
    is_known = known is not None and not known.is_deleted
    run = known if is_known else run_of_evaluation(torch_library)
    given = {name: value for name, value in arguments.given.items() if name != "self"}
    return None if run is None else EvaluationRecord(run, trainer, given, is_known=is_known)


around_evaluation = recorded(_begin)
