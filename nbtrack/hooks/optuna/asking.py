"""Around `Study.ask` and `Study.tell`: from the one to the other a trial is a run.

It is the active one, unless the same thread has asked for several: then nobody can say which of
them something that is logged belongs to, and the run around them takes it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from threading import RLock
from typing import Any

from nbtrack.base.guard import guarded
from nbtrack.hooks.measured.known_models import ByModel
from nbtrack.hooks.nesting import is_inside_recorded_call
from nbtrack.hooks.optuna.hook import library
from nbtrack.hooks.optuna.study_run import StudyRun, study_name, study_params
from nbtrack.hooks.optuna.trials import TrialRun
from nbtrack.hooks.training.run_choice import FitRun, choose_run
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.run_part import RunPart
from nbtrack.recording.session import current_session
from nbtrack.records.origins import Origins
from nbtrack.records.runs import RunStatus
from nbtrack.records.tags import FIT_TAG


class _Asked:
    """What a study was asked for where *around* is the active run."""

    def __init__(self, study: Any, chosen: FitRun, *, around: ActiveRun | None) -> None:
        self.run, self._around = chosen.run, around
        is_part = isinstance(chosen.run, RunPart)
        self._ends_here = chosen.ends_with_fit and not is_part
        self._study_run = StudyRun(self.run, study)
        self._open: dict[int, TrialRun] = {}  # by number
        if is_part:
            current_session().stack.when_cell_ends(self.run.end)

    def is_here(self, active: ActiveRun | None) -> bool:
        known = (self._around, self.run, *(trial.run for trial in list(self._open.values())))
        return any(run is active for run in known)

    def begin(self, trial: Any) -> None:
        stack, here = current_session().stack, threading.get_ident()
        others = [each for each in list(self._open.values()) if each.thread == here]
        for each in others:
            stack.pop(each.run)
        begun = self._study_run.begin(trial)
        if begun is not None:
            self._open[begun.number] = begun
            begun.note_params(trial.params)  # of distributions that were fixed before
            if others:
                stack.pop(begun.run)

    def end(self, study: Any, told: Any) -> None:
        trial = self._open.pop(told.number, None)
        if trial is None:  # of another process, or it was told before
            return
        trial.note_params(told.params)
        trial.end(trial.outcome_told(told), attributes=told.user_attrs)
        self._study_run.write_best(study)
        if self._ends_here and not self._open:
            self._end()

    def _end(self) -> None:
        """Nobody says which trial is the last one: so each may be, and the end moves on."""
        if self.run.is_open:
            self.run.end()
            return
        t = self.run.later_us()
        text = lines.run_line(self.run.run_id, t=t, status=RunStatus.FINISHED, end_us=now_us())
        self.run.log_lines(text)


_known: ByModel[_Asked] = ByModel()
_choosing = RLock()


def around_ask(
    original: Callable[..., Any], study: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    trial = original(study, *args, **kwargs)
    if not is_inside_recorded_call() and library.switch.records_here:
        with guarded("record a trial"), _choosing:
            if (asked := _asked_here(study)) is not None:
                asked.begin(trial)
    return trial


def around_tell(
    original: Callable[..., Any], study: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    told = original(study, *args, **kwargs)
    if (asked := _known.find(study)) is not None:
        with guarded("record how a trial ended"):
            asked.end(study, told)
    return told


def _asked_here(study: Any) -> _Asked | None:
    session = current_session()
    active = session.active_run()
    found = _known.find(study)
    if found is not None and found.is_here(active):
        return found
    library.say_if_untested()
    name = study_name(study, {})
    chosen = choose_run(session, name=name, flavor="optuna", flags=library.flags)
    if chosen is None:
        return None
    # A run that was made for it is active now; a cell that became a run is around it.
    now = session.active_run()
    asked = _Asked(study, chosen, around=active if now is chosen.run else now)
    _write_beginning(chosen.run, study, name)
    _known.remember(study, asked)
    return asked


def _write_beginning(run: ActiveRun, study: Any, name: str) -> None:
    params, origins = study_params(study)
    run.hook_params.update(params)
    run.log_params(params)
    run.set_tag(FIT_TAG, name)
    run.note_origins(Origins(params=origins))
