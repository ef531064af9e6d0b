"""Which kind of source somebody means, or a record speaks of; users add kinds of their own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nbtrack.base.guard import warn
from nbtrack.capture.redact import without_credentials
from nbtrack.datasets.dataset_source import DatasetSource
from nbtrack.datasets.source_kinds import (
    CodeDatasetSource,
    FileSystemDatasetSource,
    HTTPDatasetSource,
    LocalArtifactDatasetSource,
    source_elsewhere,
)
from nbtrack.errors import InvalidValue, NotFound

Kind = type[DatasetSource]


class SourceNotKnown(NotFound, InvalidValue):
    error_code = "RESOURCE_DOES_NOT_EXIST"  # as in MLflow


class DatasetSourceRegistry:
    """Of several kinds that would do, the one that was registered last."""

    def __init__(self) -> None:
        self.sources: list[Kind] = []

    def register(self, source: Kind) -> None:
        self.sources.append(source)

    def resolve(
        self, raw_source: Any, candidate_sources: Sequence[Kind] | None = None
    ) -> DatasetSource:
        """*raw_source* as one of the kinds, or of the *candidate_sources* and their subclasses.

        Raises SourceNotKnown.
        """
        allowed = tuple(candidate_sources) if candidate_sources else (DatasetSource,)
        matching = [
            kind
            for kind in self.sources
            if issubclass(kind, allowed) and kind._can_resolve(raw_source)
        ]
        if not matching:
            shown = without_credentials(raw_source) if isinstance(raw_source, str) else raw_source
            raise SourceNotKnown(
                f"source is {shown!r}; give the path or the URL of the data as text, or a "
                "DatasetSource."
            )
        if len(matching) > 1:
            names = ", ".join(kind.__name__ for kind in matching)
            warn(f"nbtrack: the source may be a {names}; it is taken for the last one.")
        return matching[-1]._resolve(raw_source)

    def get_source_from_json(self, source_json: str, source_type: str) -> DatasetSource:
        """A recorded source. Raises SourceNotKnown."""
        for kind in reversed(self.sources):
            if kind._get_source_type() == source_type:
                return kind.from_json(source_json)
        raise SourceNotKnown(
            f"No kind of source is called {source_type!r}; register_dataset_source adds one."
        )


_registry = DatasetSourceRegistry()
_registry.register(CodeDatasetSource)
_registry.register(LocalArtifactDatasetSource)
_registry.register(HTTPDatasetSource)


def register_dataset_source(source: Kind) -> None:
    """*source* is a subclass of DatasetSource, for this process."""
    _registry.register(source)


def get_registered_sources() -> list[Kind]:
    return list(_registry.sources)


def resolve_dataset_source(
    raw_source: Any, candidate_sources: Sequence[Kind] | None = None
) -> DatasetSource:
    """See `DatasetSourceRegistry.resolve`; an address of another kind is only recorded."""
    try:
        return _registry.resolve(raw_source, candidate_sources)
    except SourceNotKnown:
        if candidate_sources or not FileSystemDatasetSource._can_resolve(raw_source):
            raise
        return source_elsewhere(raw_source)


def get_dataset_source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """A recorded source. Raises SourceNotKnown."""
    try:
        return _registry.get_source_from_json(source_json, source_type)
    except SourceNotKnown:
        found = json.loads(source_json)
        if not isinstance(found, dict) or found.get("uri") is None:
            raise
        return source_elsewhere(found["uri"])
