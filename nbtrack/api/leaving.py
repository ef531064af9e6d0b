"""`nbtrack.export_runs`: runs, taken along to MLflow or as tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.recording.session import current_session
from nbtrack.records.runs import Run

if TYPE_CHECKING:
    from nbtrack.transfer.exports.outcome import Exported


def export_runs(
    *runs: str | Run,
    experiment: str | Sequence[str] = (),
    filter_string: str = "",
    mlflow: str | Path | None = None,
    parquet: str | Path | None = None,
    csv: str | Path | None = None,
) -> Exported:
    """Write runs, with all points, tags, datasets, files and models, in one form: for *mlflow*, a
    folder that it opens, or the address of its server or database; as tables for *parquet* and
    *csv*, folders.

    *runs* are ids, beginnings of ids, names or runs, whose child runs come along; *experiment* is
    the name of one, or several, *filter_string* as in `search_runs`; of nothing said, all runs.
    The same again writes what is new. What could not be written is in `left_out` of the answer,
    what reads otherwise there in `differing`. Raises NotFound, InvalidValue, StoreBusy.
    """
    from nbtrack.display.progress import shown_progress
    from nbtrack.transfer.exports import exporting

    places = {"mlflow": mlflow, "parquet": parquet, "csv": csv}
    given = {form: str(place) for form, place in places.items() if place is not None}
    if len(given) != 1:
        raise InvalidValue(
            "Say where to and in which form, one of them: nbtrack.export_runs(mlflow='folder'), "
            "parquet='folder' or csv='folder'."
        )
    form, place = given.popitem()
    with shown_progress("run") as show:
        return exporting.export_runs(
            current_session().store,
            form,
            place,
            runs=[run if isinstance(run, str) else run.info.run_id for run in runs],
            experiments=[experiment] if isinstance(experiment, str) else experiment,
            filter_string=filter_string,
            progress=show,
        )
