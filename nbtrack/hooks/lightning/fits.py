"""Around `Trainer.fit`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from nbtrack.base.guard import guarded, warn_once
from nbtrack.capture.naming import estimator_name
from nbtrack.hooks.lightning.callback import package_of, recorder, recording, recording_rank
from nbtrack.hooks.lightning.checkpoints import keep_users_best
from nbtrack.hooks.lightning.hook import libraries
from nbtrack.hooks.lightning.settings import chosen, hyperparameters
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.pytorch.hook import library as torch_library
from nbtrack.hooks.pytorch.models import keep_model
from nbtrack.hooks.pytorch.ranks import rank_record
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.beginning import around_users_calls, begun
from nbtrack.hooks.training.record import Record
from nbtrack.hooks.training.run_choice import FitRun, names_of
from nbtrack.records.tags import FIT_TAG


class FitRecord(Record):
    def __init__(self, chosen: FitRun, trainer: Any, arguments: UsersArguments) -> None:
        super().__init__(chosen, "Trainer.fit", arguments.args, arguments.kwargs)
        self.trainer, self.flags = trainer, torch_library.flags
        self.module = unwrapped(arguments.get("model"))
        self._data = _data_modules(arguments)
        self._recorder = recorder(package_of(trainer), self.run, self.flags)

    def write_beginning(self) -> None:
        params, origins = hyperparameters(*self._data, self.module)
        tags = {**names_of(self.module), FIT_TAG: _name(self.module)}
        self.write(params, tags, origins)

    def following(self) -> AbstractContextManager[object]:
        return recording(self.trainer, self._recorder)

    def finish(self, result: Any) -> None:
        """Lightning may take an interrupt for an end like any other."""
        error = self._recorder.error
        if error is None:
            super().finish(result)
        else:
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """An interrupt comes out of Lightning as an exit of the process."""
        self._remember()
        interrupt = self._recorder.error
        super().fail(interrupt if isinstance(interrupt, KeyboardInterrupt) else error)

    def write_result(self, result: Any) -> None:  # noqa: ARG002 - there is none
        self._remember()
        with no_warnings(), guarded("record the model of a Lightning fit"):
            self._keep_model()

    def _remember(self) -> None:
        """Also what a fit has left that did not end well: it can be tested, too."""
        with guarded("keep the best checkpoint of a Lightning fit"):
            keep_users_best(self.run, self.trainer, self.flags)
        known_models.remember(self.module, Trained(self.run, lambda: torch_library.flags))

    def _keep_model(self) -> None:
        if self.trainer.strategy.restore_checkpoint_after_setup:
            warn_once("nbtrack: a model that is divided among devices is not kept as an artifact.")
            return
        keep_model(self.run, self.module, self._recorder.first_call, self.flags)


def _begin(arguments: UsersArguments) -> Record | None:
    trainer = arguments.get("self")
    if not trainer.is_global_zero:
        return rank_record("Trainer.fit", arguments, lambda: recording_rank(trainer))
    libraries[package_of(trainer)].say_if_untested()
    name = _name(unwrapped(arguments.get("model")))
    return begun(
        torch_library, name, lambda run: FitRecord(run, trainer, arguments), flavor="pytorch"
    )


around_fit = around_users_calls("Trainer.fit", torch_library, _begin)


def unwrapped(module: Any) -> Any:
    """What is in a compiled one."""
    return getattr(module, "_orig_mod", module)


def _name(module: Any) -> str:
    """`LitClassifier lr=0.1`."""
    return estimator_name(type(module).__name__, chosen(module))


def _data_modules(given: UsersArguments) -> list[Any]:
    """One may be given as if it were a loader."""
    found = (given.get("datamodule"), given.get("train_dataloaders"))
    return [each for each in found if hasattr(each, "hparams")]
