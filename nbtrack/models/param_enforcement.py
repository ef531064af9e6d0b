"""The parameters of a call of `predict`, checked against the signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.base.guard import warn_once
from nbtrack.errors import InputMismatch
from nbtrack.models.nested_types import problem_of
from nbtrack.models.schema import ParamSchema, ParamSpec


def enforce_params(
    params: Mapping[str, Any] | None, schema: ParamSchema | None
) -> dict[str, Any] | None:
    """*params* with the defaults of those not given; unknown ones are left out, and said.

    None for a model that takes none. Raises InputMismatch.
    """
    if params is not None and not isinstance(params, Mapping):
        raise InputMismatch(f"params is a dict of names and values, not {type(params).__name__}.")
    _say_unknown(params or {}, schema)
    if schema is None:
        return None
    given = params or {}
    return {
        each.name: _checked(given[each.name], each) if each.name in given else each.default
        for each in schema
    }


def _say_unknown(params: Mapping[str, Any], schema: ParamSchema | None) -> None:
    known = [each.name for each in schema or ()]
    unknown = [repr(name) for name in params if name not in known]
    if unknown:
        there_are = f"it has {', '.join(map(repr, known))}" if known else "it has none"
        warn_once(
            f"nbtrack: the signature of the model has no parameter {', '.join(unknown)} "
            f"({there_are}); it is left out."
        )


def _checked(value: Any, spec: ParamSpec) -> Any:
    plain = value.tolist() if hasattr(value, "tolist") else value
    if spec.shape is not None:
        if not isinstance(plain, list | tuple):
            raise InputMismatch(f"Parameter {spec.name!r} is {value!r}; it takes a list.")
        return [_checked_one(each, spec) for each in plain]
    return _checked_one(plain, spec)


def _checked_one(value: Any, spec: ParamSpec) -> Any:
    problem = problem_of(value, spec.dtype, where="it")
    if problem is not None or value is None:
        raise InputMismatch(
            f"Parameter {spec.name!r} takes {spec.dtype}, but {problem or 'it is None'}."
        )
    return float(value) if str(spec.dtype) in ("float", "double") else value
