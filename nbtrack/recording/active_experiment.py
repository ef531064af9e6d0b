"""Which experiment new runs belong to."""

from __future__ import annotations

from collections.abc import Callable

from nbtrack.base.guard import warn_once
from nbtrack.base.values import check_experiment_id
from nbtrack.errors import NbtrackError
from nbtrack.journal.lines import now_us
from nbtrack.recording.active_run import ActiveRun
from nbtrack.recording.experiments import (
    DEFAULT,
    DEFAULT_ID,
    announcement,
    check_is_active,
    default_artifact_root,
    experiment_of_new_run,
    look_up_experiment,
    use_experiment,
)
from nbtrack.recording.surroundings import notebook_name
from nbtrack.records.runs import Experiment
from nbtrack.settings import Settings, mlflows_experiment_id
from nbtrack.stores.store import Store


class ActiveExperiment:
    """Of a session: *store* and *settings* give what it has at the moment."""

    def __init__(self, store: Callable[[], Store], settings: Callable[[], Settings]) -> None:
        self._store = store
        self._settings = settings
        self._active: Experiment | None = None
        self._set_us = 0  # when it was set
        self._named: dict[tuple[str, str], Experiment] = {}

    @property
    def active(self) -> Experiment:
        """Set, else from the settings, else named after the notebook."""
        if self._active is None:
            self._active = self._chosen() or DEFAULT
        return self._active

    def _chosen(self) -> Experiment | None:
        """By the settings, by MLflow's variable, or by the notebook's name."""
        settings = self._settings()
        if settings.experiment is None and (found := self._of_mlflows_id()) is not None:
            return found
        name = settings.experiment or notebook_name(settings)
        # Default is always there, and needs no look at the database.
        return None if name is None else look_up_experiment(self._store(), name)

    def _of_mlflows_id(self) -> Experiment | None:
        experiment_id = mlflows_experiment_id()
        if experiment_id in (None, DEFAULT_ID):
            return None
        try:
            return self._store().get_experiment(check_experiment_id(experiment_id))
        except NbtrackError as exc:
            warn_once(f"nbtrack: MLFLOW_EXPERIMENT_ID is not followed. {exc}")
            return None

    def name_for(self, run: ActiveRun | None) -> str | None:
        """That of *run*, as far as it is known without a look; else of the active one."""
        known = [each for each in (self._active, *self._named.values()) if each is not None]
        for experiment in known:
            if run is not None and experiment.experiment_id == run.info.experiment_id:
                return experiment.name or None
        return None if self._active is None else self._active.name or None

    def made(self) -> Experiment:
        """The active one, surely in the store: without a run or `set` it is not yet."""
        if self.active.creation_time is None:
            return use_experiment(self._store(), self.active.name)
        return check_is_active(self.active)

    def set(self, name: str) -> Experiment:
        return self._activate(use_experiment(self._store(), name))

    def set_id(self, experiment_id: str) -> Experiment:
        """Raises ExperimentNotFound; InvalidValue if it is deleted."""
        found = self._store().get_experiment(check_experiment_id(experiment_id))
        return self._activate(check_is_active(found))

    def named(self, name: str) -> Experiment:
        """Without making it the active one; only the first use looks at the database."""
        key = (self._store().uri, name)
        if key not in self._named:
            self._named[key] = use_experiment(self._store(), name)
        return self._named[key]

    def note(self, changed: Experiment) -> None:
        """*changed* was deleted, restored or renamed in this process."""
        if self._active is not None and self._active.experiment_id == changed.experiment_id:
            self._active = changed
        self._named.clear()

    def forget(self) -> None:
        """There is another store, or other settings."""
        self._active = None

    def announce_again(self) -> None:
        """In a store that was removed: what was set there is still what was asked for."""
        self._named.clear()
        if self._active is not None and self._active.creation_time is not None:
            known, store = self._active, self._store()
            is_default = known.artifact_location == default_artifact_root(store)
            location = None if is_default else known.artifact_location
            text = announcement(known.experiment_id, known.name, artifact_location=location)
            store.append(text)

    def of_new_run(self, experiment_id: str | None, parent: ActiveRun | None) -> Experiment:
        """That of *experiment_id*, else the parent's, else the active one.

        As in MLflow, what was set since the parent began comes before the parent's.
        """
        if experiment_id is None and parent is not None and not self._was_set_under(parent):
            experiment_id = parent.info.experiment_id or None
        if experiment_id is None or str(experiment_id) == self.active.experiment_id:
            return check_is_active(self.active)
        for experiment in self._named.values():
            if experiment.experiment_id == str(experiment_id):
                return check_is_active(experiment)
        store = self._store() if parent is None else parent.store
        return experiment_of_new_run(store, experiment_id)

    def _activate(self, experiment: Experiment) -> Experiment:
        self._active, self._set_us = experiment, now_us()
        return experiment

    def _was_set_under(self, run: ActiveRun) -> bool:
        return self._set_us > run.began_us and run.store is self._store()
