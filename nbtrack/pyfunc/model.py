"""What users' own models derive from, under MLflow's name."""

from __future__ import annotations

from nbtrack.models.python_model import PythonModel, PythonModelContext

__all__ = ["PythonModel", "PythonModelContext"]
