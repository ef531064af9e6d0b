"""The base of sources, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.dataset_source import DatasetSource

__all__ = ["DatasetSource"]
