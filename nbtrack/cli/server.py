"""Serve a project to a team: clients of nbtrack and of MLflow log to it and read from it."""

from __future__ import annotations

import argparse
import sys

from nbtrack.cli.console import port_number, say
from nbtrack.cli.place import new_place
from nbtrack.errors import InvalidValue, require

EXTRA = "server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="the project; the same as --store")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    parser.add_argument(
        "--port", "-p", type=port_number, default=5000, help="default: 5000; 0 is any free one"
    )


def run(arguments: argparse.Namespace) -> int:
    require("starlette", extra=EXTRA)
    require("uvicorn", extra=EXTRA)
    from nbtrack.server.guards import LOOPBACK
    from nbtrack.server.listening import listen, serve
    from nbtrack.server.served import Served

    if arguments.host not in LOOPBACK:
        raise InvalidValue(
            f"--host is {arguments.host!r}, and the server asks nobody who he is: it listens on "
            f"{LOOPBACK[0]} only. From other machines it is reached through an SSH tunnel."
        )
    place = new_place(arguments.path or arguments.store)
    with listen(arguments.host, arguments.port) as opened:
        address = f"http://{arguments.host}:{opened.getsockname()[1]}"
        say(f"{place.folder} is served at {address} (Ctrl-C ends it)")
        sys.stdout.flush()
        serve(Served(place.folder.as_uri()), opened)
    return 0
