"""Errors under MLflow's names."""

from nbtrack.errors import NbtrackError as MlflowException

RestException = MlflowException  # there is no server here; code that catches it goes on working

__all__ = ["MlflowException", "RestException"]
