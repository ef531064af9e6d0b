"""`nbtrack.pyfunc`: any model behind one `predict`, named as MLflow's."""

from __future__ import annotations

from typing import NoReturn

from nbtrack.api.pyfunc_models import (
    get_default_conda_env,
    get_default_pip_requirements,
    get_model_dependencies,
    load_model,
    log_model,
    save_model,
)
from nbtrack.models.flavours.loader_module import add_to_model
from nbtrack.models.pyfunc_model import PyFuncModel
from nbtrack.models.python_model import PythonModel, PythonModelContext

# Names in the MLmodel file.
FLAVOR_NAME, MAIN, CODE, DATA, ENV = "python_function", "loader_module", "code", "data", "env"
PY_VERSION, MODEL_CONFIG = "python_version", "config"
load_pyfunc = load_model  # as it was called in MLflow 1

# What people who come from MLflow look for in vain -> what to use.
_MLFLOWS_ONLY = {
    "spark_udf": "load_model(uri).predict takes a pandas or polars frame",
    "build_model_env": "install the lines of get_model_dependencies(uri)",
    "ChatModel": "a PythonModel with type hints takes and gives messages",
    "ChatAgent": "a PythonModel with type hints takes and gives messages",
    "ResponsesAgent": "a PythonModel with type hints takes and gives messages",
}

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
    "save_model",
]


def __getattr__(name: str) -> NoReturn:
    hint = f"; {_MLFLOWS_ONLY[name]}" if name in _MLFLOWS_ONLY else ""
    raise AttributeError(f"module 'nbtrack.pyfunc' has no attribute {name!r}{hint}")
