"""Registered models of the source, through our registry: each change is an event that says it was
imported, by whom the version was made there and when.

A version keeps its number. One whose files did not come over is listed and left out: our registry
has a copy of every model, and would have nothing to load.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from nbtrack.errors import NbtrackError
from nbtrack.lookup.registered_models import find_model, get_model
from nbtrack.lookup.registry_names import check_model_name
from nbtrack.model_registry.changes import Change, commit, event
from nbtrack.model_registry.copies import place_of, staged_copy
from nbtrack.model_registry.evidence import evidence_of
from nbtrack.models.model_place import ModelPlace
from nbtrack.records.registry import (
    NO_STAGE,
    EventKind,
    NewEvent,
    RegisteredModel,
    RegistryHead,
    StagedFolder,
)
from nbtrack.stores.store import Store
from nbtrack.transfer.imports.digests import texts_digest
from nbtrack.transfer.imports.marks import MARK, Mark, mark_in, tracker_called
from nbtrack.transfer.imports.model_sources import find_model_files
from nbtrack.transfer.imports.outcome import Outcome
from nbtrack.transfer.imports.registry_state import state_events
from nbtrack.transfer.sources.source_records import (
    BrokenRecord,
    SourceReader,
    SourceRegisteredModel,
    SourceVersion,
)

_PROMPT_TAG = "mlflow.prompt.is_prompt"


def import_registry(reader: SourceReader, store: Store, outcome: Outcome) -> None:
    for model in reader.registered_models():
        if isinstance(model, BrokenRecord):
            outcome.note_broken(model)
            continue
        if model.tags.get(_PROMPT_TAG) == "true":
            outcome.broken[f"prompt {model.name!r}"] = "nbtrack keeps no prompts"
            continue
        try:
            _ModelImport(model, reader, store, outcome).bring()
        # A name that ours cannot have, among others, or facts of another kind than MLflow writes.
        except (NbtrackError, ValueError, TypeError, AttributeError, KeyError) as exc:
            outcome.broken[f"registered model {model.name!r}"] = str(exc)


class _ModelImport:
    def __init__(
        self, model: SourceRegisteredModel, reader: SourceReader, store: Store, outcome: Outcome
    ) -> None:
        self._model, self._store, self._outcome = model, store, outcome
        self._kind, self._source = reader.kind, reader.title
        self._name = check_model_name(model.name)

    def bring(self) -> None:
        self._name = self._name_here()
        if self._name != self._model.name:
            self._outcome.remarks.append(
                f"registered model {self._model.name!r} is {self._name!r} here: another one has "
                "its name"
            )
        if find_model(self._store, self._name) is None:
            commit(self._store, self._created)
        known = self._known_versions()
        for version in self._model.versions:
            if version.version not in known:
                self._bring_version(version)
        self._bring_state()
        self._outcome.versions += len(self._model.versions)

    def _name_here(self) -> str:
        """Its own, or one with a number behind it while another model has that."""
        names = (f"{self._name} ({n})" if n > 1 else self._name for n in count(1))
        return next(name for name in names if self._is_ours_or_free(name))

    def _is_ours_or_free(self, name: str) -> bool:
        found = find_model(self._store, name)
        if found is None:
            return True
        created = next(
            e
            for e in self._store.registry_events(name=name)
            if e.model_key == found.event_number and e.kind == EventKind.MODEL_CREATED
        )
        return bool(json.loads(created.details).get("imported") == self._identity())

    def _identity(self) -> dict[str, Any]:
        return {"from": self._kind, "name": self._model.name, "created": self._model.created}

    def _created(self, head: RegistryHead) -> Change:
        details = {"imported": self._identity()}
        key = head.number + 1
        created = self._event(EventKind.MODEL_CREATED, model_key=key, details=details)
        return Change(events=[created])

    def _event(self, kind: EventKind, **facts: Any) -> NewEvent:
        return event(kind, model=self._name, reason=self._reason(), **facts)

    def _reason(self) -> str:
        return f"imported from {tracker_called(self._kind)} ({self._source})"

    def _known_versions(self) -> set[int | None]:
        """Also those that were deleted here: their numbers are not given again."""
        key = get_model(self._store, self._name).event_number
        events = self._store.registry_events(name=self._name)
        created = EventKind.VERSION_CREATED
        return {e.version for e in events if e.kind == created and e.model_key == key}

    def _bring_version(self, version: SourceVersion) -> None:
        what = f"version {version.version} of {self._model.name!r}"
        try:
            uri, place = find_model_files(self._store, version.sources)
            self._copy(version, uri, place)
        except (NbtrackError, OSError) as exc:
            self._outcome.broken[what] = str(exc)

    def _copy(self, version: SourceVersion, uri: str, place: ModelPlace) -> None:
        run_id = version.run_id if version.run_id in self._outcome.source.digests else None
        facts = {
            "source": uri,
            "run_link": version.run_link,
            "model_id": place.model_id,
            "evidence": evidence_of(self._store, run_id),
            "imported": {
                "from": self._kind, "source": version.sources[0], "user": version.user,
                "created": version.created,
            },
        }  # fmt: skip
        with staged_copy(self._store, place) as copy:

            def decide(_: RegistryHead) -> Change:
                key = get_model(self._store, self._name).event_number
                where = place_of(self._name, key, version.version)
                details = {**facts, "files": dict(copy.files), "place": where}
                created = self._event(
                    EventKind.VERSION_CREATED, model_key=key, version=version.version,
                    to_value=NO_STAGE, run_id=run_id, digest=copy.digest, details=details,
                )  # fmt: skip
                staged = StagedFolder(folder=copy.folder, place=where)
                return Change(events=[created], staged=staged)

            commit(self._store, decide)

    def _bring_state(self) -> None:
        """Descriptions, tags, stages and aliases, if the source says other than the last time."""

        def decide(_: RegistryHead) -> Change:
            here = get_model(self._store, self._name)
            mark = mark_in(here.tags.get(MARK))
            facts = _state_digest(self._model, self._known_versions())
            new = Mark(facts=facts, origin=self._kind)
            if new == mark:
                return Change(events=[])
            events, remarks = state_events(self._store, self._model, here, self._reason())
            self._outcome.remarks += remarks
            return Change(events=[*events, _marked(here, new, self._reason())])

        commit(self._store, decide)


def _marked(here: RegisteredModel, mark: Mark, reason: str) -> NewEvent:
    return event(
        EventKind.MODEL_TAG_SET, model=here.name, model_key=here.event_number, reason=reason,
        from_value=here.tags.get(MARK), to_value=mark.text(), details={"key": MARK},
    )  # fmt: skip


def _state_digest(model: SourceRegisteredModel, versions: Iterable[int | None]) -> str:
    """Of what may change, of the versions that came over."""
    came = set(versions)
    by_version: Mapping[str, Any] = {
        str(v.version): [v.stage, v.description, dict(v.tags)]
        for v in model.versions
        if v.version in came
    }
    return texts_digest(model.description, dict(model.tags), dict(model.aliases), by_version)
