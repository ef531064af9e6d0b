"""The data that a model is given: arrays and frames, several of them by name or in order, or in a
`DataLoader`. Of what can be read only once, or only by reading all of it, nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nbtrack.base.imported import is_instance
from nbtrack.hooks.data.rows import EXAMPLE_ROWS, first_rows
from nbtrack.hooks.training.arguments import UsersArguments
from nbtrack.hooks.training.calls import Data


def data_of(arguments: UsersArguments) -> Iterator[Data]:
    """The training data first."""
    x, y = arguments.get("x"), arguments.get("y")
    name = arguments.variable_of(getattr(x, "dataset", None)) or arguments.name_of("x")
    yield from _described(x, y, name, arguments.name_of("y"), "train")
    held_out = arguments.get("validation_data")
    if isinstance(held_out, tuple | list) and len(held_out) > 1:
        x, y = held_out[:2]
        yield from _described(x, y, arguments.variable_of(x), arguments.variable_of(y), "eval")
    else:
        name = arguments.variable_of(getattr(held_out, "dataset", held_out))
        yield from _described(held_out, None, name, None, "eval")


def rows_of(x: Any) -> Any:
    """A copy of the first ones, in the form that a model takes; None if they cannot be had."""
    x, _ = _unpacked(x, None)
    if isinstance(x, Mapping):
        return {name: first_rows(array_of(value), EXAMPLE_ROWS) for name, value in x.items()}
    return first_rows(array_of(x), EXAMPLE_ROWS) if hasattr(x, "shape") else None


def array_of(value: Any) -> Any:
    """Tensors as arrays; all else as it is."""
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    return value.numpy() if is_instance(value, "tensorflow", "Tensor") else value


def _described(
    x: Any, y: Any, name: str | None, y_name: str | None, context: str
) -> Iterator[Data]:
    x, y = _unpacked(x, y)
    y = None if _is_several(y) else array_of(y)
    pieces = _pieces(x, name)
    for number, (called, value) in enumerate(pieces):
        if hasattr(value, "shape"):
            yield Data(array_of(value), None if number else y, called, y_name, context)


def _pieces(x: Any, name: str | None) -> list[tuple[str | None, Any]]:
    if isinstance(x, Mapping):
        return [(str(key), value) for key, value in x.items()]
    if _is_several(x):
        return [(f"{name}_{i}" if name else None, value) for i, value in enumerate(x)]
    return [(name, x)]


def _is_several(x: Any) -> bool:
    return isinstance(x, list | tuple | Mapping)


def _unpacked(x: Any, y: Any) -> tuple[Any, Any]:
    """What a `DataLoader` goes over."""
    if is_instance(x, "torch.utils.data", "DataLoader"):
        tensors: list[Any] = [*getattr(x.dataset, "tensors", ())]
        if len(tensors) in (1, 2):
            return tensors[0], tensors[1] if len(tensors) > 1 else None
    return x, y
