"""Whether the files of a new version are those that the run logged that it names: gates judge a
version by its run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from nbtrack.errors import InvalidValue, LoggedModelNotFound, NotFound
from nbtrack.lookup.registered_models import creation_event
from nbtrack.model_registry.evidence import evidence_of
from nbtrack.models.mlmodel_file import FILE_NAME, read_mlmodel
from nbtrack.models.model_place import ModelPlace
from nbtrack.records.registry import ModelVersion, NewEvent, RegistryQuery
from nbtrack.records.runs import FileInfo
from nbtrack.stores.store import Store


def evidence_for(store: Store, event: NewEvent) -> Mapping[str, Any]:
    """What is known here of the run of a new version. Raises InvalidValue if it is not its run."""
    if event.run_id is None:
        return {}
    with suppress(NotFound):
        if event.details["files"] in _logged_by(store, event.run_id, event.details.get("model_id")):
            return evidence_of(store, event.run_id)
    for version in _same(store, event):
        return _evidence_kept(store, version)
    raise _not_logged(event.run_id)


def check_run_of(store: Store, place: ModelPlace, given: str | None) -> None:
    """A model that is recorded of no run may still name one, or be said to be of one. Raises
    InvalidValue unless that has logged it."""
    named = given or read_mlmodel(place.folder).run_id
    if place.run_id is not None or named is None:
        return
    with suppress(NotFound):  # of a run that is not here, no version is made
        if dict(place.recorded or {}) not in _logged_by(store, named, place.model_id):
            raise _not_logged(named)


def _not_logged(run_id: str) -> InvalidValue:
    return InvalidValue(
        f"These files are not a model that run {run_id!r:.80} has logged, and a version is "
        "judged by the run that made its model. Register runs:/<run id>/<path> as it was logged."
    )


def _logged_by(store: Store, run_id: str, model_id: object) -> Iterator[dict[str, str]]:
    """The files of each of its models, {path in the model: sha256}. Raises NotFound."""
    records = store.list_artifact_records(run_id)
    for record in records:
        if record.path.rpartition("/")[2] == FILE_NAME:
            yield _below(record.path.removesuffix(FILE_NAME), records)
    made = [output.model_id for output in store.get_run(run_id).outputs.model_outputs]
    for each in {*made, *([model_id] if isinstance(model_id, str) else [])}:
        with suppress(LoggedModelNotFound):
            if store.look_up_model(each).model.source_run_id == run_id:
                yield store.list_model_files(each)


def _below(folder: str, records: list[FileInfo]) -> dict[str, str]:
    below = [each for each in records if each.path.startswith(folder)]
    return {each.path.removeprefix(folder): each.sha256 for each in below if each.sha256}


def _same(store: Store, event: NewEvent) -> Iterator[ModelVersion]:
    """Versions that are this one already, perhaps of a run that is gone."""
    for version in store.search_model_versions(RegistryQuery()):
        if (version.run_id, version.digest) == (event.run_id, event.digest):
            yield version


def _evidence_kept(store: Store, version: ModelVersion) -> Mapping[str, Any]:
    try:
        return evidence_of(store, version.run_id)
    except NotFound:
        kept = json.loads(creation_event(store, version).details)
        evidence: Mapping[str, Any] = kept.get("evidence") or {}
        return evidence
