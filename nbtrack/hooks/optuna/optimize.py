"""Around `Study.optimize`: the objective is the user's code, called by Optuna for each trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.base.imported import imported
from nbtrack.base.plain_values import PLAIN
from nbtrack.errors import StopTraining
from nbtrack.hooks.optuna.hook import library
from nbtrack.hooks.optuna.study_run import StudyRun, study_name, study_params
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.beginning import around_users_calls, begun
from nbtrack.hooks.training.loop import Loop
from nbtrack.hooks.training.param_origins import param_origin
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.record import Record
from nbtrack.hooks.training.run_choice import FitRun
from nbtrack.hooks.training.stopping import stop_is_wanted
from nbtrack.hooks.unseen_frames import without_ours
from nbtrack.records.tags import FIT_TAG

_NO_SETTINGS = ("self", "func", "callbacks", "gc_after_trial", "show_progress_bar")


class Objective:
    """The user's function; each call of it is a trial, and gets a run."""

    def __init__(self, function: Callable[[Any], Any], study_run: StudyRun, loop: Loop) -> None:
        self._function, self._study_run, self._loop = function, study_run, loop
        self._ended = count(1)

    def __call__(self, trial: Any) -> Any:
        begun = self._study_run.begin(trial)
        try:
            returned = self._function(trial)
        except StopTraining as exc:  # of a loop in it: the study ends in good order
            pruned: Exception = imported("optuna.exceptions", "TrialPruned")(str(exc))
            if begun is not None:
                begun.end(begun.outcome_of_error(pruned), attributes=trial.user_attrs)
            raise pruned from None
        except BaseException as exc:
            exc.__traceback__ = without_ours(exc.__traceback__)
            if begun is not None:
                begun.end(begun.outcome_of_error(exc), attributes=trial.user_attrs)
            raise
        finally:
            self._trial_ended(trial.study)
        if begun is not None:
            begun.end(begun.outcome_of_return(returned), attributes=trial.user_attrs)
        return returned

    def _trial_ended(self, study: Any) -> None:
        self._loop.is_at(next(self._ended))
        with guarded("stop a study"):
            if stop_is_wanted(self._study_run.run):
                study.stop()


class StudyRecord(Record):
    """*arguments* are those of `optimize`."""

    def __init__(self, chosen: FitRun, study: Any, arguments: UsersArguments) -> None:
        given = {name: value for name, value in arguments.given.items() if name != "self"}
        super().__init__(chosen, "study.optimize", (study,), given)
        self.study, self.arguments = study, arguments
        self.study_run = StudyRun(self.run, study)
        self._loop = Loop(self.run)
        given["func"] = Objective(given["func"], self.study_run, self._loop)

    def write_beginning(self) -> None:
        params, origins = study_params(self.study)
        defaults, given = self.arguments.defaults, self.arguments.given
        settings = {k: v for k, v in {**defaults, **given}.items() if k not in _NO_SETTINGS}
        params |= {name: _text(value) for name, value in settings.items()}
        origins |= {name: param_origin(name, v, defaults[name]) for name, v in settings.items()}
        self.write(params, {FIT_TAG: _name(self.study, self.arguments)}, origins)

    @contextmanager
    def following(self) -> Iterator[None]:
        has_limit = self.arguments.get("timeout") is not None
        trials = self.arguments.get("n_trials")
        self._loop.expects(trials, noun="trial", may_end_early=has_limit)
        try:
            yield
        finally:
            self._loop.close()
            self.study_run.write_best(self.study)


def _begin(arguments: UsersArguments) -> Record | None:
    study = arguments.get("self")
    name = _name(study, arguments)
    return begun(library, name, lambda chosen: StudyRecord(chosen, study, arguments))


around_optimize = around_users_calls("a study", library, _begin)


def _name(study: Any, arguments: UsersArguments) -> str:
    """`optuna my-study n_trials=20`."""
    return study_name(study, {k: v for k, v in arguments.given.items() if type(v) in PLAIN})


def _text(value: Any) -> str:
    """Of `catch`, the names of its exceptions."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    return param_text(value)
