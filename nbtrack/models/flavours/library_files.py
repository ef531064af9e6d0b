"""Models that a library writes and reads itself: through a file, by a class of its own."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from nbtrack.base.imported import imported
from nbtrack.errors import InvalidValue, ModelNotLoaded, ModelNotSaved


def written(write: Callable[[str], Any], file: str) -> bytes:
    """What *write(path)* puts into a file of that name. Raises ModelNotSaved."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, file)
        try:
            write(str(path))
            return path.read_bytes()
        except (ValueError, TypeError, NotImplementedError, RuntimeError, OSError) as exc:
            raise ModelNotSaved(f"The model cannot be saved: {exc}. Nothing was stored.") from exc


def own_class(model: Any, modules: Collection[str]) -> type:
    """The nearest class of *model* that is the library's. Raises InvalidValue."""
    for kind in type(model).__mro__:
        if kind.__module__ in modules:
            return kind
    names = " or ".join(sorted({name.partition(".")[0] for name in modules}))
    raise InvalidValue(f"A {type(model).__name__} is no model of {names}.")


def full_name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__name__}"


def class_named(name: str, modules: Collection[str]) -> Any:
    """The class that an MLmodel file names: one of the library's, or nothing of it is loaded.

    Raises ModelNotLoaded.
    """
    module, _, kind = name.rpartition(".")
    if module not in modules:
        raise ModelNotLoaded(f"The model is a {name}, which is no class of {', '.join(modules)}.")
    try:
        return getattr(importlib.import_module(module), kind)
    except (ImportError, AttributeError) as exc:
        package = module.partition(".")[0]
        raise ModelNotLoaded(f"The model needs {package}: {exc}. Install it.") from exc


def version_of(package: str) -> str | None:
    found = imported(package, "__version__")
    return None if found is None else str(found)  # torch has a class of its own for it
