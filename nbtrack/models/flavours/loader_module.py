"""Models of users' own kinds: a module with `_load_pyfunc(path)`, and the data that it reads."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.flavours.foreign import ForeignPredictor
from nbtrack.models.folder import FlavorParts, named_files
from nbtrack.models.mlmodel_file import PYFUNC

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


def predictor_here(loader_module: str, data_path: str | Path | None) -> ForeignPredictor:
    """What the module makes of the data where it is now; to ask it for a signature."""
    module = importlib.import_module(loader_module)
    return ForeignPredictor(module._load_pyfunc(str(data_path or "")))
