"""Data of numpy, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.kinds import NumpyDataset, from_numpy

__all__ = ["NumpyDataset", "from_numpy"]
