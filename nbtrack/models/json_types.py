"""Values as JSON has them, as the types that a signature names: texts are times and bytes too."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.data_types import Array, DataType, Map, Object, ValueType


def typed_json(value: Any, wanted: ValueType) -> Any:
    """What does not fit stays as it is: whether it may is decided elsewhere.

    Raises InputMismatch for a text that cannot be read.
    """
    if isinstance(value, str) and wanted in (DataType.binary, DataType.datetime):
        return _read(value, wanted)
    if isinstance(value, list) and isinstance(wanted, Array):
        return [typed_json(each, wanted.dtype) for each in value]
    if isinstance(value, dict) and isinstance(wanted, Map):
        return {name: typed_json(each, wanted.value_type) for name, each in value.items()}
    if isinstance(value, dict) and isinstance(wanted, Object):
        known = {each.name: each.dtype for each in wanted.properties}
        return {n: typed_json(v, known[n]) if n in known else v for n, v in value.items()}
    return value


def _read(text: str, wanted: ValueType) -> Any:
    try:
        if wanted == DataType.binary:
            return base64.b64decode(text, validate=True)
        return dt.datetime.fromisoformat(text)
    except ValueError as exc:
        raise InputMismatch(f"{text!r} cannot be read as {wanted}: {exc}.") from exc
