"""Data of polars, under MLflow"s name."""

from __future__ import annotations

from nbtrack.capture.datasets import PolarsDataset, from_polars

__all__ = ["PolarsDataset", "from_polars"]
