"""The run of a study: what it looks for and how, the best that it found, and its trials under it.

| of a study | is                                                                         |
|------------|----------------------------------------------------------------------------|
| params     | `study_name`, if it has been given one; `direction`, `sampler`, `pruner`;  |
|            | those of `optimize`; `best_<param>`                                        |
| metrics    | `best_value`                                                               |
| tags       | `nbtrack.best_child`, the run of the best trial, if that is one of these;  |
|            | `optuna.best_trials`, the numbers of the best ones for several objectives  |

In a tracked cell also what the best trial has, as for any search.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nbtrack.base.guard import guarded
from nbtrack.capture.naming import estimator_name
from nbtrack.hooks.optuna.hook import library
from nbtrack.hooks.optuna.trials import TrialRun, open_trials
from nbtrack.hooks.training.param_origins import param_origin
from nbtrack.hooks.training.param_texts import param_text
from nbtrack.hooks.training.storable_keys import storable_key
from nbtrack.recording.session import current_session
from nbtrack.records.origins import Origin, Origins, all_of
from nbtrack.records.tags import (
    AUTOLOG_TAG,
    BEST_BY_TAG,
    BEST_CHILD_TAG,
    BEST_OF_TAG,
    CANDIDATE_TAG,
)

if TYPE_CHECKING:
    from nbtrack.recording.active_run import ActiveRun

BEST_TRIALS_TAG = "optuna.best_trials"
_UNNAMED = "no-name-"  # what Optuna calls a study that has no name: another word each time
_DEFAULTS = {"sampler": "TPESampler", "pruner": "MedianPruner"}


class StudyRun:
    """It does not hold the study: whoever asked for it may drop it."""

    def __init__(self, run: ActiveRun, study: Any) -> None:
        self.run = run
        count = len(study.directions)
        names = study.metric_names or [f"value_{i}" for i in range(count)]
        self._objectives = names if count > 1 or study.metric_names else ["value"]
        self._objectives = [storable_key(name) for name in self._objectives]
        self._runs: dict[int, str] = {}  # of its trials, by number
        self._best: int | None = None

    def begin(self, trial: Any) -> TrialRun | None:
        """Its run is the active one here until it ends."""
        with guarded("begin the run of a trial"):
            number = trial.number
            tags = {**(library.flags.extra_tags or {}), AUTOLOG_TAG: "optuna"}
            run = current_session().start_run(
                name=f"trial {number}",
                nested=True,
                parent_run_id=self.run.run_id,
                tags={**tags, CANDIDATE_TAG: str(number)},
            )
            run.opened_by_hook = True
            self.run.note_children([run.run_id])
            self._runs[number] = run.run_id
            begun = TrialRun(run, number, self._objectives)
            open_trials.remember(trial, begun)
            return begun
        return None

    def write_best(self, study: Any) -> None:
        """Called again, it writes what is new."""
        with guarded("record the best trial of a study"):
            if len(self._objectives) > 1:
                numbers = ", ".join(str(trial.number) for trial in study.best_trials)
                self.run.set_tag(BEST_TRIALS_TAG, numbers)
                return
            with suppress(ValueError):  # no trial was completed
                best = study.best_trial
                if best.number != self._best:
                    self._best = best.number
                    self._write_best(best)

    def _write_best(self, best: Any) -> None:
        params = {storable_key(f"best_{k}"): param_text(v) for k, v in best.params.items()}
        self.run.hook_params.update(params)
        self.run.log_params(params)
        self.run.log_metric("best_value", best.value)
        self.run.note_origins(
            Origins(
                params=all_of(params, Origin.CHANGED),
                metrics={"best_value": Origin.MEASURED},
            )
        )
        if best.number in self._runs:
            self.run.set_tag(BEST_CHILD_TAG, self._runs[best.number])
            if current_session().cell_run is not None:
                self._show_best(best)

    def _show_best(self, best: Any) -> None:
        """As if it were the study's: so a table finds and sorts it."""
        params = {storable_key(name): param_text(value) for name, value in best.params.items()}
        (key,) = self._objectives
        self.run.hook_params.update(params)
        self.run.log_params(params)
        self.run.log_metric(key, best.value)
        self.run.note_origins(
            Origins(params=all_of(params, Origin.CHANGED), metrics={key: Origin.MEASURED})
        )
        self.run.set_tags({BEST_OF_TAG: len(self._runs), BEST_BY_TAG: key})


def study_params(study: Any) -> tuple[dict[str, str], dict[str, Origin]]:
    """What it looks for and how, with the origins."""
    found = {
        "direction": ", ".join(each.name.lower() for each in study.directions),
        "sampler": type(study.sampler).__name__,
        "pruner": type(study.pruner).__name__,
    }
    origins = {key: param_origin(key, text, _DEFAULTS.get(key)) for key, text in found.items()}
    if not study.study_name.startswith(_UNNAMED):
        found["study_name"], origins["study_name"] = study.study_name, Origin.CHANGED
    return found, origins


def study_name(study: Any, settings: Mapping[str, Any]) -> str:
    """What its run is called: `optuna my-study n_trials=20`."""
    has_name = not study.study_name.startswith(_UNNAMED)
    return estimator_name(f"optuna {study.study_name}" if has_name else "optuna", settings)
