"""The client under the name of its module in MLflow."""

from __future__ import annotations

from nbtrack.api.client import MlflowClient

__all__ = ["MlflowClient"]
