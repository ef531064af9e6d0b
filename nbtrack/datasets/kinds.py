"""Datasets as facts about a run: a name, a fingerprint, a schema and where the data came from.

The data itself is never copied or stored. Attributes and JSON forms are MLflow's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from nbtrack.capture import fingerprint, schemas
from nbtrack.capture.content import Content, array_columns, groups_of
from nbtrack.capture.row_hashes import RowHashes, row_hashes
from nbtrack.capture.value_digest import is_sparse
from nbtrack.datasets.dataset import Dataset, PyFuncInputsOutputs
from nbtrack.datasets.dataset_source import DatasetSource
from nbtrack.datasets.profiles import frame_profile, rows_in, what_was_read
from nbtrack.datasets.source_kinds import CodeDatasetSource
from nbtrack.datasets.source_registry import resolve_dataset_source
from nbtrack.datasets.tensor_schema import TensorDatasetSchema, schema_of
from nbtrack.errors import InvalidValue
from nbtrack.models.schema import Schema
from nbtrack.recording.session import current_session
from nbtrack.recording.surroundings import source_tags

if TYPE_CHECKING:
    import numpy
    import pandas

    Arrays = numpy.ndarray[Any, Any] | Mapping[str, numpy.ndarray[Any, Any]]

MOST_CHECKED = 1_000_000  # values among which missing ones are looked for

Source = str | os.PathLike[str] | DatasetSource | None


class DescribedDataset(Dataset):
    """One whose schema (in MLflow's JSON form) and *profile* were found with its digest."""

    def __init__(
        self,
        source: DatasetSource,
        name: str | None = None,
        digest: str | None = None,
        *,
        schema: dict[str, Any],
        profile: dict[str, Any],
        columns: Mapping[str, str] | None = None,
    ) -> None:
        self._schema, self._profile, self._columns = schema, profile, columns or {}
        super().__init__(source, name, digest)

    @property
    def schema(self) -> Schema | TensorDatasetSchema | None:
        """None of what has no columns, or two of one name."""
        with suppress(InvalidValue):
            return schema_of(self._schema)
        return None

    @property
    def profile(self) -> dict[str, Any]:
        return self._profile

    def to_dict(self) -> dict[str, str]:
        """Texts only; *schema* and *profile* are JSON."""
        described = {"schema": json.dumps(self._schema), "profile": json.dumps(self.profile)}
        return super().to_dict() | described

    @cached_property
    def rows(self) -> RowHashes | None:
        """What rows are told apart by; None of what has no rows that can be."""
        return None

    @property
    def content(self) -> Content:
        """What is kept to say later what changed."""
        count, is_whole = rows_in(self._profile), "sampled" not in self._profile
        return Content(count, self._columns, groups_of(self._all_of_rows()), is_whole)

    def _all_of_rows(self) -> RowHashes | None:
        return self.rows

    def corrected(self, *, digest: str, profile: dict[str, Any]) -> Self:
        """Another one: this one describes only a part."""
        other = copy(self)
        other._digest, other._profile = digest, profile
        other.rows = None
        return other


class _FrameDataset(DescribedDataset):
    """A frame, with the names of the columns that are targets and predictions."""

    df: Any
    targets: str | None
    predictions: str | None

    @cached_property
    def rows(self) -> RowHashes | None:
        return row_hashes(self.df)

    def _hold(self, df: Any, targets: str | None, predictions: str | None) -> None:
        _check_columns(df.columns, targets=targets, predictions=predictions)
        self.df, self.targets, self.predictions = df, targets, predictions

    def of_whole(self, df: Any, found: fingerprint.Fingerprint) -> Self:
        """Of *df*, of which this one describes a part, with the schema of that part."""
        other = self.corrected(digest=found.digest, profile=frame_profile(df.shape, found))
        other.df, other._columns = df, found.columns
        other.rows = row_hashes(df)
        return other


class PandasDataset(_FrameDataset):
    def __init__(
        self,
        df: pandas.DataFrame,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        if not hasattr(df, "iloc") or not hasattr(df, "columns"):
            raise InvalidValue(_not_a("pandas DataFrame", df))
        self._hold(df, targets, predictions)
        found = fingerprint.fingerprint_pandas(df)
        super().__init__(
            source,
            name,
            digest or found.digest,
            schema=schemas.columns_schema_pandas(df, is_whole=df.size <= MOST_CHECKED),
            profile=frame_profile(df.shape, found),
            columns=found.columns,
        )

    def _compute_digest(self) -> str:
        return fingerprint.fingerprint_pandas(self.df).digest

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """All columns but the targets, and the targets."""
        if self.targets is None:
            return PyFuncInputsOutputs(self.df)
        return PyFuncInputsOutputs(self.df.drop(columns=[self.targets]), self.df[self.targets])


class PolarsDataset(_FrameDataset):
    def __init__(
        self,
        df: Any,  # polars is no dependency, not even of the type checker
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        if not hasattr(df, "null_count") or not hasattr(df, "height"):
            hint = " Call .collect() first." if hasattr(df, "collect") else ""
            raise InvalidValue(_not_a("polars DataFrame", df) + hint)
        self._hold(df, targets, predictions)
        found = fingerprint.fingerprint_polars(df)
        super().__init__(
            source,
            name,
            digest or found.digest,
            schema=schemas.columns_schema_polars(df),
            profile=frame_profile(df.shape, found),
            columns=found.columns,
        )

    def _compute_digest(self) -> str:
        return fingerprint.fingerprint_polars(self.df).digest

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        """All columns but the targets, and the targets, as lists of one pandas object each."""
        if self.targets is None:
            return PyFuncInputsOutputs([self.df.to_pandas()])
        targets = self.df.get_column(self.targets).to_pandas()
        return PyFuncInputsOutputs([self.df.drop(self.targets).to_pandas()], [targets])


class NumpyDataset(DescribedDataset):
    """Arrays, dictionaries of arrays, or scipy's sparse matrices."""

    def __init__(
        self,
        features: Arrays,
        source: DatasetSource,
        targets: Arrays | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        self.features, self.targets = features, targets
        parts = self._parts()
        found = self._fingerprint(parts)
        profile = {f"{part}_{fact}": value for part in parts for fact, value in _facts(parts[part])}
        super().__init__(
            source,
            name,
            digest or found.digest,
            schema=schemas.tensors_schema(parts["features"], parts.get("targets")),
            profile={**profile, **what_was_read(found, _row_count(parts["features"]))},
        )

    @cached_property
    def rows(self) -> RowHashes | None:
        """Of the features: the same ones with other targets are the same rows."""
        is_single = not isinstance(self.features, Mapping) or is_sparse(self.features)
        return row_hashes(self.features) if is_single else None

    def _all_of_rows(self) -> RowHashes | None:
        """With the targets."""
        if self.targets is None or self.rows is None or isinstance(self.targets, Mapping):
            return self.rows
        targets = row_hashes(self.targets)
        if targets is None or len(targets.hashes) != len(self.rows.hashes):
            return None
        return RowHashes(self.rows.hashes * 3 + targets.hashes, self.rows.total)

    @property
    def content(self) -> Content:
        named = {"features": self.features, "target": self.targets}
        columns: dict[str, str] = {}
        for name, part in named.items():
            if part is not None and not isinstance(part, Mapping) and not is_sparse(part):
                columns |= array_columns(name, _as_array(name, part))
        return super().content._replace(columns=columns)

    def _parts(self) -> dict[str, dict[str | None, Any]]:
        parts = {"features": _as_arrays("features", self.features)}
        if self.targets is not None:
            parts["targets"] = _as_arrays("targets", self.targets)
        return parts

    @staticmethod
    def _fingerprint(parts: Mapping[str, dict[str | None, Any]]) -> fingerprint.Fingerprint:
        named = {f"{part}/{key}": each for part in parts for key, each in parts[part].items()}
        return fingerprint.fingerprint_arrays(named)

    def _compute_digest(self) -> str:
        return self._fingerprint(self._parts()).digest

    def to_pyfunc(self) -> PyFuncInputsOutputs:
        return PyFuncInputsOutputs(self.features, self.targets)


class MetaDataset(Dataset):
    """Of which only the source is known, and perhaps a schema (`nbtrack.models.schema.Schema`)."""

    def __init__(
        self,
        source: DatasetSource,
        name: str | None = None,
        digest: str | None = None,
        schema: Any = None,
    ) -> None:
        self._schema = schema
        super().__init__(source, name, digest)

    def _compute_digest(self) -> str:
        from hashlib import sha256

        columns = self._schema.to_dict() if self._schema else ""
        content = [self.name, self.source.to_json(), self.source_type, columns]
        return sha256(json.dumps(content).encode()).hexdigest()[:8]

    @property
    def schema(self) -> Any:
        return self._schema

    def to_dict(self) -> dict[str, str]:
        if not self._schema:
            return super().to_dict()
        return super().to_dict() | {
            "schema": json.dumps({"mlflow_colspec": self._schema.to_dict()})
        }


def from_pandas(
    df: pandas.DataFrame,
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """Describe a DataFrame. *source* is the path or URL it was read from.

    *profile* says `sampled` where the digest did not read all of it, and in `hashed_rows` how many
    rows it looked at. Raises
    InvalidValue when *df* is no DataFrame or a named column is not in it.
    """
    return PandasDataset(df, source_of(source), targets, name, digest, predictions)


def from_polars(
    df: Any,
    source: Source = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """As `from_pandas`, for a polars DataFrame; collect a LazyFrame first."""
    return PolarsDataset(df, source_of(source), targets, name, digest, predictions)


def from_numpy(
    features: Arrays,
    source: Source = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """Describe arrays, dictionaries of arrays, or scipy's sparse matrices.

    Raises InvalidValue for what cannot be seen as an array.
    """
    return NumpyDataset(features, source_of(source), targets, name, digest)


def source_of(source: Source) -> DatasetSource:
    """None is the code that runs; a path is "local", a web address "http", another URL what its
    scheme says. Raises SourceNotKnown for what is none."""
    if isinstance(source, DatasetSource):
        return source
    if source is not None:
        return resolve_dataset_source(source)
    return CodeDatasetSource(source_tags(current_session().settings))


def _check_columns(columns: Any, **named: str | None) -> None:
    for role, column in named.items():
        if column is not None and column not in list(columns):
            shown = ", ".join(map(repr, list(columns)[:20]))
            raise InvalidValue(f"{role} is {column!r}, which is no column; there are {shown}.")


def _row_count(arrays: dict[str | None, Any]) -> int | None:
    """Of the first one, as the fingerprint has it."""
    first = next(iter(arrays.values()), None)
    return None if first is None else int(first.shape[0])


def _as_arrays(role: str, value: Any) -> dict[str | None, Any]:
    """By name; a single array has the name None."""
    if isinstance(value, Mapping) and not is_sparse(value):  # one kind is both
        return {str(key): _as_array(f"{role}[{key!r}]", each) for key, each in value.items()}
    return {None: _as_array(role, value)}


def _as_array(role: str, value: Any) -> Any:
    import numpy as np

    if is_sparse(value):
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
        "shape": {name: tuple(array.shape) for name, array in arrays.items()},
        "size": {name: int(array.size) for name, array in arrays.items()},
        "nbytes": {name: _nbytes(array) for name, array in arrays.items()},
    }
    return [(fact, found.get(None, found)) for fact, found in by_fact.items()]


def _nbytes(array: Any) -> int:
    values = getattr(array, "data", None) if is_sparse(array) else array
    return int(getattr(values, "nbytes", 0))


def _not_a(wanted: str, value: object) -> str:
    return f"Expected a {wanted}, got {type(value).__module__}.{type(value).__qualname__}."
