"""Models from code: a file that makes the model and hands it over with `set_model`."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue, ModelNotLoaded
from nbtrack.models.model_config import using

_handed_over: ContextVar[Any] = ContextVar("handed_over", default=None)


def set_model(model: Any) -> None:
    """In the file of a model: *model*, a `PythonModel` or a function, is what the file is for.

    Raises InvalidValue.
    """
    if isinstance(model, type) or not (callable(model) or hasattr(model, "predict_type_hints")):
        raise InvalidValue(
            f"set_model takes a PythonModel or a function, not {type(model).__name__}; "
            "a scikit-learn estimator is logged by nbtrack.sklearn.log_model."
        )
    _handed_over.set(model)


def model_in(file: Path, config: Mapping[str, Any] | None) -> Any:
    """Run *file*, with *config* as its `ModelConfig`; the model that it hands over.

    Raises ModelNotLoaded.
    """
    token = _handed_over.set(None)
    try:
        with using(config):
            _run(file)
        model = _handed_over.get()
    finally:
        _handed_over.reset(token)
    if model is None:
        raise ModelNotLoaded(
            f"{str(file)!r} makes no model: it ends with nbtrack.models.set_model(model)."
        )
    return model


def _run(file: Path) -> None:
    # A name of its own: the model of another file is to stay what it is.
    name = f"nbtrack_model_{os.urandom(8).hex()}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ModelNotLoaded(f"{str(file)!r} is no Python file.")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as exc:
        del sys.modules[name]
        raise ModelNotLoaded(f"{str(file)!r} raised {type(exc).__name__}: {exc}") from exc
