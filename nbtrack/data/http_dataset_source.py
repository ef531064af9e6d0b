"""Data at a web address, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.source_kinds import HTTPDatasetSource

__all__ = ["HTTPDatasetSource"]
