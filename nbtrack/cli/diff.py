"""Why one run is different from another: its metrics, and what explains them."""

from __future__ import annotations

import argparse
import json

from nbtrack.cli.console import say
from nbtrack.cli.place import open_place
from nbtrack.lookup.find_run import find_run
from nbtrack.provenance.differences.difference import read_run_difference
from nbtrack.provenance.differences.view import DifferenceView
from nbtrack.records.runs import ViewType


def add_arguments(parser: argparse.ArgumentParser) -> None:
    for name, words in (("a", "the run to see it from"), ("b", "the run that is different")):
        parser.add_argument(
            name, metavar=name.upper(), help=f"{words}: an id, its start, or a name"
        )
    parser.add_argument("--json", action="store_true", help="one JSON object, for other programs")


def run(arguments: argparse.Namespace) -> int:
    store = open_place(arguments.store)
    ids = [
        find_run(store, text, view_type=ViewType.ALL).info.run_id
        for text in (arguments.a, arguments.b)
    ]
    view = DifferenceView(read_run_difference(store, *ids))
    say(json.dumps(view.to_dict(), indent=2) if arguments.json else repr(view))
    return 0
