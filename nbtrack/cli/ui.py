"""Show a project in a page of the browser, without a notebook: runs, charts, comparison, models.

It is seen by this machine alone, by whoever has the address that is printed: it carries a token.
With --export, its pages are files instead, which any browser shows without a server.
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
from pathlib import Path

from nbtrack.cli.console import count, harmless, port_number, say
from nbtrack.cli.place import Place, find_place, open_place
from nbtrack.display.number_format import format_size
from nbtrack.display.progress import shown_progress
from nbtrack.errors import InvalidValue, require

_HOST = "127.0.0.1"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="the project; the same as --store")
    parser.add_argument(
        "--port", "-p", type=port_number, default=0, help="default: the one of last time, if free"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument(
        "--export",
        metavar="DIR",
        type=Path,
        help="instead, write the pages into a folder: tables that sort and filter, charts, models",
    )


def run(arguments: argparse.Namespace) -> int:
    place = find_place(arguments.path or arguments.store)
    if arguments.export is not None:
        return _export(arguments.path or arguments.store, place, arguments.export)
    return _serve(arguments, place)


def _export(chosen: str | None, place: Place, folder: Path) -> int:
    from nbtrack.panels.report.folder import check_folder, write_folder
    from nbtrack.panels.report.project import project_pages

    check_folder(folder)  # before all the work
    with shown_progress("experiment") as show:
        pages = project_pages(open_place(chosen), place.title, tell=show)
    size = write_folder(folder, {name: text.encode() for name, text in pages.items()})
    index = harmless(str(folder / "index.html"))
    say(f"Written: {index} ({count(len(pages), 'page')}, {format_size(size)})")
    return 0


def _serve(arguments: argparse.Namespace, place: Place) -> int:
    for module in ("starlette", "uvicorn", "websockets"):
        require(module, extra="ui")
    from nbtrack.web.last_address import LastAddress

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
