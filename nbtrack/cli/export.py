"""Write the cells that a run came from as a notebook, a script or an archive."""

from __future__ import annotations

import argparse

from nbtrack.cli.console import harmless, say
from nbtrack.cli.place import open_place
from nbtrack.lookup.find_run import find_run
from nbtrack.records.runs import ViewType


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="a run id, the beginning of one, or a name")
    parser.add_argument(
        "file", metavar="FILE", nargs="?", default="run.ipynb",
        help="run.ipynb, run.py or run.zip; by its ending (default: run.ipynb)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    from nbtrack.provenance.exports.exporting import export_run

    store = open_place(arguments.store)
    found = find_run(store, arguments.run, view_type=ViewType.ALL)
    say(f"Written: {harmless(str(export_run(store, found, arguments.file)))}")
    return 0
