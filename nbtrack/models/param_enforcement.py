"""The parameters of a call of `predict`, checked against the signature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.base.guard import warn_once
from nbtrack.errors import InputMismatch
from nbtrack.models.param_schema import ParamSchema
from nbtrack.models.param_values import as_param


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
    given = {str(name): value for name, value in (params or {}).items()}
    return {
        each.name: as_param(given[each.name], each.dtype, each.shape, name=each.name)
        if each.name in given
        else each.default
        for each in schema
    }


def _say_unknown(params: Mapping[str, Any], schema: ParamSchema | None) -> None:
    known = [each.name for each in schema or ()]
    unknown = [repr(name) for name in params if str(name) not in known]
    if unknown:
        there_are = f"it has {', '.join(map(repr, known))}" if known else "it has none"
        warn_once(
            f"nbtrack: the signature of the model has no parameter {', '.join(unknown)} "
            f"({there_are}); it is left out."
        )
