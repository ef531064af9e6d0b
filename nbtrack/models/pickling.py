"""A model as bytes; what cannot become bytes is named."""

from __future__ import annotations

import io
import pickle
from collections import ChainMap
from collections.abc import Callable, Iterator
from types import CodeType, ModuleType
from typing import Any, ClassVar

from nbtrack.errors import InvalidValue, ModelNotSaved
from nbtrack.models.pickled_modules import imported_when_run, modules_in

FORMATS = ("cloudpickle", "pickle", "skops")
# What picklers raise for things that do not pickle, and __getstate__ of such things.
PICKLING_FAULTS = (
    pickle.PicklingError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RecursionError,
    ValueError,
)
_PROTOCOL = 5  # arrays go in without a copy; every Python that nbtrack runs on reads it


def check_format(serialization_format: str | None) -> str:
    """Raises InvalidValue."""
    chosen = serialization_format or FORMATS[0]
    if chosen not in FORMATS:
        raise InvalidValue(
            f"serialization_format is {chosen!r}; there are {', '.join(map(repr, FORMATS))}."
        )
    return chosen


def pickled(
    model: Any, serialization_format: str, *, name: str = "model"
) -> tuple[bytes, frozenset[str]]:
    """*model* by `pickle` or `cloudpickle`, and the modules needed to load it.

    Raises ModelNotSaved.
    """
    dumps = _dumps if serialization_format == "pickle" else _cloud_dumps
    try:
        data, modules = dumps(model)
    except PICKLING_FAULTS as exc:
        place = next(_unpicklable(model, dumps, name), name)
        hint = _hint(serialization_format, exc)
        raise ModelNotSaved(
            f"{place} cannot be saved with the model: {exc}. Nothing was stored.{hint}"
        ) from exc
    return data, modules | modules_in(data)


def _dumps(model: Any) -> tuple[bytes, frozenset[str]]:
    return pickle.dumps(model, protocol=_PROTOCOL), frozenset()


def _cloud_dumps(model: Any) -> tuple[bytes, frozenset[str]]:
    """Also the modules that the user's own functions use or import: those are kept by name."""
    from cloudpickle import CloudPickler

    usual, used = CloudPickler.dispatch_table, {"cloudpickle"}

    def keep_module(module: ModuleType) -> Any:
        used.add(module.__name__)
        return usual[ModuleType](module)

    def keep_code(code: CodeType) -> Any:
        used.update(imported_when_run(code))
        return usual[CodeType](code)

    class Pickler(CloudPickler):  # type: ignore[misc]
        # Read when one is made: a table set on the object afterwards is not looked at.
        dispatch_table: ClassVar = ChainMap({ModuleType: keep_module, CodeType: keep_code}, usual)

    buffer = io.BytesIO()
    Pickler(buffer, protocol=_PROTOCOL).dump(model)
    return buffer.getvalue(), frozenset(used)


def _unpicklable(
    value: Any, dumps: Callable[[Any], Any], path: str, depth: int = 0
) -> Iterator[str]:
    """The deepest parts of *value* that cannot be pickled, as "model.steps[1][1].callback"."""
    if depth > 8:
        return
    is_blamed = False
    for name, part in _parts(value):
        try:
            dumps(part)
        except PICKLING_FAULTS:
            is_blamed = True
            yield from _unpicklable(part, dumps, path + name, depth + 1)
    if not is_blamed:
        yield f"{path} (a {type(value).__name__})"


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"[{key!r}]", each) for key, each in value.items())
    elif isinstance(value, list | tuple | set):
        yield from ((f"[{i}]", each) for i, each in enumerate(value))
    elif isinstance(attributes := getattr(value, "__dict__", None), dict):
        yield from ((f".{name}", each) for name, each in attributes.items())


def _hint(serialization_format: str, exc: Exception) -> str:
    words = ("lambda", "local object", "__main__", "not the same object")
    if serialization_format == "pickle" and any(word in str(exc) for word in words):
        return " serialization_format='cloudpickle' keeps functions defined in a notebook."
    return " Remove it before saving, or give the class a __getstate__ that leaves it out."
