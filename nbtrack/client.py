"""The by-id client under the name that MLflow gives its module."""

from __future__ import annotations

from nbtrack.api.client import MlflowClient

__all__ = ["MlflowClient"]
