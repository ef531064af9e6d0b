"""Tables that runs logged under one name, in one DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.artifact_store.opening import open_artifacts
from nbtrack.artifact_store.table_formats import decode_table
from nbtrack.errors import ArtifactNotFound, InvalidValue
from nbtrack.records.runs import Run

if TYPE_CHECKING:
    import pandas as pd

_EXTRA = ("run_id", "run_name", "experiment_id", "status", "start_time", "end_time", "artifact_uri")


def load_tables(
    runs: Sequence[Run], artifact_file: str, *, extra_columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Rows of all runs that have the table; *extra_columns* are facts of the run to add.

    Raises ArtifactNotFound if none has it.
    """
    import pandas as pd

    if unknown := [name for name in extra_columns if name not in _EXTRA]:
        raise InvalidValue(f"extra_columns has {unknown[0]!r}; it may have {', '.join(_EXTRA)}.")
    frames = []
    for run in runs:
        try:
            data = open_artifacts(run.info.artifact_uri, run_id=run.info.run_id).read(artifact_file)
        except ArtifactNotFound:
            continue
        frame = decode_table(data, artifact_file)
        frames.append(frame.assign(**{name: getattr(run.info, name) for name in extra_columns}))
    if not frames:
        raise ArtifactNotFound(artifact_file, ", ".join(run.info.run_id for run in runs) or "-")
    return pd.concat(frames, ignore_index=True)
