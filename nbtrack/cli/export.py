"""Write the cells that a run came from, or take runs along: to MLflow, to tables, as a page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from nbtrack.cli.console import count, harmless, listed, say
from nbtrack.cli.place import add_artifacts, find_place, find_project, open_place, open_project
from nbtrack.display.progress import shown_progress
from nbtrack.display.text_table import aligned
from nbtrack.errors import InvalidValue
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import ViewType
from nbtrack.stores.opening import is_database
from nbtrack.stores.store import Store
from nbtrack.transfer.exports.outcome import Exported

_FORMS = {
    "mlflow": ("FOLDER-or-URI", "a folder that MLflow opens, or its server or database"),
    "parquet": ("DIR", "a Parquet file for each table, and the artifacts"),
    "csv": ("DIR", "the same as CSV; what a spreadsheet would take for a formula is quoted"),
    "html": ("FILE", "a report that any browser shows: the best run, charts, a sortable table"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "words", metavar="RUN", nargs="*",
        help="a run and a FILE for its cells: run.ipynb (default), run.py or run.zip; with one of "
        "the forms below, runs: ids, beginnings of ids or names (default: all)",
    )  # fmt: skip
    forms = parser.add_mutually_exclusive_group()
    for form, (place, about) in _FORMS.items():
        forms.add_argument(f"--{form}", metavar=place, help=about)
    parser.add_argument(
        "--experiment", "-e", metavar="NAME", action="append", default=[],
        help="all runs of this experiment; may be given again",
    )  # fmt: skip
    add_artifacts(parser)
    parser.add_argument("--filter", metavar="FILTER", default="", help="as in search_runs")


def run(arguments: argparse.Namespace) -> int:
    form = next((name for name in _FORMS if getattr(arguments, name) is not None), None)
    if form is None:
        return _export_cells(arguments)
    return _report(arguments) if form == "html" else _export_runs(arguments, form)


def _report(arguments: argparse.Namespace) -> int:
    from nbtrack.panels.report.writing import write_report

    if arguments.words:
        raise InvalidValue("A report is about experiments: choose with -e NAME and --filter.")
    store, file = open_place(arguments.store), Path(arguments.html)
    write_report(store, file, arguments.experiment, arguments.filter or None)
    say(f"Written: {harmless(str(file))}")
    return 0


def _export_cells(arguments: argparse.Namespace) -> int:
    from nbtrack.provenance.exports.exporting import export_run

    if arguments.experiment or arguments.filter or not 1 <= len(arguments.words) <= 2:
        forms = ", ".join(f"--{name}" for name in _FORMS)
        raise InvalidValue(
            f"Name a run, and a file for its cells if you like; or say in which form runs are to "
            f"be written: {forms}."
        )
    store = open_place(arguments.store)
    found = find_run(store, arguments.words[0], view_type=ViewType.ALL)
    say(f"Written: {harmless(str(export_run(store, found, *arguments.words[1:])))}")
    return 0


def _export_runs(arguments: argparse.Namespace, form: str) -> int:
    from nbtrack.transfer.exports.exporting import export_runs

    store = _with_files(arguments.store, arguments.artifacts)
    with shown_progress("run") as show:
        exported = export_runs(
            store, form, getattr(arguments, form), runs=arguments.words,
            experiments=arguments.experiment, filter_string=arguments.filter, progress=show,
        )  # fmt: skip
    say(*_told(exported))
    return 0 if exported.is_whole else 1


def _with_files(chosen: str | None, artifacts: str | None) -> Store:
    """Typed, as what argparse holds is not: mypy checks what is called with it."""
    is_elsewhere = artifacts is not None or (chosen is not None and is_database(chosen))
    place = find_project(chosen, artifacts) if is_elsewhere else find_place(chosen)
    return open_project(place)


def _told(exported: Exported) -> Iterator[str]:
    news = f"{exported.new:,} new, {exported.renewed:,} renewed, {exported.same:,} as they were"
    yield f"{count(exported.here.runs, 'run')} to {harmless(exported.place)}: {news}."
    if exported.models or exported.versions:
        models, versions = count(exported.models, "logged model"), exported.versions
        yield f"{models}; {count(versions, 'version')} of registered models."
    if (there := exported.there) is not None:
        names = ("runs", "params", "tags", "points", "files")
        rows = [[n, f"{getattr(exported.here, n):,}", f"{getattr(there, n):,}"] for n in names]
        digests = ["digest", exported.here.digest[:12], there.digest[:12]]
        yield from aligned([["", "here", "there"], *rows, digests], right={1, 2})
    if exported.left_out:
        yield f"Left out ({len(exported.left_out):,}):"
        yield from listed(f"  {harmless(w)}: {harmless(y)}" for w, y in exported.left_out.items())
    if exported.differing:
        yield f"Not the same there as here ({len(exported.differing):,}):"
        yield from listed(f"  {run_id}" for run_id in exported.differing)
    elif there is not None:
        yield "All runs were read back: both sides have the same digest."
