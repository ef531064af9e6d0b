"""Functions of users that describe data, beside `nbtrack.data.from_pandas` and its like."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

from nbtrack.capture.dataset import Dataset
from nbtrack.capture.datasets import from_numpy, from_pandas, from_polars
from nbtrack.errors import InvalidValue

__all__ = ["get_registered_constructors", "register_constructor"]

Constructor = Callable[..., Dataset]
_constructors: dict[str, Constructor] = {
    each.__name__: each for each in (from_numpy, from_pandas, from_polars)
}


def register_constructor(constructor_fn: Constructor, constructor_name: str | None = None) -> str:
    """`nbtrack.data.<name>` is *constructor_fn* from now on; the name, which is its own by default,
    begins with "from_" or "load_". Raises InvalidValue."""
    name = constructor_name or constructor_fn.__name__
    if not name.startswith(("from_", "load_")):
        raise InvalidValue(f"The constructor's name is {name!r}; it begins with from_ or load_.")
    _check_signature(constructor_fn)
    _constructors[name] = constructor_fn
    setattr(sys.modules["nbtrack.data"], name, constructor_fn)
    return name


def get_registered_constructors() -> dict[str, Constructor]:
    return dict(_constructors)


def _check_signature(constructor: Constructor) -> None:
    signature = inspect.signature(constructor, eval_str=True)
    missing = [name for name in ("name", "digest") if name not in signature.parameters]
    if missing:
        raise InvalidValue(f"{constructor.__name__} takes no argument {missing[0]!r}.")
    made = signature.return_annotation
    if not (isinstance(made, type) and issubclass(made, Dataset)):
        raise InvalidValue(
            f"{constructor.__name__} does not say that it returns a Dataset: def … -> MyDataset."
        )
