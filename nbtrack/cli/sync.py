"""Send what was logged to a server while it was away, also by processes that have ended."""

from __future__ import annotations

import argparse
import time

from nbtrack.cli.console import say
from nbtrack.errors import InvalidValue, StoreBusy
from nbtrack.recording.session import current_session
from nbtrack.stores.opening import wait_for_kind

_WAIT_SECONDS = 60.0  # for another process that is at it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("uri", nargs="?", metavar="URI", help="default: that of the settings")


def run(arguments: argparse.Namespace) -> int:
    from nbtrack.remote.shipped import ShippedStore

    session = current_session()
    wait_for_kind(arguments.uri or session.known_uri or session.settings.tracking_uri)
    store = session.store_for(arguments.uri) if arguments.uri else session.store
    if not isinstance(store, ShippedStore):
        raise InvalidValue(f"{store.uri} is no server; say which: nbtrack sync http://host:port.")
    waiting = store.outbox.waiting_lines() + store.outbox.refused_lines()
    store.fold()  # who has died is known then, and what it left running was killed
    until = time.monotonic() + _WAIT_SECONDS
    while not store.ship():
        if store.line.seems_away() or time.monotonic() > until:
            raise StoreBusy(f"{store.uri} does not answer: {waiting:,} lines wait.")
        time.sleep(0.1)
    refused = store.outbox.refused_lines()
    sent = max(0, waiting - refused)
    say(f"{sent:,} lines sent to {store.uri}; nothing waits." if sent else "Nothing waits.")
    if refused:
        say(f"{refused:,} lines are refused by the server, and kept in {store.outbox.folder}.")
    return 1 if refused else 0
