"""Runs as a table of another library than pandas: the columns of `run_frame`, with its types.

Times are UTC, to the millisecond. What is missing is null; a metric that was logged as NaN is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.errors import require
from nbtrack.lookup.run_frame import fact_columns, metric_columns, value_columns
from nbtrack.records.runs import RunColumns, RunInfo

if TYPE_CHECKING:
    import polars
    import pyarrow

_TIMES = ("start_time", "end_time")


def run_polars(found: RunColumns) -> polars.DataFrame:
    """Raises MissingExtra without polars."""
    pl = require("polars", extra="polars")
    texts = pl.String()
    columns = [
        *(pl.Series(name, of_all, texts) for name, of_all in fact_columns(found.infos).items()),
        *(
            pl.Series(name, of_all, pl.Int64()).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
            for name, of_all in _times(found.infos)
        ),
        *(pl.Series(name, of_all, pl.Float64()) for name, of_all in metric_columns(found)),
        *(pl.Series(name, of_all, texts) for name, of_all in value_columns(found).items()),
    ]
    frame: polars.DataFrame = pl.DataFrame(columns)
    return frame


def run_arrow(found: RunColumns) -> pyarrow.Table:
    """Raises MissingExtra without pyarrow."""
    pa = require("pyarrow", extra="arrow")
    columns = [
        *((name, of_all, pa.string()) for name, of_all in fact_columns(found.infos).items()),
        *((name, of_all, pa.timestamp("ms", "UTC")) for name, of_all in _times(found.infos)),
        *((name, of_all, pa.float64()) for name, of_all in metric_columns(found)),
        *((name, of_all, pa.string()) for name, of_all in value_columns(found).items()),
    ]
    return pa.table({name: pa.array(of_all, kind) for name, of_all, kind in columns})


def _times(infos: Sequence[RunInfo]) -> list[tuple[str, list[int | None]]]:
    return [(name, [getattr(info, name) for info in infos]) for name in _TIMES]
