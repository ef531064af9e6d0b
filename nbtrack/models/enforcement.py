"""Data for a prediction, checked against the signature and brought into its types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.column_types import as_column, is_as_wanted
from nbtrack.models.schema import Schema
from nbtrack.models.signature_inference import is_a, is_sparse
from nbtrack.models.specs import ColSpec
from nbtrack.models.tensor_enforcement import enforce_tensors


def enforce(data: Any, schema: Schema | None) -> Any:
    """*data* as the model was promised it: its columns, in its order, in its types.

    Columns that the model does not know are left out, and numbers are widened where no value
    changes. Raises InputMismatch, naming what is missing or of a wrong type.
    """
    if schema is None or schema.is_unchecked():
        return data
    if schema.is_tensor_spec():
        return enforce_tensors(data, schema)
    frame = _as_frame(data, schema)
    columns = schema.columns()
    if not schema.has_input_names():
        return _typed(_first_columns(frame, len(columns), schema), columns)
    _check_names(frame, schema)
    present = [each for each in columns if each.name in frame.columns]
    return _typed(frame[[each.name for each in present]], present)


def _as_frame(data: Any, schema: Schema) -> Any:
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series):
        return data.to_frame()
    if is_a(data, "polars", "DataFrame"):
        # Not to_pandas(), which needs pyarrow.
        return pd.DataFrame(data.to_dict(as_series=False))
    if is_sparse(data):
        raise InputMismatch(f"A sparse matrix has no columns; the model takes {schema}.")
    if isinstance(data, Mapping):
        return _frame_of_mapping(data, schema)
    try:
        if _is_one_array(schema) and isinstance(data, list):
            return pd.DataFrame({0: data})
        return pd.DataFrame(data if _is_many(data) else [data])
    except (ValueError, TypeError) as exc:
        raise InputMismatch(f"The data makes no table ({exc}); the model takes {schema}.") from exc


def _frame_of_mapping(data: Mapping[Any, Any], schema: Schema) -> Any:
    import pandas as pd

    # One row, if each value is what a column of that name holds in one row.
    arrays = {each.name for each in schema.columns() if each.to_dict()["type"] == "array"}
    is_row = all(
        not _is_many(value) or (name in arrays and not _holds_lists(value))
        for name, value in data.items()
    )
    try:
        return pd.DataFrame([dict(data)] if is_row else dict(data))
    except ValueError as exc:
        raise InputMismatch(f"The data makes no table ({exc}); the model takes {schema}.") from exc


def _is_one_array(schema: Schema) -> bool:
    return not schema.has_input_names() and [c.to_dict()["type"] for c in schema] == ["array"]


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple) or bool(getattr(value, "ndim", 0))


def _holds_lists(value: Any) -> bool:
    return any(_is_many(each) for each in value)


def _first_columns(frame: Any, count: int, schema: Schema) -> Any:
    if len(frame.columns) < count:
        raise InputMismatch(
            f"The data has {len(frame.columns)} columns, the model takes {count}: {schema}."
        )
    return frame.iloc[:, :count]


def _check_names(frame: Any, schema: Schema) -> None:
    missing = [name for name in schema.required_input_names() if name not in frame.columns]
    if missing:
        known = set(schema.input_names())
        extra = [label for label in frame.columns if label not in known]
        also = f" It has {_listed(extra)}, which the model does not know." if extra else ""
        raise InputMismatch(f"The data lacks the columns {_listed(missing)}.{also}")
    double = frame.columns[frame.columns.duplicated()].tolist()
    if double:
        raise InputMismatch(f"The data has the columns {_listed(double)} more than once.")


def _typed(frame: Any, columns: list[ColSpec] | tuple[ColSpec, ...]) -> Any:
    # Only what its dtype does not already settle is looked at: there may be thousands.
    open_ones = [
        i for i, dtype in enumerate(frame.dtypes) if not is_as_wanted(dtype, columns[i].type)
    ]
    found = {i: as_column(frame.iloc[:, i], columns[i]) for i in open_ones}
    changed = frame.copy(deep=False)
    for i, new in found.items():
        if new is not None:
            changed.isetitem(i, new)
    return changed


def _listed(names: list[Any], most: int = 10) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
