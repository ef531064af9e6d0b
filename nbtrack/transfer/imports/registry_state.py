"""What changes of a registered model: descriptions, tags, stages, aliases, as events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbtrack.errors import NbtrackError
from nbtrack.lookup.registry_names import check_alias
from nbtrack.model_registry.changes import event
from nbtrack.records.registry import (
    EventKind,
    ModelVersion,
    NewEvent,
    RegisteredModel,
    RegistryQuery,
)
from nbtrack.stores.store import Store
from nbtrack.transfer.imports.marks import without_mark
from nbtrack.transfer.sources.source_records import SourceRegisteredModel, SourceVersion


def state_events(
    store: Store, source: SourceRegisteredModel, here: RegisteredModel, reason: str
) -> tuple[list[NewEvent], list[str]]:
    """What makes *here* say what *source* says, and in words what of that cannot be."""
    found = store.search_model_versions(RegistryQuery(name=here.name))
    versions = {int(each.version): each for each in found}
    state = _State(here, versions, reason)
    events = [*state.of_model(source)]
    for version in source.versions:
        if version.version in versions:
            events += state.of_version(version, versions[version.version])
    events += state.of_aliases(source.aliases)
    return events, state.remarks


class _State:
    def __init__(
        self, here: RegisteredModel, versions: Mapping[int, ModelVersion], reason: str
    ) -> None:
        self._here, self._versions, self._reason = here, versions, reason
        self.remarks: list[str] = []

    def of_model(self, source: SourceRegisteredModel) -> Iterator[NewEvent]:
        if source.description and source.description != self._here.description:
            yield self._event(EventKind.MODEL_DESCRIBED, self._here.description, source.description)
        for key, value in without_mark(source.tags).items():
            if (before := self._here.tags.get(key)) != value:
                yield self._event(EventKind.MODEL_TAG_SET, before, value, details={"key": key})

    def of_version(self, source: SourceVersion, here: ModelVersion) -> Iterator[NewEvent]:
        about: dict[str, Any] = {
            "version": source.version, "run_id": here.run_id, "digest": here.digest,
        }  # fmt: skip
        if source.description and source.description != here.description:
            kind = EventKind.VERSION_DESCRIBED
            yield self._event(kind, here.description, source.description, **about)
        for key, value in source.tags.items():
            if (before := here.tags.get(key)) != value:
                kind = EventKind.VERSION_TAG_SET
                yield self._event(kind, before, value, details={"key": key}, **about)
        if source.stage != here.current_stage and self._may_be_in(source):
            yield self._event(EventKind.STAGE_CHANGED, here.current_stage, source.stage, **about)

    def _may_be_in(self, source: SourceVersion) -> bool:
        """A gate is not gone round: whoever set it decides."""
        is_gated = any(gate.stage == source.stage for gate in self._here.gates)
        if is_gated or source.stage not in self._here.stages:
            self.remarks.append(
                f"version {source.version} of {self._here.name!r} is in stage {source.stage!r} "
                f"there, and not here: {'it has a gate' if is_gated else 'there is none'}"
            )
            return False
        return True

    def of_aliases(self, aliases: Mapping[str, int]) -> Iterator[NewEvent]:
        for alias, version in aliases.items():
            target, before = self._versions.get(version), self._here.aliases.get(alias)
            if target is None or before == target.version or not self._is_alias(alias):
                continue
            about = {"version": version, "run_id": target.run_id, "digest": target.digest}
            yield self._event(
                EventKind.ALIAS_SET, before, target.version, details={"key": alias}, **about
            )

    def _is_alias(self, alias: str) -> bool:
        try:
            return bool(check_alias(alias))
        except NbtrackError as exc:
            self.remarks.append(f"an alias of {self._here.name!r} is left out: {exc}")
            return False

    def _event(self, kind: EventKind, before: str | None, after: str, **facts: Any) -> NewEvent:
        return event(
            kind, model=self._here.name, model_key=self._here.event_number, reason=self._reason,
            from_value=before, to_value=after, **facts,
        )  # fmt: skip
