"""Data for a prediction, checked against the signature and brought into its types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nbtrack.errors import InputMismatch
from nbtrack.models.column_types import as_column, is_as_wanted
from nbtrack.models.frames import as_frame
from nbtrack.models.kinds import plain_label
from nbtrack.models.schema import Schema
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
    frame = as_frame(data, schema)
    columns = schema.columns()
    if not schema.has_input_names():
        return _typed(_first_columns(frame, len(columns), schema), columns)
    labels = [plain_label(label) for label in frame.columns]
    _check_names(labels, schema)
    present = [each for each in columns if each.name in labels]
    # By place: a label that JSON does not have stays what it is.
    places = [labels.index(each.name) for each in present]
    return _typed(frame.iloc[:, places], present)


def _first_columns(frame: Any, count: int, schema: Schema) -> Any:
    if len(frame.columns) < count:
        raise InputMismatch(
            f"The data has {len(frame.columns)} columns, the model takes {count}: {schema}."
        )
    return frame.iloc[:, :count]


def _check_names(labels: list[Any], schema: Schema) -> None:
    found = set(labels)
    missing = [name for name in schema.required_input_names() if name not in found]
    if missing:
        known = set(schema.input_names())
        extra = [label for label in labels if label not in known]
        also = f" It has {_listed(extra)}, which the model does not know." if extra else ""
        raise InputMismatch(f"The data lacks the columns {_listed(missing)}.{also}")
    if len(found) < len(labels):
        double = [label for i, label in enumerate(labels) if label in labels[:i]]
        raise InputMismatch(f"The data has the columns {_listed(double)} more than once.")


def _typed(frame: Any, columns: Sequence[ColSpec]) -> Any:
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
