"""Schemas of arrays, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.tensor_schema import TensorDatasetSchema

__all__ = ["TensorDatasetSchema"]
