"""Data of pandas, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.kinds import PandasDataset, from_pandas

__all__ = ["PandasDataset", "from_pandas"]
