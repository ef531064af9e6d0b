"""Datasets as facts about a run: a name, a fingerprint, a schema and where the data came from.

The data itself is never copied or stored. Attributes and JSON forms are MLflow's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.capture import fingerprint, schemas
from nbtrack.errors import InvalidValue
from nbtrack.records import runs as records

if TYPE_CHECKING:
    import numpy
    import pandas

    Arrays = numpy.ndarray[Any, Any] | Mapping[str, numpy.ndarray[Any, Any]]

Source = str | os.PathLike[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSource:
    """Where data came from: "local", "http", "code" (made in the notebook), or a URL's scheme."""

    source_type: str
    uri: str | None = None

    def to_dict(self) -> dict[str, Any]:
        if self.source_type == "code":
            return {"tags": {}}
        return {"url" if self.source_type == "http" else "uri": self.uri}

    def to_json(self) -> str:
        return json.dumps(self.to_dict())


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    name: str
    digest: str
    source: DatasetSource
    schema: dict[str, Any]
    profile: dict[str, Any]

    @property
    def source_type(self) -> str:
        return self.source.source_type

    def to_dict(self) -> dict[str, str]:
        """Texts only; *schema* and *profile* are JSON."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self.source_type,
            "schema": json.dumps(self.schema),
            "profile": json.dumps(self.profile),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict())

    def to_record(self) -> records.Dataset:
        return records.Dataset(**self.to_dict())


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameDataset(Dataset):
    """A pandas or polars frame, with the names of the columns that are targets and predictions."""

    df: Any
    targets: str | None
    predictions: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayDataset(Dataset):
    features: Any
    targets: Any


def from_pandas(
    df: pandas.DataFrame,
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> FrameDataset:
    """Describe a DataFrame. *source* is the path or URL it was read from.

    *profile* says in `hashed_rows` how many rows the digest looked at. Raises InvalidValue when
    *df* is no DataFrame or a named column is not in it.
    """
    if not hasattr(df, "iloc") or not hasattr(df, "columns"):
        raise InvalidValue(_not_a("pandas DataFrame", df))
    _check_columns(df.columns, targets=targets, predictions=predictions)
    found = fingerprint.fingerprint_pandas(df)
    is_whole = found.hashed_rows == len(df)
    return FrameDataset(
        name=name or "dataset",
        digest=digest or found.digest,
        source=source_of(source),
        schema=schemas.columns_schema_pandas(df, is_whole=is_whole),
        profile=_frame_profile(df.shape, found.hashed_rows),
        df=df,
        targets=targets,
        predictions=predictions,
    )


def from_polars(
    df: Any,  # polars is no dependency, not even of the type checker
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> FrameDataset:
    """As `from_pandas`, for a polars DataFrame; collect a LazyFrame first."""
    if not hasattr(df, "null_count") or not hasattr(df, "height"):
        hint = " Call .collect() first." if hasattr(df, "collect") else ""
        raise InvalidValue(_not_a("polars DataFrame", df) + hint)
    _check_columns(df.columns, targets=targets, predictions=predictions)
    found = fingerprint.fingerprint_polars(df)
    return FrameDataset(
        name=name or "dataset",
        digest=digest or found.digest,
        source=source_of(source),
        schema=schemas.columns_schema_polars(df),
        profile=_frame_profile(df.shape, found.hashed_rows),
        df=df,
        targets=targets,
        predictions=predictions,
    )


def from_numpy(
    features: Arrays,
    source: Source = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> ArrayDataset:
    """Describe arrays, dictionaries of arrays, or scipy's sparse matrices.

    Raises InvalidValue for what cannot be seen as an array.
    """
    parts = {"features": _as_arrays("features", features)}
    if targets is not None:
        parts["targets"] = _as_arrays("targets", targets)
    named = {f"{part}/{key}": each for part in parts for key, each in parts[part].items()}
    found = fingerprint.fingerprint_arrays(named)
    profile = {f"{part}_{fact}": value for part in parts for fact, value in _facts(parts[part])}
    return ArrayDataset(
        name=name or "dataset",
        digest=digest or found.digest,
        source=source_of(source),
        schema=schemas.tensors_schema(parts["features"], parts.get("targets")),
        profile={**profile, "hashed_rows": found.hashed_rows},
        features=features,
        targets=targets,
    )


def source_of(source: Source) -> DatasetSource:
    """A path is "local", a web address "http", another URL what its scheme says.

    User, password and secret query fields of a URL are left out. Raises InvalidValue for
    anything but texts and paths.
    """
    from nbtrack.capture.redact import without_credentials

    if source is None:
        return DatasetSource(source_type="code")
    if not isinstance(source, str | os.PathLike):
        raise InvalidValue(f"source is {source!r}; give the path or the URL of the data as text.")
    uri = without_credentials(os.fspath(source))
    scheme, separator, _ = uri.partition("://")
    kinds = {"http": "http", "https": "http", "file": "local"}
    kind = kinds.get(scheme.lower(), scheme.lower()) if separator else "local"
    return DatasetSource(source_type=kind, uri=uri)


def _check_columns(columns: Any, **named: str | None) -> None:
    for role, column in named.items():
        if column is not None and column not in list(columns):
            shown = ", ".join(map(repr, list(columns)[:20]))
            raise InvalidValue(f"{role} is {column!r}, which is no column; there are {shown}.")


def _frame_profile(shape: tuple[int, int], hashed_rows: int) -> dict[str, Any]:
    rows, columns = shape
    return {"num_rows": rows, "num_elements": rows * columns, "hashed_rows": hashed_rows}


def _as_arrays(role: str, value: Any) -> dict[str | None, Any]:
    """By name; a single array has the name None."""
    if isinstance(value, Mapping) and not fingerprint.is_sparse(value):  # one kind is both
        return {str(key): _as_array(f"{role}[{key!r}]", each) for key, each in value.items()}
    return {None: _as_array(role, value)}


def _as_array(role: str, value: Any) -> Any:
    import numpy as np

    if fingerprint.is_sparse(value):
        return value
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as exc:
        raise InvalidValue(f"{role}: {_not_a('numpy array', value)} ({exc})") from exc
    if array.ndim == 0:
        raise InvalidValue(f"{role}: {_not_a('numpy array', value)}")
    return array


def _facts(arrays: dict[str | None, Any]) -> list[tuple[str, Any]]:
    """Shape, size and bytes: of the single array, or by name."""

    by_fact: dict[str, dict[str | None, Any]] = {
        "shape": {name: list(array.shape) for name, array in arrays.items()},
        "size": {name: int(array.size) for name, array in arrays.items()},
        "nbytes": {name: _nbytes(array) for name, array in arrays.items()},
    }
    return [(fact, found.get(None, found)) for fact, found in by_fact.items()]


def _nbytes(array: Any) -> int:
    values = getattr(array, "data", None) if fingerprint.is_sparse(array) else array
    return int(getattr(values, "nbytes", 0))


def _not_a(wanted: str, value: object) -> str:
    return f"Expected a {wanted}, got {type(value).__module__}.{type(value).__qualname__}."
