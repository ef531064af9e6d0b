"""Everything that a version links to: its run, the cell that made it, its data, its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.capture.environment import digest_of
from nbtrack.errors import ModelNotFound, ModelNotLoaded, NotAllowed, RunNotFound
from nbtrack.lookup.registered_models import creation_event, get_version
from nbtrack.model_registry.evidence import evidence_in, metrics_in
from nbtrack.models.registered_places import place_of_version
from nbtrack.records.registry import EventKind, ModelVersion, RegistryEvent
from nbtrack.records.runs import Run
from nbtrack.stores.store import Store

if TYPE_CHECKING:
    from nbtrack.models.signature import ModelSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionFacts:
    """*run*, *cell* and *environment* are None when there was no run, it is gone, or whoever asks a
    server may not see it.

    *metrics*, *params* and *inputs* are then those that were there at registration. *cell* has the
    columns of the view `cells`, *inputs* name, digest and context; *files* is {path: sha256};
    *events* are those of this version, oldest first.
    """

    version: ModelVersion
    run: Run | None
    is_run_gone: bool
    cell: Mapping[str, Any] | None
    environment: Mapping[str, Any] | None
    environment_digest: str | None
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    inputs: list[dict[str, Any]]
    signature: ModelSignature | None
    files: Mapping[str, str]
    events: list[RegistryEvent] = field(default_factory=list)

    @property
    def creation(self) -> RegistryEvent:
        return next(e for e in self.events if e.kind == EventKind.VERSION_CREATED)


def version_facts(store: Store, name: str, version: str | int) -> VersionFacts:
    """Raises ModelVersionNotFound, RegisteredModelNotFound, InvalidValue."""
    found = get_version(store, name, version)
    created = creation_event(store, found)
    details = json.loads(created.details)
    run, is_gone = _run(store, found)
    evidence = details.get("evidence", {}) if run is None else evidence_in(run)
    digest, environment = _environment(store, run)
    return VersionFacts(
        version=found,
        run=run,
        is_run_gone=is_gone,
        cell=None if run is None else store.read_cell(run.info.run_id),
        environment=environment,
        environment_digest=digest,
        metrics=metrics_in(evidence),
        params=evidence.get("params", {}),
        inputs=evidence.get("inputs", []),
        signature=_signature(store, found),
        files=details["files"],
        events=[
            event
            for event in store.registry_events(name=found.name)
            if (event.model_key, event.version) == (created.model_key, created.version)
        ],
    )


def _run(store: Store, version: ModelVersion) -> tuple[Run | None, bool]:
    """And whether there was one, which is gone."""
    if version.run_id is None:
        return None, False
    try:
        return store.get_run(version.run_id), False
    except RunNotFound:
        return None, True
    except NotAllowed:
        return None, False


def _environment(store: Store, run: Run | None) -> tuple[str | None, Mapping[str, Any] | None]:
    if run is None:
        return None, None
    found = store.read_environments([run.info.run_id]).get(run.info.run_id)
    return (None, None) if found is None else (digest_of(found), found)


def _signature(store: Store, version: ModelVersion) -> ModelSignature | None:
    from nbtrack.models.mlmodel_file import read_mlmodel

    try:
        return read_mlmodel(place_of_version(store, version).folder).signature
    except (ModelNotFound, ModelNotLoaded):
        return None
