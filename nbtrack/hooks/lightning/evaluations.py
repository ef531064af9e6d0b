"""Around `Trainer.validate` and `Trainer.test`: what they tell is of the run that trained the
module, or, if nobody knows that, of the active one and marked so.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from nbtrack.hooks.lightning.callback import package_of, recorder, recording
from nbtrack.hooks.lightning.fits import unwrapped
from nbtrack.hooks.measured.known_models import known_models
from nbtrack.hooks.measured.metric_log import metric_log_of
from nbtrack.hooks.pytorch.hook import library as torch_library
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.beginning import around_users_calls
from nbtrack.hooks.training.record import Record
from nbtrack.hooks.training.run_choice import FitRun, run_of_evaluation
from nbtrack.recording.active_run import ActiveRun


class EvaluationRecord(Record):
    """It ends no run, and is no reason for one to have failed."""

    def __init__(self, run: ActiveRun, arguments: UsersArguments, *, is_known: bool) -> None:
        chosen = FitRun(run, ends_with_fit=False)
        super().__init__(chosen, "an evaluation", arguments.args, arguments.kwargs)
        self._trainer, self._is_known = arguments.get("self"), is_known
        self._recorder = recorder(package_of(self._trainer), run, torch_library.flags)

    def following(self) -> AbstractContextManager[object]:
        return recording(self._trainer, self._recorder)

    def write_result(self, result: Any) -> None:  # noqa: ARG002 - the recorder was told of it
        if not self._is_known:
            for key in self._recorder.points.keys:
                metric_log_of(self.run).mark_unknown(key)

    def fail(self, error: BaseException) -> None:
        """What was measured before is written."""


def _begin(arguments: UsersArguments) -> EvaluationRecord | None:
    trainer, module = arguments.get("self"), arguments.get("model")
    if not trainer.is_global_zero:
        return None
    known = known_models.run_of(unwrapped(trainer.lightning_module if module is None else module))
    is_known = known is not None and not known.is_deleted
    run = known if is_known else run_of_evaluation(torch_library)
    return None if run is None else EvaluationRecord(run, arguments, is_known=is_known)


around_evaluation = around_users_calls(
    "the evaluation of a Lightning module", torch_library, _begin, is_anywhere=True
)
