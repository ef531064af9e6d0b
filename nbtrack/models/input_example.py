"""The input example of a model: a few rows as JSON, in the forms of MLflow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.frames import of_polars
from nbtrack.models.json_values import as_plain, json_text, rows_of
from nbtrack.models.kinds import is_a, is_sparse
from nbtrack.models.mlmodel_file import Model

FILE = "input_example.json"
SERVING_FILE = "serving_input_example.json"  # the body of a request that a server takes


@dataclass(frozen=True, slots=True, kw_only=True)
class InputExample:
    data: Any  # as given
    params: Mapping[str, Any] | None
    info: dict[str, Any]  # for the MLmodel file
    files: dict[str, bytes]


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


def load_input_example(folder: Path, model: Model) -> Any:
    """The data of the saved example; None when there is none."""
    info = model.saved_input_example_info
    if info is None:
        return None
    content = json.loads((folder / info["artifact_path"]).read_bytes())
    if info.get("params"):
        content = content["inputs"]
    return _restored(content, info)


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


def _restored(content: Any, info: Mapping[str, Any]) -> Any:
    kind = info["type"]
    if kind == "dataframe":
        import pandas as pd

        return pd.DataFrame(content["data"], columns=content.get("columns"))
    if kind == "ndarray":
        import numpy as np

        if isinstance(content, dict):
            return {name: np.asarray(each) for name, each in content.items()}
        return np.asarray(content)
    if kind.startswith("sparse_matrix"):
        from scipy import sparse

        make = sparse.csc_matrix if kind.endswith("csc") else sparse.csr_matrix
        parts = (content["data"], content["indices"], content["indptr"])
        return make(parts, shape=content["shape"])
    return content
