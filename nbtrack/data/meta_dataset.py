"""A dataset that is only a source, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.kinds import MetaDataset

__all__ = ["MetaDataset"]
