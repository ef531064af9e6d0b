"""Whether a value of lists and dicts is of the type that a signature names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.models.data_types import AnyType, Array, DataType, Map, Object, ValueType
from nbtrack.models.kinds import is_missing
from nbtrack.models.value_types import type_of

# What each type also takes: nothing is lost by it.
NARROWER = {
    DataType.long: (DataType.integer,),
    DataType.float: (DataType.integer, DataType.long),
    DataType.double: (DataType.integer, DataType.long, DataType.float),
}


def problem_of(value: Any, wanted: ValueType, *, where: str = "a value") -> str | None:
    """What is wrong with *value*, to go on after "but"; None when it is as *wanted*."""
    if isinstance(wanted, AnyType) or is_missing(value):
        return None
    if isinstance(wanted, DataType):
        return None if _is_of(value, wanted) else f"{where} is {_shown(value)}"
    if isinstance(wanted, Array):
        return _problem_of_list(value, wanted, where)
    if not isinstance(value, Mapping):
        return f"{where} is {_shown(value)}"
    if isinstance(wanted, Map):
        named = ((name, each, wanted.value_type) for name, each in value.items())
        return _first_problem(named, where)
    return _problem_of_object(value, wanted, where)


def _is_of(value: Any, wanted: DataType) -> bool:
    # Python has one kind of int and one of float.
    if type(value) is int and wanted == DataType.integer:
        return -1 << 31 <= value < 1 << 31
    if type(value) is float and wanted == DataType.float:
        return True
    found = type_of(value)
    return found == wanted or found in NARROWER.get(wanted, ())


def _problem_of_list(value: Any, wanted: Array, where: str) -> str | None:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return f"{where} is {_shown(value)}"
    return _first_problem(((i, each, wanted.dtype) for i, each in enumerate(value)), where)


def _problem_of_object(value: Mapping[Any, Any], wanted: Object, where: str) -> str | None:
    known = {each.name: each for each in wanted.properties}
    missing = [name for name, each in known.items() if each.required and name not in value]
    if missing:
        return f"{where} lacks {', '.join(map(repr, missing))}"
    unknown = [name for name in value if name not in known]
    if unknown:
        return f"{where} has {', '.join(map(repr, unknown))}, which the model does not know"
    return _first_problem(((name, each, known[name].dtype) for name, each in value.items()), where)


def _first_problem(parts: Any, where: str) -> str | None:
    problems = (problem_of(each, wanted, where=f"{where}[{key!r}]") for key, each, wanted in parts)
    return next((problem for problem in problems if problem is not None), None)


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 60 else text[:59] + '…'} ({type(value).__name__})"
