"""Copy runs, with their files and models, from a project here to a server."""

from __future__ import annotations

import argparse

from nbtrack.cli.console import harmless, say
from nbtrack.cli.place import new_place
from nbtrack.errors import InvalidValue
from nbtrack.recording.session import current_session
from nbtrack.stores.opening import is_server
from nbtrack.stores.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    parser.add_argument("--to", metavar="URI", help="the server; default: that of the settings")


def run(arguments: argparse.Namespace) -> int:
    from nbtrack.transfer.copies.between import push_runs

    store, uri = own_store(arguments), server_of(arguments.to, "nbtrack push RUN --to")
    copied = push_runs(store, uri, arguments.run, arguments.experiment)
    say(*map(harmless, copied.told()))
    return 1 if copied.faults else 0


def add_runs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", metavar="RUN", nargs="*", help="a run id, the beginning of one, or a name"
    )
    parser.add_argument(
        "--experiment", "-e", metavar="NAME", action="append", default=[],
        help="all runs of this experiment; may be given again",
    )  # fmt: skip


def own_store(arguments: argparse.Namespace) -> Store:
    """Of the project here, whatever server this machine logs to."""
    return current_session().store_for(new_place(arguments.store).uri)


def server_of(given: str | None, command: str) -> str:
    """Raises InvalidValue if neither *given* nor the settings name one."""
    uri = given or current_session().settings.tracking_uri or ""
    if not is_server(uri):
        raise InvalidValue(f"{uri!r} is no server; say which: {command} http://host:port.")
    return uri
