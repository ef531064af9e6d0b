"""What a dataset is for a model, under MLflow's name."""

from __future__ import annotations

from nbtrack.datasets.dataset import PyFuncInputsOutputs

__all__ = ["PyFuncInputsOutputs"]
