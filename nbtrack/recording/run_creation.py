"""How a run begins: its facts, and the lines that make it exist."""

from __future__ import annotations

import os
from collections.abc import Mapping

from nbtrack.artifact_store.paths import below_uri
from nbtrack.base.values import check_unicode
from nbtrack.errors import InvalidValue, RunDeleted, StoreError
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.recording.experiments import announcement, default_artifact_root
from nbtrack.recording.surroundings import source_tags
from nbtrack.records.runs import Experiment, LifecycleStage, RunInfo, RunStatus
from nbtrack.records.tags import RUN_NAME_TAG
from nbtrack.settings import Settings
from nbtrack.stores.store import FoundRun, Store


def described_run(
    store: Store,
    experiment: Experiment,
    settings: Settings,
    *,
    name: str,
    tags: Mapping[str, str],
    start_us: int,
) -> tuple[RunInfo, str]:
    """The facts of a new run of this process, and the lines that make it exist."""
    info = new_run_info(store, experiment, name=name, user=settings.user, start_us=start_us)
    all_tags = {**source_tags(settings), **tags, RUN_NAME_TAG: name}
    header = run_header(
        store, info, experiment, tags=all_tags, start_us=start_us, owner=store.writer
    )
    return info, header


def one_name(name: str | None, tags: Mapping[str, str]) -> str | None:
    """What a run is called that is given *name*, *tags* or both. Raises InvalidValue if they call
    it two names, or *name* is not Unicode."""
    tagged = tags.get(RUN_NAME_TAG)
    if name and tagged and name != tagged:
        raise InvalidValue(
            f"The run's name is {name!r}, and its tag {RUN_NAME_TAG} says {tagged!r}. Give one."
        )
    return check_unicode(str(name), "run's name") if name else tagged


def new_run_info(
    store: Store, experiment: Experiment, *, name: str, user: str, start_us: int
) -> RunInfo:
    run_id = os.urandom(16).hex()
    root = default_artifact_root(store)
    is_default = experiment.artifact_location in ("", root)
    location = f"{root}/{run_id}"
    if not is_default:
        location = below_uri(experiment.artifact_location, f"{run_id}/artifacts")
    return RunInfo(
        run_id=run_id,
        run_name=name,
        experiment_id=experiment.experiment_id,
        user_id=user,
        status=RunStatus.RUNNING,
        start_time=start_us // 1000,
        end_time=None,
        lifecycle_stage=LifecycleStage.ACTIVE,
        artifact_uri=location,
    )


def run_header(
    store: Store,
    info: RunInfo,
    experiment: Experiment,
    *,
    tags: Mapping[str, str],
    start_us: int,
    owner: str | None,
) -> str:
    """Its experiment, itself and its tags, as one write: the run exists whole or not at all.

    *owner* is the writer whose death ends the run as KILLED; None for runs made by id.
    """
    facts: dict[str, object] = {
        "experiment_id": info.experiment_id,
        "name": info.run_name,
        "user_id": info.user_id,
        "status": info.status,
        "start_us": start_us,
        "writer": owner,
    }
    if not info.artifact_uri.startswith(default_artifact_root(store)):
        facts["artifact_uri"] = info.artifact_uri
    text = announcement(experiment.experiment_id, experiment.name) if experiment.name else ""
    t = now_us()  # a start may be in the future, and what is logged next must be later than this
    text += lines.run_line(
        info.run_id, t=t, **{name: fact for name, fact in facts.items() if fact is not None}
    )
    return text + "".join(
        lines.tag_line(info.run_id, key, value, t=t) for key, value in tags.items()
    )


def moving_lines(run_id: str, experiment: Experiment) -> str:
    """The run belongs to *experiment* from now on."""
    text = announcement(experiment.experiment_id, experiment.name) if experiment.name else ""
    return text + lines.run_line(run_id, t=now_us(), experiment_id=experiment.experiment_id)


def resumed_header(store: Store, info: RunInfo) -> str:
    """What is known of a run that another process began, in case it must be announced again."""
    facts: dict[str, object] = {
        "experiment_id": info.experiment_id,
        "name": info.run_name,
        "user_id": info.user_id,
        "start_us": info.start_time * 1000,
    }
    if not info.artifact_uri.startswith(default_artifact_root(store)):
        facts["artifact_uri"] = info.artifact_uri
    known = {name: fact for name, fact in facts.items() if fact}
    return lines.run_line(info.run_id, t=now_us(), **known)


def find_run_to_log(store: Store, run_id: str, *, timeout: float) -> FoundRun:
    """The run that is to be logged to. Raises RunNotFound, RunDeleted.

    Logging waits for nobody: while the database cannot be read, the id is taken at its word, and
    name, experiment and start are blank.
    """
    try:
        found = store.look_up_run(run_id, timeout=timeout)
    except StoreError:
        if not run_id.isalnum():  # it is written into lines and paths as it is
            raise
        return FoundRun(_info_of_unread_run(store, run_id), newest_us=0)
    if found.info.lifecycle_stage == LifecycleStage.DELETED:
        raise RunDeleted(run_id)
    return found


def _info_of_unread_run(store: Store, run_id: str) -> RunInfo:
    return RunInfo(
        run_id=run_id,
        run_name=None,
        experiment_id="",
        user_id="",
        status=RunStatus.RUNNING,
        start_time=0,
        end_time=None,
        lifecycle_stage=LifecycleStage.ACTIVE,
        artifact_uri=f"{default_artifact_root(store)}/{run_id}",
    )
