"""All kinds of sources, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.source_kinds import (
    CodeDatasetSource,
    FileSystemDatasetSource,
    HTTPDatasetSource,
    LocalArtifactDatasetSource,
)

__all__ = [
    "CodeDatasetSource",
    "FileSystemDatasetSource",
    "HTTPDatasetSource",
    "LocalArtifactDatasetSource",
]
