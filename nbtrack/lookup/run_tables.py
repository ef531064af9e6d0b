"""Tables that runs logged under one name, in one DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.table_formats import decode_table
from nbtrack.base.guard import warn
from nbtrack.base.nearest import did_you_mean
from nbtrack.errors import ArtifactNotFound, ColumnMissing
from nbtrack.records.runs import Run

if TYPE_CHECKING:
    import pandas as pd

_FACTS = ("run_id", "run_name", "experiment_id", "status", "start_time", "end_time", "artifact_uri")
_FAMILIES = ("params", "metrics", "tags")


def load_tables(
    runs: Sequence[Run], artifact_file: str, *, extra_columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Rows of all runs that have the table; *extra_columns* are facts of the run to add, and its
    "params.NAME", "metrics.NAME" and "tags.NAME".

    Raises ArtifactNotFound if none has it, ColumnMissing for a column that no run has.
    """
    import pandas as pd

    _check_columns(extra_columns, runs)
    frames = []
    for run in runs:
        artifacts = open_artifacts(run.info.artifact_uri, run_id=run.info.run_id)
        if not artifacts.has(artifact_file):
            continue
        frame = decode_table(artifacts.read(artifact_file), artifact_file)
        for column in extra_columns:
            frame[_free_name(column, frame)] = _value(run, column)
        frames.append(frame)
    if not frames:
        raise ArtifactNotFound(artifact_file, ", ".join(run.info.run_id for run in runs) or "-")
    return pd.concat(frames, ignore_index=True)


def _check_columns(columns: Sequence[str], runs: Sequence[Run]) -> None:
    known = [*_FACTS]
    for family in _FAMILIES:
        known += dict.fromkeys(f"{family}.{key}" for run in runs for key in _values(run, family))
    for column in columns:
        if column not in known:
            raise ColumnMissing(
                f"extra_columns has {column!r}; it may have {', '.join(_FACTS)}, and params.NAME, "
                f"metrics.NAME and tags.NAME of these runs.{did_you_mean(column, known)}"
            )


def _free_name(column: str, frame: pd.DataFrame) -> str:
    if column not in frame.columns:
        return column
    warn(f"nbtrack: the table has a column {column!r}; that of the run is {column + '_'!r}.")
    return f"{column}_"


def _value(run: Run, column: str) -> Any:
    family, _, key = column.partition(".")
    if family in _FAMILIES:
        return _values(run, family).get(key)
    found = getattr(run.info, column)
    if column in ("start_time", "end_time"):
        import pandas as pd

        return pd.to_datetime(found, unit="ms", utc=True)  # as in search_runs
    return found


def _values(run: Run, family: str) -> dict[str, Any]:
    found: dict[str, Any] = getattr(run.data, family)
    return found
