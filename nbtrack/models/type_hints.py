"""What the type hints of `predict` say of its input and output, as a schema.

list[str], list[dict[str, float]], list[a model of pydantic], …: a list has one item a row. Those of
other classes, such as pandas.DataFrame, say nothing of columns; then the input example does.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from nbtrack.base.imported import imported
from nbtrack.errors import InvalidValue
from nbtrack.models.data_types import AnyType, Array, DataType, Map, Object, Property, ValueType
from nbtrack.models.schema import Schema
from nbtrack.models.specs import ColSpec

PLAIN = {
    int: DataType.long, str: DataType.string, bool: DataType.boolean, float: DataType.double,
    bytes: DataType.binary, dt.datetime: DataType.datetime,
}  # fmt: skip
UNIONS = (Union, UnionType)
TypeFromExample = TypeVar("TypeFromExample")  # the input comes as what the example was


@dataclass(frozen=True)
class TypeHints:
    input: Any = None
    output: Any = None


def hints_of(predict: Callable[..., Any]) -> TypeHints:
    """Of a function of the input, or of the method `predict` of a model."""
    names = [name for name in parameter_names(predict) if name not in ("self", "context", "params")]
    known = _hints_in(predict)
    return TypeHints(known.get(names[0]) if names else None, known.get("return"))


def schema_of_input(hint: Any) -> Schema | None:
    """None for a hint that is not meant to name rows. Raises InvalidValue for one that cannot."""
    if _is_of_other_data(hint):
        return None
    if not is_list(hint):
        raise InvalidValue(f"{hint} is no list of rows; write list[…] with the type of one row.")
    return schema_of(hint)


def _is_of_other_data(hint: Any) -> bool:
    kind = get_origin(hint) or hint
    is_plain = getattr(kind, "__module__", "") in ("builtins", "datetime")
    return kind is NoneType or not (is_plain or kind in UNIONS or is_pydantic(kind))


def schema_of(hint: Any) -> Schema:
    """A list by what its items are. Raises InvalidValue."""
    try:
        found, is_required = _typed(get_args(hint)[0] if is_list(hint) else hint)
    except RecursionError as exc:
        raise InvalidValue(f"{hint} holds itself, and a signature has an end.") from exc
    if not is_required:
        raise InvalidValue(f"{hint} is optional; a model takes every row or none.")
    return Schema([ColSpec(found)])


def is_list(hint: Any) -> bool:
    """Of items of one type that is named: a bare `List` says nothing."""
    return get_origin(hint) is list and len(get_args(hint)) == 1


def is_pydantic(hint: Any) -> bool:
    base = imported("pydantic", "BaseModel")
    return base is not None and isinstance(hint, type) and issubclass(hint, base)


def parameter_names(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # written in C
        return []


def _hints_in(given: Any) -> dict[str, Any]:
    """Of a function, or of an object with `__call__`."""
    is_function = hasattr(given, "__annotations__") and hasattr(given, "__code__")
    source = getattr(given, "__func__", given)
    try:
        return get_type_hints(source if is_function else type(given).__call__)
    except (AttributeError, NameError, TypeError):  # a name that only the type checker knows
        return {}


def _typed(hint: Any) -> tuple[ValueType, bool]:
    """(the type, whether it has to be there). Raises InvalidValue."""
    if get_origin(hint) not in UNIONS:
        return _type_of(hint), True
    others = [each for each in get_args(hint) if each is not NoneType]
    found = _type_of(others[0]) if len(others) == 1 else AnyType()
    return found, len(others) == len(get_args(hint))


def _type_of(hint: Any) -> ValueType:
    if hint is Any:
        return AnyType()
    if hint in PLAIN:
        return PLAIN[hint]
    if is_pydantic(hint):
        return Object([_property(name, field) for name, field in hint.model_fields.items()])
    parts = get_args(hint)
    if is_list(hint):
        return Array(_typed(parts[0])[0])
    if get_origin(hint) is dict and len(parts) == 2 and parts[0] is str:
        return Map(_typed(parts[1])[0])
    raise InvalidValue(
        f"{hint} is no type hint that a signature is made of; there are list[…] of str, int, "
        "float, bool, bytes, datetime, dict[str, …], list[…], Any and models of pydantic."
    )


def _property(name: str, field: Any) -> Property:
    found, is_required = _typed(field.annotation)
    if not is_required and field.is_required():
        raise InvalidValue(f"The optional field {name!r} has no default; give it None.")
    return Property(name, found, is_required)
