"""Functions of users that describe data, beside `nbtrack.data.from_pandas` and its like."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

from nbtrack.datasets.dataset import Dataset
from nbtrack.datasets.kinds import from_numpy, from_pandas, from_polars
from nbtrack.errors import InvalidValue

__all__ = ["DatasetRegistry", "get_registered_constructors", "register_constructor"]

Constructor = Callable[..., Dataset]


class DatasetRegistry:
    """Functions that make datasets, by their names, which begin with "from_" or "load_"."""

    def __init__(self) -> None:
        self.constructors: dict[str, Constructor] = {}

    def register_constructor(
        self, constructor_fn: Constructor, constructor_name: str | None = None
    ) -> str:
        """The name, which is the function's own by default. Raises InvalidValue."""
        name = constructor_name or constructor_fn.__name__
        if not name.startswith(("from_", "load_")):
            raise InvalidValue(f"The constructor is called {name!r}; begin with from_ or load_.")
        _check_signature(constructor_fn)
        self.constructors[name] = constructor_fn
        return name


_registry = DatasetRegistry()
for _each in (from_numpy, from_pandas, from_polars):
    _registry.constructors[_each.__name__] = _each


def register_constructor(constructor_fn: Constructor, constructor_name: str | None = None) -> str:
    """`nbtrack.data.<name>` is *constructor_fn* from now on. Raises InvalidValue."""
    name = _registry.register_constructor(constructor_fn, constructor_name)
    setattr(sys.modules["nbtrack.data"], name, constructor_fn)
    return name


def get_registered_constructors() -> dict[str, Constructor]:
    return dict(_registry.constructors)


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
