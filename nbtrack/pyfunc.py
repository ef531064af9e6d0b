"""`nbtrack.pyfunc`: any model behind one `predict`, named as MLflow's."""

from __future__ import annotations

from nbtrack.api.pyfunc_models import (
    get_default_conda_env,
    get_default_pip_requirements,
    get_model_dependencies,
    load_model,
    log_model,
    save_model,
)
from nbtrack.models.flavours.loader_module import add_to_model
from nbtrack.models.hinted_calls import checking
from nbtrack.models.pyfunc_model import PyFuncModel
from nbtrack.models.python_model import PythonModel, PythonModelContext

# Names in the MLmodel file.
FLAVOR_NAME, MAIN, CODE, DATA, ENV = "python_function", "loader_module", "code", "data", "env"
PY_VERSION, MODEL_CONFIG = "python_version", "config"
load_pyfunc = load_model  # as it was called in MLflow 1
pyfunc = checking  # MLflow's decorator of functions, which is in mlflow.pyfunc.utils

__all__ = [
    "PyFuncModel",
    "PythonModel",
    "PythonModelContext",
    "add_to_model",
    "get_default_conda_env",
    "get_default_pip_requirements",
    "get_model_dependencies",
    "load_model",
    "load_pyfunc",
    "log_model",
    "pyfunc",
    "save_model",
]
