"""Errors under MLflow's names."""

from nbtrack.errors import NbtrackError as MlflowException

__all__ = ["MlflowException"]
