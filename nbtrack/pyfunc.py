"""`nbtrack.pyfunc`: any model behind one `predict`, named as MLflow's."""

from __future__ import annotations

from nbtrack.api.pyfunc_models import load_model, log_model, save_model
from nbtrack.models.pyfunc_model import PyFuncModel
from nbtrack.models.python_model import PythonModel, PythonModelContext

__all__ = [
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "load_model",
    "log_model",
    "save_model",
]
