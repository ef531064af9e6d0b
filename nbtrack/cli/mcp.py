"""Let a coding agent ask about the runs: a server of the Model Context Protocol, which only reads.

It speaks over standard input and output: the agent starts it, as `nbtrack --store PATH mcp`.
"""

from __future__ import annotations

import argparse

from nbtrack.base.databases import confine_to
from nbtrack.cli.place import find_place
from nbtrack.errors import require
from nbtrack.recording.session import current_session
from nbtrack.stores.local.duckdb import DATABASE_NAME


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="the project; the same as --store")


def run(arguments: argparse.Namespace) -> int:
    require("mcp", extra="mcp")
    from nbtrack.assistant.serving import make_server

    place = find_place(arguments.path or arguments.store)
    confine_to(place.folder / DATABASE_NAME)
    make_server(current_session().store_for(place.uri)).run("stdio")
    return 0
