"""Data of polars, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.kinds import PolarsDataset, from_polars

__all__ = ["PolarsDataset", "from_polars"]
