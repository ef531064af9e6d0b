"""`nbtrack.report`: an experiment as one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nbtrack.artifact_store.staging import Staging
from nbtrack.errors import InvalidValue
from nbtrack.panels.report.document import document
from nbtrack.panels.report.reading import read_report
from nbtrack.recording.session import current_session
from nbtrack.stores.store import Store


def report(
    file: str | Path = "report.html",
    *,
    experiment: str | Sequence[str] | None = None,
    filter_string: str | None = None,
    sort: str | None = None,
) -> Path:
    """Write a page about an experiment into *file*, and return where: the best run, charts, and a
    table that sorts. It needs no server, no network and no nbtrack to be read.

    *experiment* is the name of one, or several; by default the one that is active.
    *filter_string* and *sort* are as in `nbtrack.runs`; by default the best run comes first.
    Raises NotFound, InvalidFilter; InvalidValue where no run matches, and of a *file*
    that does not end in .html or .htm.
    """
    session = current_session()
    if experiment is None:
        experiment = session.experiment.name
    names = [experiment] if isinstance(experiment, str) else experiment
    return write_report(session.store, Path(file), names, filter_string, sort=sort)


def write_report(
    store: Store,
    file: Path,
    experiments: Sequence[str],
    filter_string: str | None,
    *,
    sort: str | None = None,
) -> Path:
    """Whole, or not at all; of no names of experiments, all. Raises InvalidValue of a *file* that
    is no page by its name: it may be a script, and would be replaced."""
    if file.suffix.lower() not in (".html", ".htm"):
        raise InvalidValue(
            f"A report is a page, and {str(file)!r} is not called one. Name it "
            f"{file.name + '.html'!r}, or otherwise with .html at the end."
        )
    page = document(read_report(store, experiments, filter_string, sort=sort))
    with Staging() as staging:
        staging.add(file.expanduser().absolute(), [page.encode()])
    return file
