"""Data at a web address, under MLflow"s name."""

from __future__ import annotations

from nbtrack.capture.dataset_sources import HTTPDatasetSource

__all__ = ["HTTPDatasetSource"]
