"""The data of a training or of a prediction: a record of X and y by fingerprint.

Every value is read, up to the budget that `capture.fingerprint` states: of the largest data 0.25 s,
and 0.15 s for the hashes of its rows. It is read at once: later it may have been changed. Of
arrays, X and y are one dataset with features and targets, as in MLflow; of frames each is a
dataset, so that one that was logged by hand has the same digest.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from nbtrack.capture.fingerprint import (
    DIGEST_LENGTH,
    MOST_COLUMNS,
    evenly,
    fingerprint_pandas,
    fingerprint_polars,
)
from nbtrack.capture.value_digest import is_sparse
from nbtrack.datasets import kinds as datasets
from nbtrack.datasets.source_kinds import CodeDatasetSource
from nbtrack.errors import InvalidValue
from nbtrack.hooks.data.rows import row_count, take_rows
from nbtrack.hooks.quiet import no_warnings
from nbtrack.recording.session import current_session

if TYPE_CHECKING:
    from nbtrack.recording.run_writer import RunWriter

MOST_PYTHON_VALUES = 1 << 20  # of lists and columns of Python objects
MOST_CHARACTERS = 1 << 24  # of an array of texts
WIDE_CELLS = 250_000  # of a wide frame
TARGETS_TAG = "nbtrack.targets"  # on an input: what the user calls y
_LONGEST_NAME = 100
_DEFAULT_NAME = "dataset"  # MLflow's
_SOURCE = CodeDatasetSource()  # whose code it was the run says


def log_dataset(
    run: RunWriter,
    X: Any,
    *,
    context: str,
    y: Any = None,
    name: str | None = None,
    y_name: str | None = None,
) -> datasets.DescribedDataset:
    """Record that *run* read X for *context*, "train" or "eval"; *name* is what the user calls it.
    What is known of X comes back.

    Raises InvalidValue for what cannot be looked at twice, such as a generator.
    """
    with no_warnings():
        if _is_frame(X):
            targets = None
            found = [describe(X, name=name)]
            if y is not None:
                found.append(describe(y, name=y_name))
        else:
            targets = None if y is None else y_name
            found = [describe(X, y=y, name=name)]
    tags = None if targets is None else {TARGETS_TAG: _clipped(targets)}
    cell_run = current_session().cell_run
    for dataset in found:
        run.log_input(dataset, context=context, tags=tags)
        if cell_run is not None:
            cell_run.logged.add_input(dataset.name, dataset.digest, context)
    return found[0]


def describe(data: Any, *, y: Any = None, name: str | None = None) -> datasets.DescribedDataset:
    """The dataset's facts."""
    name = _clipped(name) if name else _DEFAULT_NAME
    if _is_frame(data):
        return _of_frame(data, name)
    if row_count(data) is None:
        raise InvalidValue(
            f"The data is a {type(data).__qualname__}, which can be read only once. "
            "Pass a list or an array to have it recorded."
        )
    features, targets = _looked_at(data), None if y is None else _looked_at(y)
    found: datasets.DescribedDataset = datasets.from_numpy(features, _SOURCE, targets, name)
    wholes = {"features": (features, data), "targets": (targets, y)}
    profile: dict[str, Any] = {}
    for role, (part, whole) in wholes.items():
        if part is not None and row_count(part) != row_count(whole):
            shape = [row_count(whole), *found.profile[f"{role}_shape"][1:]]
            profile[f"{role}_shape"], profile[f"{role}_size"] = shape, prod(shape)
            profile[f"{role}_nbytes"] = None
            profile["hashed_rows"] = found.profile.get("hashed_rows", row_count(features))
            profile["sampled"] = True
    return _corrected(found, profile)


def _is_frame(data: Any) -> bool:
    return hasattr(data, "columns") and hasattr(data, "dtypes") and hasattr(data, "shape")


def _of_frame(frame: Any, name: str) -> datasets.DescribedDataset:
    is_polars = not hasattr(frame, "iloc")
    read: Any = datasets.from_polars if is_polars else datasets.from_pandas
    if frame.shape[1] <= MOST_COLUMNS:
        found: datasets.DescribedDataset = read(frame, _SOURCE, name=name)
        return found
    digest_of: Any = fingerprint_polars if is_polars else fingerprint_pandas
    part = read(_some_cells(frame), _SOURCE, name=name)
    whole: datasets.DescribedDataset = part.of_whole(frame, digest_of(frame))
    return whole


def _some_cells(frame: Any) -> Any:
    """For the schema, evenly spaced rows and columns: it costs by the column."""
    rows, columns = frame.shape
    across = evenly(columns, MOST_COLUMNS)
    down = evenly(rows, min(rows, WIDE_CELLS // MOST_COLUMNS))
    if hasattr(frame, "iloc"):
        return frame.iloc[down, across]
    return frame[down, across]


def _corrected(
    found: datasets.DescribedDataset, profile: dict[str, Any]
) -> datasets.DescribedDataset:
    """With the facts of the whole, of which *found* describes a part."""
    if not profile:
        return found
    from hashlib import sha256

    content = f"{found.digest} {sorted(profile.items())!r}"
    digest = sha256(content.encode()).hexdigest()[:DIGEST_LENGTH]
    facts = {**found.profile, **profile}
    known = {name: value for name, value in facts.items() if value is not None}
    return found.corrected(digest=digest, profile=known)


def _looked_at(data: Any) -> Any:
    """As an array or a sparse matrix; of Python objects only some, because each one costs."""
    import numpy as np

    if is_sparse(data):
        return data
    most = MOST_PYTHON_VALUES // max(_width(data), 1)
    if _is_of_python_objects(data) and len(data) > most:
        data = take_rows(data, np.array(evenly(len(data), most)))
    return np.asarray(data, object if _is_of_long_texts(data) else None)


def _is_of_long_texts(data: Any) -> bool:
    """An array of texts has room in each cell for the longest one."""
    is_of_texts = isinstance(data, list) and set(map(type, data)) == {str}
    return is_of_texts and max(map(len, data)) * len(data) > MOST_CHARACTERS


def _width(data: Any) -> int:
    is_of_rows = isinstance(data, list | tuple) and len(data) and hasattr(data[0], "__len__")
    return len(data[0]) if is_of_rows and not isinstance(data[0], str | bytes) else 1


def _is_of_python_objects(data: Any) -> bool:
    """Lists, and columns that numpy cannot look at without converting each value."""
    dtype = getattr(data, "dtype", None)
    if dtype is None:
        return True
    is_array = hasattr(data, "ctypes")
    return not is_array and getattr(dtype, "kind", "O") not in "biufM"


def _clipped(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1] + "…"
