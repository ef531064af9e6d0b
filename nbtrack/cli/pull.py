"""Copy runs, with their files and models, from a server to the project here."""

from __future__ import annotations

import argparse

from nbtrack.cli.console import harmless, say
from nbtrack.cli.push import add_runs, own_store, server_of
from nbtrack.recording.session import current_session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_runs(parser)
    parser.add_argument(
        "--from", dest="source", metavar="URI", help="the server; default: that of the settings"
    )


def run(arguments: argparse.Namespace) -> int:
    from nbtrack.transfer.copies.between import pull_runs

    uri = server_of(arguments.source, "nbtrack pull RUN --from")
    served = current_session().store_for(uri)
    copied = pull_runs(own_store(arguments), served, arguments.run, arguments.experiment)
    say(*map(harmless, copied.told()))
    return 1 if copied.faults else 0
