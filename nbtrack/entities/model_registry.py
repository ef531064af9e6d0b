"""Records of the model registry, under MLflow's name."""

from __future__ import annotations

from nbtrack.records.registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)

__all__ = ["ModelVersion", "ModelVersionTag", "RegisteredModel", "RegisteredModelTag"]
