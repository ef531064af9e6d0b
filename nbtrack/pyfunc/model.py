"""What users' own models derive from, under MLflow's name."""

from __future__ import annotations

from nbtrack.models.python_model import PythonModel, PythonModelContext

# Names in the MLmodel file.
CONFIG_KEY_ARTIFACTS, CONFIG_KEY_PYTHON_MODEL = "artifacts", "python_model"
CONFIG_KEY_ARTIFACT_RELATIVE_PATH, CONFIG_KEY_ARTIFACT_URI = "path", "uri"
CONFIG_KEY_CLOUDPICKLE_VERSION = "cloudpickle_version"

__all__ = ["PythonModel", "PythonModelContext"]
