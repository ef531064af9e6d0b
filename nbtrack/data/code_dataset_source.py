"""Data made by code, under MLflow"s name."""

from __future__ import annotations

from nbtrack.capture.dataset_sources import CodeDatasetSource

__all__ = ["CodeDatasetSource"]
