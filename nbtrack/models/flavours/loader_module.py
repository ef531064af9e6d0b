"""Models of users' own kinds: a module with `_load_pyfunc(path)`, and the data that it reads."""

from __future__ import annotations

import importlib
import platform
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.flavours.foreign import ForeignPredictor
from nbtrack.models.folder import FlavorParts, named_files
from nbtrack.models.mlmodel_file import PYFUNC, Model

_DATA = "data"


def parts_of(
    loader_module: str,
    data_path: str | Path | None,
    *,
    model_config: dict[str, Any] | None = None,
    streamable: bool | None = None,
) -> FlavorParts:
    """Raises InvalidValue."""
    if not isinstance(loader_module, str):
        raise InvalidValue(f"loader_module is the name of a module, not {loader_module!r}.")
    files = named_files([data_path], _DATA) if data_path is not None else {}
    pyfunc = {
        "loader_module": loader_module,
        "streamable": bool(streamable),
        "code": None,
        **({"data": f"{_DATA}/{Path(data_path).name}"} if data_path is not None else {}),
        **({"config": model_config} if model_config else {}),
    }
    return FlavorParts(name=PYFUNC, config={}, files=files, modules={loader_module}, pyfunc=pyfunc)


def add_to_model(
    model: Model,
    loader_module: str,
    data: str | None = None,
    code: str | None = None,
    conda_env: Any = None,
    python_env: str | None = None,
    model_config: dict[str, Any] | None = None,
    model_code_path: str | None = None,
    **kwargs: Any,
) -> Model:
    """Say in *model*, of a flavour of one's own, that *loader_module* makes a `PyFuncModel` of it:
    its `_load_pyfunc(path)` is given the path of *data* in the folder."""
    named = {"data": data, "code": code, "model_code_path": model_code_path, "config": model_config}
    env = {"conda": conda_env, "virtualenv": python_env}
    env = {name: file for name, file in env.items() if file is not None}
    facts = {**kwargs, **{n: v for n, v in named.items() if v is not None}, "env": env}
    python = platform.python_version()
    return model.add_flavor(PYFUNC, loader_module=loader_module, python_version=python, **facts)


def predictor_here(loader_module: str, data_path: str | Path | None) -> ForeignPredictor:
    """What the module makes of the data where it is now; to ask it for a signature."""
    module = importlib.import_module(loader_module)
    return ForeignPredictor(module._load_pyfunc(str(data_path or "")))
