"""Data in files, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.source_kinds import FileSystemDatasetSource

__all__ = ["FileSystemDatasetSource"]
