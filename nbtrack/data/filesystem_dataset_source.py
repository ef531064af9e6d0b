"""Data in files, under MLflow"s name."""

from __future__ import annotations

from nbtrack.capture.dataset_sources import FileSystemDatasetSource

__all__ = ["FileSystemDatasetSource"]
