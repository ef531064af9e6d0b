"""End what a run trains at its next iteration; the model is kept, and its kernel goes on."""

from __future__ import annotations

import argparse

from nbtrack.api.stopping import stop
from nbtrack.cli.console import harmless, say
from nbtrack.cli.place import open_place


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run",
        metavar="RUN",
        nargs="?",
        default="",
        help="a run id, the beginning of one, or a name (default: the one that is running)",
    )


def run(arguments: argparse.Namespace) -> int:
    say(harmless(stop(open_place(arguments.store), arguments.run)))
    return 0
