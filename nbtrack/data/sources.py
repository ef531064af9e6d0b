"""All kinds of sources, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.source_kinds import (
    AzureBlobArtifactDatasetSource,
    CodeDatasetSource,
    FileSystemDatasetSource,
    FTPArtifactDatasetSource,
    GCSArtifactDatasetSource,
    HdfsArtifactDatasetSource,
    HTTPDatasetSource,
    LocalArtifactDatasetSource,
    S3ArtifactDatasetSource,
    SFTPArtifactDatasetSource,
)

__all__ = [
    "AzureBlobArtifactDatasetSource",
    "CodeDatasetSource",
    "FTPArtifactDatasetSource",
    "FileSystemDatasetSource",
    "GCSArtifactDatasetSource",
    "HTTPDatasetSource",
    "HdfsArtifactDatasetSource",
    "LocalArtifactDatasetSource",
    "S3ArtifactDatasetSource",
    "SFTPArtifactDatasetSource",
]
