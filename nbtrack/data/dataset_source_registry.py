"""Which kind of source is meant, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.source_registry import (
    DatasetSourceRegistry,
    get_dataset_source_from_json,
    get_registered_sources,
    register_dataset_source,
    resolve_dataset_source,
)

__all__ = [
    "DatasetSourceRegistry",
    "get_dataset_source_from_json",
    "get_registered_sources",
    "register_dataset_source",
    "resolve_dataset_source",
]
