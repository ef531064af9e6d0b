"""The input example of a model: a few rows as JSON, in the forms of MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.base.guard import tried, warn
from nbtrack.errors import InputMismatch, InvalidValue, ModelNotFound
from nbtrack.models.frames import of_polars
from nbtrack.models.json_values import as_plain, json_text, rows_of
from nbtrack.models.kinds import is_a, is_sparse
from nbtrack.models.schema import Schema
from nbtrack.models.signature import ModelSignature
from nbtrack.models.text_columns import read_columns

FILE = "input_example.json"
SERVING_FILE = "serving_input_example.json"  # the body of a request that a server takes


@dataclass(frozen=True, slots=True, kw_only=True)
class InputExample:
    data: Any  # as given
    params: Mapping[str, Any] | None
    info: dict[str, Any]  # for the MLmodel file
    files: dict[str, bytes]


def kept_example(given: Any) -> InputExample | None:
    """The example to keep with a model; without one that cannot be written, which is said."""
    if given is None:
        return None
    return tried(lambda: input_example(given), on_fault=_say_lost)


def _say_lost(fault: Exception) -> None:
    warn(f"nbtrack: the model is stored without its input example, which JSON cannot hold: {fault}")


def input_example(given: Any) -> InputExample:
    """*given* is data for `predict`, or a tuple (data, params). Raises InvalidValue."""
    data, params = _split(given)
    kind, form, serving_key, serving = _forms(data)
    info = {"artifact_path": FILE, "serving_input_path": SERVING_FILE, **kind}
    request = {serving_key: serving}
    if params is not None:
        info["params"] = "true"
        form, request = {"inputs": form, "params": params}, {**request, "params": params}
    files = {FILE: json_text(form).encode(), SERVING_FILE: json_text(request).encode()}
    return InputExample(data=data, params=params, info=info, files=files)


def load_example(folder: Path, info: Mapping[str, Any], signature: ModelSignature | None) -> Any:
    """The data of the saved example, in the types of the signature. Raises ModelNotFound."""
    content = json.loads(_text_of(folder / info["artifact_path"]))
    if info.get("params"):
        content = content["inputs"]
    schema = None if signature is None else signature.inputs
    return _restored(content, info, schema)


def load_example_params(folder: Path, info: Mapping[str, Any]) -> Any:
    """The parameters saved with the example; None when there are none. Raises ModelNotFound."""
    if not info.get("params"):
        return None
    return json.loads(_text_of(folder / info["artifact_path"]))["params"]


def load_serving_example(folder: Path, info: Mapping[str, Any]) -> str | None:
    """Raises ModelNotFound."""
    path = info.get("serving_input_path")
    return None if path is None else _text_of(folder / path)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as exc:
        raise ModelNotFound(f"The example of the model cannot be read: {exc}.") from exc


def _split(given: Any) -> tuple[Any, Mapping[str, Any] | None]:
    is_pair = isinstance(given, tuple) and len(given) == 2 and isinstance(given[1], Mapping)
    return given if is_pair else (given, None)


def _forms(data: Any) -> tuple[dict[str, str], Any, str, Any]:
    """(what MLmodel says of it, its JSON form, the key and value of a request with it)."""
    if is_a(data, "polars", "DataFrame"):
        data = of_polars(data)
    if is_a(data, "pandas", "Series"):
        data = data.to_frame()
    if is_a(data, "pandas", "DataFrame"):
        orient, form = _split_form(data)
        return {"type": "dataframe", "pandas_orient": orient}, form, "dataframe_split", form
    if is_sparse(data):
        kind = "csc" if data.format == "csc" else "csr"
        form = _sparse_form(data.asformat(kind))
        return {"type": f"sparse_matrix_{kind}"}, form, "inputs", as_plain(data)
    if is_a(data, "numpy", "ndarray"):
        return {"type": "ndarray"}, as_plain(data), "inputs", as_plain(data)
    if isinstance(data, tuple) or callable(data):
        raise InvalidValue(
            f"input_example is a {type(data).__name__}; give a few rows as a DataFrame, array, "
            "dict or list, or a pair (data, params)."
        )
    if isinstance(data, Mapping) and any(is_a(each, "numpy", "ndarray") for each in data.values()):
        form = {name: as_plain(each) for name, each in data.items()}
        return {"type": "ndarray"}, form, "inputs", form
    return {"type": "json_object"}, data, "inputs", data


def _split_form(frame: Any) -> tuple[str, dict[str, Any]]:
    is_counted = frame.columns.tolist() == list(range(len(frame.columns)))
    rows = rows_of(frame)
    if is_counted:  # nobody named the columns
        return "values", {"data": rows}
    return "split", {"columns": frame.columns.tolist(), "data": rows}


def _sparse_form(matrix: Any) -> dict[str, Any]:
    parts = {name: getattr(matrix, name).tolist() for name in ("data", "indices", "indptr")}
    return {**parts, "shape": list(matrix.shape)}


def _restored(content: Any, info: Mapping[str, Any], schema: Schema | None) -> Any:
    kind = info["type"]
    if kind == "dataframe":
        import pandas as pd

        frame = pd.DataFrame(content["data"], columns=content.get("columns"))
        try:
            return read_columns(frame, schema)
        except InputMismatch:  # it was written as JSON has it
            return frame
    if kind == "ndarray":
        return _restored_arrays(content, schema)
    if kind.startswith("sparse_matrix"):
        from scipy import sparse

        make = sparse.csc_matrix if kind.endswith("csc") else sparse.csr_matrix
        parts = (content["data"], content["indices"], content["indptr"])
        return make(parts, shape=content["shape"])
    return content


def _restored_arrays(content: Any, schema: Schema | None) -> Any:
    import numpy as np

    tensors = () if schema is None else schema.tensors()
    dtypes = {spec.name: spec.dtype for spec in tensors}
    if isinstance(content, dict):
        return {name: np.asarray(each, dtypes.get(name)) for name, each in content.items()}
    return np.asarray(content, dtypes.get(None))
