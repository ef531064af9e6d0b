"""Describe data for `nbtrack.log_input`: `from_pandas`, `from_numpy`, `from_polars`.

The modules of this room have MLflow's names and hand on what `capture` has; the last one reads a
recorded source back.
"""

from __future__ import annotations

from nbtrack.data import (
    code_dataset_source,
    dataset,
    dataset_registry,
    dataset_source,
    dataset_source_registry,
    filesystem_dataset_source,
    http_dataset_source,
    meta_dataset,
    numpy_dataset,
    pandas_dataset,
    polars_dataset,
    pyfunc_dataset_mixin,
    schema,
    sources,
)
from nbtrack.datasets.dataset import Dataset
from nbtrack.datasets.dataset_source import DatasetSource
from nbtrack.datasets.kinds import (
    NumpyDataset,
    PandasDataset,
    PolarsDataset,
    from_numpy,
    from_pandas,
    from_polars,
)
from nbtrack.datasets.source_registry import get_dataset_source_from_json
from nbtrack.errors import InvalidValue
from nbtrack.records.runs import Dataset as DatasetRecord
from nbtrack.records.runs import DatasetInput

__all__ = [
    "Dataset",
    "DatasetSource",
    "NumpyDataset",
    "PandasDataset",
    "PolarsDataset",
    "code_dataset_source",
    "dataset",
    "dataset_registry",
    "dataset_source",
    "dataset_source_registry",
    "filesystem_dataset_source",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_source",
    "http_dataset_source",
    "meta_dataset",
    "numpy_dataset",
    "pandas_dataset",
    "polars_dataset",
    "pyfunc_dataset_mixin",
    "schema",
    "sources",
]


def get_source(dataset: Dataset | DatasetRecord | DatasetInput) -> DatasetSource:
    """Where a dataset came from, or one that a run has: `get_source(...).load()`.

    Raises InvalidValue for what is no dataset, and SourceNotKnown.
    """
    if isinstance(dataset, DatasetInput):
        dataset = dataset.dataset
    if isinstance(dataset, DatasetRecord):
        return get_dataset_source_from_json(dataset.source, dataset.source_type)
    if isinstance(dataset, Dataset):
        return dataset.source
    raise InvalidValue(
        f"get_source takes a dataset, or one of run.inputs.dataset_inputs, not {dataset!r:.80}."
    )
