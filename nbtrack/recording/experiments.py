"""Experiments: two kernels agree on an id without talking, because it is made from the name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from nbtrack.artifact_store.paths import lasting_location
from nbtrack.base.nearest import did_you_mean
from nbtrack.base.values import check_experiment_id, check_key, check_tags, check_unicode
from nbtrack.errors import ExperimentNotFound, InvalidValue, NameTaken, StoreError, TagNotFound
from nbtrack.journal import lines
from nbtrack.journal.lines import now_us
from nbtrack.records.runs import Experiment, LifecycleStage
from nbtrack.stores.opening import folder_of
from nbtrack.stores.store import Store

DEFAULT_NAME = "Default"
DEFAULT_ID = "0"
# Always there, as in MLflow, and needs no look at the database.
DEFAULT = Experiment(experiment_id=DEFAULT_ID, name=DEFAULT_NAME, artifact_location="")
# One short look at the database: whoever holds it must not hold up the user.
LOOK_SECONDS = 0.05
# Where a wrong id must be found out: longer than any of our own processes holds the file.
PATIENT_LOOK_SECONDS = 1.0


def experiment_id_of(name: str, *, salt: int = 0) -> str:
    """A decimal below 2**60 from the sha256 of *name*; "0" is Default, as in MLflow."""
    if name == DEFAULT_NAME and not salt:
        return DEFAULT_ID
    text = name if not salt else f"{name}\0{salt}"
    return str(int(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:15], 16))


def use_experiment(store: Store, name: str) -> Experiment:
    """The experiment called *name*, made if there is none; never waits for the database."""
    experiment = check_is_active(look_up_experiment(store, name))
    if experiment.creation_time is not None:
        return experiment
    t = now_us()
    store.append(announcement(experiment.experiment_id, name, t=t))
    return replace(
        experiment,
        artifact_location=default_artifact_root(store),
        creation_time=t // 1000,
        last_update_time=t // 1000,
    )


def check_is_active(experiment: Experiment) -> Experiment:
    """*experiment* itself. Raises InvalidValue if it is deleted."""
    if experiment.lifecycle_stage == LifecycleStage.DELETED:
        raise InvalidValue(
            f"Experiment {experiment.name!r} is deleted. Restore it with nbtrack.MlflowClient()"
            f".restore_experiment({experiment.experiment_id!r}), or choose another name."
        )
    return experiment


def experiment_of_new_run(store: Store, experiment_id: str) -> Experiment:
    """Raises ExperimentNotFound; InvalidValue if it is deleted."""
    if (checked := check_experiment_id(experiment_id)) == DEFAULT_ID:
        return DEFAULT
    try:
        found = store.get_experiment(checked, timeout=PATIENT_LOOK_SECONDS)
    except StoreError:  # a run does not wait for who holds the file: the id is taken at its word
        return Experiment(experiment_id=checked, name="", artifact_location="")
    return check_is_active(found)


def look_up_experiment(store: Store, name: str) -> Experiment:
    """The same, without making it: the first run does. Unknown ones have no creation_time."""
    check_experiment_name(name)
    try:
        if (found := store.find_experiment(name, timeout=LOOK_SECONDS)) is not None:
            return found
        experiment_id = _free_id(store, name)
    except StoreError:
        experiment_id = _unseen_id(store, name)
    return Experiment(experiment_id=experiment_id, name=name, artifact_location="")


def create_experiment(
    store: Store,
    name: str,
    *,
    artifact_location: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Its id. Raises NameTaken, also for a deleted experiment of that name."""
    check_experiment_name(name)
    texts = check_tags(tags)
    if (found := store.find_experiment(name)) is not None:
        raise NameTaken(
            f"Experiment {name!r} exists (id {found.experiment_id}, {found.lifecycle_stage}). "
            "nbtrack.set_experiment() uses an existing one."
        )
    try:
        experiment_id = _free_id(store, name)
    except StoreError:  # as when a run makes it: nobody waits for who holds the file, or is far
        experiment_id = _unseen_id(store, name)
    store.append(
        announcement(experiment_id, name, artifact_location=artifact_location)
        + "".join(
            lines.experiment_tag_line(experiment_id, key, value, t=now_us())
            for key, value in texts.items()
        )
    )
    return experiment_id


def delete_tag(store: Store, experiment_id: str, key: str) -> None:
    """Raises ExperimentNotFound, TagNotFound; InvalidValue if the experiment is deleted."""
    name = check_key(key, "tag")
    tags = check_is_active(store.get_experiment(experiment_id)).tags
    if name not in tags:
        raise TagNotFound(name, f"experiment {experiment_id}", did_you_mean(name, tags))
    set_tags(store, experiment_id, {name: None})


def keep_text(store: Store, experiment_id: str, tag: str, text: str) -> None:
    """As the *tag* of the experiment; without a text there is none, whether there was one or not.

    Raises ExperimentNotFound; InvalidValue if the experiment is deleted.
    """
    new: Mapping[str, str | None] = check_tags({tag: text}) if text else {tag: None}
    tags = check_is_active(store.get_experiment(experiment_id)).tags
    if text or tag in tags:
        set_tags(store, experiment_id, new)


def set_tags(store: Store, experiment_id: str, tags: Mapping[str, str | None]) -> None:
    """All in one write; None removes a tag."""
    t = now_us()
    store.append(
        "".join(
            lines.experiment_tag_line(experiment_id, key, value, t=t) for key, value in tags.items()
        )
    )


def announcement(
    experiment_id: str, name: str, *, artifact_location: str | None = None, t: int | None = None
) -> str:
    """The line that says an experiment exists; saying it twice changes nothing."""
    t = t or now_us()
    facts = {"artifact_location": lasting_location(artifact_location)} if artifact_location else {}
    return lines.experiment_line(experiment_id, t=t, name=name, created_us=t, **facts)


def default_artifact_root(store: Store) -> str:
    return str(folder_of(store.uri) / "artifacts")


def check_experiment_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise InvalidValue(f"The experiment's name is {name!r}; give it at least one character.")
    check_unicode(name, "experiment's name")
    if len(name) > 500:
        raise InvalidValue(
            f"The experiment's name {name[:40]!r}… has {len(name)} characters; at most 500 fit."
        )


def _unseen_id(store: Store, name: str) -> str:
    """The id of the experiment called *name*, as far as it is known without the database."""
    renamed = store.renamed_experiments()
    for experiment_id, known in renamed.items():
        if known == name:
            return experiment_id
    ids = (experiment_id_of(name, salt=salt) for salt in range(100))
    return next((each for each in ids if each not in renamed), experiment_id_of(name))


def _free_id(store: Store, name: str) -> str:
    """The id made from *name*, salted while a renamed experiment has it."""
    for salt in range(100):
        experiment_id = experiment_id_of(name, salt=salt)
        try:
            found = store.get_experiment(experiment_id, timeout=LOOK_SECONDS)
        except ExperimentNotFound:
            return experiment_id
        if found.name == name:  # made by another process since we looked for the name
            return experiment_id
    raise InvalidValue(f"No free id for experiment {name!r}; choose another name.")
