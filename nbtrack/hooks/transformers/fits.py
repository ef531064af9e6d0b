"""Around `Trainer.train`.

| recorded       | is                                                                            |
|----------------|-------------------------------------------------------------------------------|
| params         | TrainingArguments, the model's config, early stopping, sizes of the data      |
| metrics        | every number that Trainer logs, by `global_step` and the name it has there;   |
|                | `best_iteration`, `best_score`, `stopped_iteration`, if it looks for the best |
| tags           | the class of the model, its best checkpoint                                   |
| model          | as it is afterwards: the best one, with `load_best_model_at_end`              |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbtrack.base.guard import guarded, warn_once
from nbtrack.capture.naming import estimator_name
from nbtrack.hooks.measured.known_models import Trained, known_models
from nbtrack.hooks.pytorch.ranks import rank_record
from nbtrack.hooks.quiet import no_warnings
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.beginning import around_users_calls, begun
from nbtrack.hooks.training.models import log_trained, register
from nbtrack.hooks.training.record import Record
from nbtrack.hooks.training.run_choice import FitRun, names_of
from nbtrack.hooks.transformers.callback import Logs, following, following_rank, logs_of_trainers
from nbtrack.hooks.transformers.hook import library
from nbtrack.hooks.transformers.params import chosen, params_of
from nbtrack.models.folder import FlavorParts
from nbtrack.recording.session import current_session
from nbtrack.records.tags import FIT_TAG

CHECKPOINT_TAG = "best_model_checkpoint"


class TrainingRecord(Record):
    def __init__(self, fit_run: FitRun, trainer: Any, arguments: UsersArguments) -> None:
        what = f"the training of {_kind(trainer)}"
        super().__init__(fit_run, what, arguments.args, {**arguments.kwargs})
        self.trainer, self.flags = trainer, library.flags
        self.logs = Logs(self.run)
        self._tags: dict[str, str] = {}

    def write_beginning(self) -> None:
        self._write_known()

    @contextmanager
    def following(self) -> Iterator[None]:
        logs_of_trainers.remember(self.trainer, self.logs)
        try:
            with following(self.trainer, self.logs, begin=self._write_known):
                yield
        finally:
            self._tell_best()
            self.logs.loop.close()

    def write_result(self, result: Any) -> None:  # noqa: ARG002 - all of it was logged
        for known in (self.trainer, self.trainer.model):
            known_models.remember(known, Trained(self.run, lambda: library.flags))
        if self.flags.log_models and not _is_divided(self.trainer):
            with guarded(f"keep the model of {self.what}"), no_warnings():
                self._write_model()

    def _write_known(self) -> None:
        """What is new: when it has begun, a trial of a search has chosen its arguments and made its
        model."""
        with guarded(f"record the params of {self.what}"):
            known = self.run.logged.params
            found = {k: v for k, v in params_of(self.trainer).items() if known.get(k) != v[0]}
            tags = {**_names_of(self.trainer), FIT_TAG: _name(self.trainer)}
            if found or tags != self._tags:
                self._tags = tags
                texts = {key: text for key, (text, _) in found.items()}
                self.write(texts, tags, {key: origin for key, (_, origin) in found.items()})

    def _tell_best(self) -> None:
        with guarded(f"tell the best step of {self.what}"):
            state, loop = self.trainer.state, self.logs.loop
            if state.best_metric is None or loop.last_step is None:
                return  # or it is the training before, if this one did not begin
            loop.best_score = float(state.best_metric)
            loop.best_iteration = getattr(state, "best_global_step", None)
            if state.best_model_checkpoint is not None:
                self.run.set_tag(CHECKPOINT_TAG, state.best_model_checkpoint)

    def _write_model(self) -> None:
        info = log_trained(
            self.run,
            self.trainer.model,
            lambda: _parts_of_model(self.trainer),
            self.flags,
            rows=None,
            predict=None,
        )
        register(self.run, info, self.flags.registered_model_name)


def _begin(arguments: UsersArguments) -> Record | None:
    trainer = arguments.get("self")
    if not trainer.is_world_process_zero():
        return rank_record("Trainer.train", arguments, lambda: following_rank(trainer))
    return begun(library, _name(trainer), lambda run: TrainingRecord(run, trainer, arguments))


def _name(trainer: Any) -> str:
    """`BertForSequenceClassification learning_rate=0.001`."""
    return estimator_name(_kind(trainer), chosen(trainer))


def _kind(trainer: Any) -> str:
    return type(trainer if trainer.model is None else trainer.model).__name__


def _names_of(trainer: Any) -> dict[str, str]:
    """A search lets go of the model of one trial before the next."""
    return {} if trainer.model is None else names_of(trainer.model)


def _is_divided(trainer: Any) -> bool:
    """Whether each process has a part of the model: one alone cannot save it, and would wait for
    the others for ever."""
    names = ("is_fsdp_enabled", "is_deepspeed_enabled")
    if not any(getattr(trainer, name, False) for name in names):
        return False
    warn_once(
        f"nbtrack: {_kind(trainer)} lies in several processes and is not kept with its run; "
        "Trainer.save_model, called in all of them, saves it."
    )
    return True


def _parts_of_model(trainer: Any) -> FlavorParts:
    """Trainer trains any module of torch that answers with a loss."""
    with current_session().set_up:
        from nbtrack.models.flavours import pytorch, transformers

    if not transformers.is_own(trainer.model):
        return pytorch.parts_of(trainer.model)
    # The tokenizer, or what there is in its place; older versions call it so.
    older = getattr(trainer, "tokenizer", None)
    return transformers.parts_of_trained(
        trainer.model, getattr(trainer, "processing_class", None) or older
    )


around_train = around_users_calls("the training of a Trainer", library, _begin)
