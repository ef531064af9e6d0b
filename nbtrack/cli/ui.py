"""Show a project in a page of the browser, without a notebook: runs, charts, comparison, models.

It is seen by this machine alone, by whoever has the address that is printed: it carries a token.
"""

from __future__ import annotations

import argparse
import errno
import secrets
import socket
import sys
import threading
import webbrowser
from functools import partial

from nbtrack.cli.console import port_number, say
from nbtrack.cli.place import find_place
from nbtrack.errors import InvalidValue, require

_HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="the project; the same as --store")
    parser.add_argument(
        "--port", "-p", type=port_number, default=0, help="default: the one of last time, if free"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def run(arguments: argparse.Namespace) -> int:
    for module in ("starlette", "uvicorn", "websockets"):
        require(module, extra="ui")
    from nbtrack.web.last_address import LastAddress

    place = find_place(arguments.path or arguments.store)
    last = LastAddress.of(place.folder)
    with _opened(arguments.port, last.port) as opened:
        port = opened.getsockname()[1]
        last.keep(port)
        token = secrets.token_urlsafe(16)
        address = f"http://{_HOST}:{port}/?token={token}"
        say(f"{place.name} is shown at {address} (Ctrl-C ends it)")
        sys.stdout.flush()
        if not arguments.no_browser:
            threading.Thread(target=partial(webbrowser.open, address), daemon=True).start()
        from nbtrack.web.serving import serve  # half a second: who opens the page now waits for it

        serve(place.uri, opened, project=place.title, token=token, secret=last.secret)
    return 0


def _opened(chosen: int, last: int) -> socket.socket:
    """Raises InvalidValue if *chosen* is taken."""
    from nbtrack.server.open_port import listen

    try:
        return listen(_HOST, chosen or last)
    except OSError as exc:
        if exc.errno != errno.EADDRINUSE:
            raise
        if chosen:
            raise InvalidValue(
                f"Port {chosen} is taken; leave out --port for one that is free."
            ) from exc
        return listen(_HOST, 0)
