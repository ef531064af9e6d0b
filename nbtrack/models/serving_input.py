"""The body of a request for predictions as data for a model.

The protocol is the one of MLflow's scoring server, which SageMaker's clients speak too: JSON with
one of `dataframe_split`, `dataframe_records`, `instances` (by row) and `inputs` (by column or as
it is), beside `params`; or CSV.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InputMismatch, NbtrackError
from nbtrack.models.frames import as_frame
from nbtrack.models.json_types import typed_json
from nbtrack.models.schema import Schema
from nbtrack.models.specs import TensorSpec
from nbtrack.models.text_columns import read_columns, text_labels

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
TYPES = (JSON, CSV, PARQUET)


class UnsupportedBody(NbtrackError):
    """A content type that is not one of `TYPES`."""

    error_code = "UNSUPPORTED_MEDIA_TYPE"


def read_request(
    body: bytes, content_type: str | None, schema: Schema | None, *, is_hinted: bool = False
) -> tuple[Any, Mapping[str, Any] | None]:
    """(data, params). Raises InputMismatch, UnsupportedBody.

    With *is_hinted* the schema is of type hints: the model takes the rows as a list.
    """
    kind = _kind_of(content_type)
    if kind == CSV:
        return read_csv(body, schema), None
    if kind == PARQUET:
        return _read_parquet(body), None
    content = _json(body)
    if not isinstance(content, dict):
        raise InputMismatch(f"The body is a JSON {_json_name(content)}; {_expected()}")
    data = _rows_in(content, schema) if is_hinted else _data_in(content, schema)
    return data, _params_in(content)


def read_csv(source: bytes | Path, schema: Schema | None) -> Any:
    """A table with a line of labels. Raises InputMismatch."""
    import pandas as pd

    opened = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        frame = pd.read_csv(opened, dtype=dict.fromkeys(text_labels(schema), "str"))
    except (ValueError, pd.errors.ParserError, pd.errors.EmptyDataError) as exc:
        raise InputMismatch(f"The CSV cannot be read: {str(exc).strip()}.") from exc
    return read_columns(frame, schema)


def _kind_of(content_type: str | None) -> str:
    """Raises UnsupportedBody. Without a content type it is JSON."""
    kind, *parameters = (part.strip().lower() for part in (content_type or JSON).split(";"))
    charset = [p.partition("=")[2].strip('"') for p in parameters if p.startswith("charset=")]
    if charset not in ([], ["utf-8"]):
        raise UnsupportedBody(f"The body is in {charset[0]}; send it as utf-8.")
    if kind not in TYPES:
        raise UnsupportedBody(f"The content type is {kind!r}; send one of {', '.join(TYPES)}.")
    return kind


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as exc:
        raise InputMismatch(f"The body is no JSON: {exc}.") from exc


def _expected() -> str:
    return f"send an object with one of {', '.join(FORMS)}, and params if there are any."


def _json_name(value: Any) -> str:
    names = {list: "list", str: "text", bool: "bool", type(None): "null"}
    return names.get(type(value), "number")


def _params_in(content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    params = content.get("params")
    if params is not None and not isinstance(params, dict):
        raise InputMismatch(f"params is a JSON {_json_name(params)}; send an object.")
    return params


def _form_of(content: Mapping[str, Any]) -> str:
    forms = [name for name in FORMS if name in content]
    if len(forms) != 1:
        shown = ", ".join(map(repr, content)) or "nothing"
        raise InputMismatch(f"The body holds {shown}; {_expected()}")
    return forms[0]


def _rows_in(content: Mapping[str, Any], schema: Schema | None) -> Any:
    form = _form_of(content)
    value = content[form]
    if form.startswith("dataframe_"):
        return _frame(value, form)
    if schema is None or not isinstance(value, list):
        return value
    return [typed_json(row, schema.columns()[0].type) for row in value]


def _data_in(content: Mapping[str, Any], schema: Schema | None) -> Any:
    form = _form_of(content)
    value = content[form]
    if form.startswith("dataframe_"):
        return read_columns(_frame(value, form), schema)
    if schema is not None and schema.is_tensor_spec():
        return _tensors(value, schema)
    if schema is not None and not schema.is_unchecked():
        return read_columns(as_frame(value, schema), schema)
    return _arrays(value, by_row=form == "instances")


def _frame(value: Any, form: str) -> Any:
    import pandas as pd

    try:
        if form == "dataframe_records":
            _check(value, form, list, "a list of objects, one for each row")
            return pd.DataFrame.from_records(value)
        _check(value, form, dict, 'an object {"columns": […], "data": [[…], …]}')
        unknown = set(value) - {"columns", "data", "index"}
        if unknown or "data" not in value:
            raise InputMismatch(f'{form} has the keys {list(value)}; it takes "columns", "data".')
        return pd.DataFrame(value["data"], columns=value.get("columns"), index=value.get("index"))
    except (ValueError, TypeError, AttributeError) as exc:
        if isinstance(exc, InputMismatch):
            raise
        raise InputMismatch(f"{form} makes no table: {exc}.") from exc


def _check(value: Any, form: str, kind: type, description: str) -> None:
    if not isinstance(value, kind):
        raise InputMismatch(f"{form} is a JSON {_json_name(value)}; it takes {description}.")


def _tensors(value: Any, schema: Schema) -> Any:
    specs = schema.tensors()
    if not schema.has_input_names():
        return _array(value, specs[0])
    if isinstance(value, list):
        value = _turned(value)
    if not isinstance(value, dict):
        names = ", ".join(str(name) for name in schema.input_names())
        raise InputMismatch(f"The model takes arrays by name: {names}.")
    known = {spec.name: spec for spec in specs}
    return {name: _array(each, known[name]) for name, each in value.items() if name in known}


def _array(value: Any, spec: TensorSpec) -> Any:
    import numpy as np

    try:
        return np.asarray(value, dtype=spec.dtype)
    except (ValueError, TypeError, OverflowError) as exc:
        raise InputMismatch(f"The input is no array, {spec}: {exc}.") from exc


def _turned(rows: list[Any]) -> Any:
    """Rows as objects turned into {name: values}. Anything else stays as it is."""
    if not rows or not all(isinstance(row, dict) for row in rows):
        return rows
    names = list(rows[0])
    if any(set(row) != set(names) for row in rows):
        raise InputMismatch("The rows have different names; each row names every input.")
    return {name: [row[name] for row in rows] for name in names}


def _arrays(value: Any, *, by_row: bool) -> Any:
    """For a model without a signature: arrays, or a dict of arrays."""
    import numpy as np

    if by_row and isinstance(value, list):
        value = _turned(value)
    try:
        if isinstance(value, dict):
            return {name: np.asarray(each) for name, each in value.items()}
        is_objects = isinstance(value, list) and any(isinstance(row, dict) for row in value)
        return value if is_objects else np.asarray(value)
    except ValueError as exc:
        raise InputMismatch(f"The input makes no array: {exc}.") from exc


def _read_parquet(body: bytes) -> Any:
    import pandas as pd

    from nbtrack.errors import require

    require("pyarrow", extra="parquet")
    try:
        return pd.read_parquet(io.BytesIO(body))
    except (ValueError, OSError) as exc:
        raise InputMismatch(f"The body is no Parquet file: {exc}.") from exc
