"""Whether a param was chosen: see `records.origins`."""

from __future__ import annotations

from typing import Any

from nbtrack.records.origins import Origin, is_bookkeeping

NO_DEFAULT = object()


def param_origin(name: str, value: Any, default: Any) -> Origin:
    if is_bookkeeping(name) or (default is NO_DEFAULT and hasattr(value, "get_params")):
        return Origin.BOOKKEEPING  # a step of a pipeline: its own params tell what it is made of
    if hasattr(value, "get_params") or default is NO_DEFAULT:
        return Origin.UNTOLD
    return Origin.DEFAULT if _is_same(value, default) else Origin.CHANGED


def _is_same(value: Any, default: Any) -> bool:
    """Nothing is asked of the values of others: only plain ones have an `==` that is harmless."""
    if value is default:
        return True
    plain = (bool, int, float, str, tuple)
    return (
        type(value) is type(default) and isinstance(value, plain) and repr(value) == repr(default)
    )
