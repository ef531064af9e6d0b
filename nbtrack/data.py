"""Describe data for `nbtrack.log_input`: `from_pandas`, `from_numpy`, `from_polars`."""

from __future__ import annotations

from nbtrack.capture.datasets import (
    ArrayDataset,
    Dataset,
    DatasetSource,
    FrameDataset,
    from_numpy,
    from_pandas,
    from_polars,
)

__all__ = [
    "ArrayDataset",
    "Dataset",
    "DatasetSource",
    "FrameDataset",
    "from_numpy",
    "from_pandas",
    "from_polars",
]
