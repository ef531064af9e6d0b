"""Data made by code, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.source_kinds import CodeDatasetSource

__all__ = ["CodeDatasetSource"]
