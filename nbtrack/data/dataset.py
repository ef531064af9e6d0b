"""The base of datasets, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.dataset import Dataset

__all__ = ["Dataset"]
